import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { decodeSafetensors, encodeSafetensors } from '../../src/files/safetensors.js'
import { namesIn, scvae, start, temporaryFolder, writeFixture } from './scvae.js'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
const WORDS = [
  'fit',
  'input.h5ad',
  '-o',
  'late',
  '--no-umap',
  '--max-epochs',
  '40',
  '--validate-every',
  '1',
  '--kl-warmup',
  '2',
]

beforeAll(() => writeFixture(at('input.h5ad'), { nCells: 3000, nGenes: 400 }))

it('saves the last good weights when training diverges late', async () => {
  const run = start([...WORDS, '-v'], folder)
  await run.said('epoch ', 8)
  run.kill('SIGINT')
  expect((await run.finished).code).toBe(130)
  // the weights of the interrupted epoch go bad, those of the best one stay
  const path = at('late.checkpoint/checkpoint.safetensors')
  const { state, metadata } = decodeSafetensors(readFileSync(path), path)
  for (const [name, { values }] of state) if (!name.startsWith('best/')) values.fill(Number.NaN)
  writeFileSync(path, encodeSafetensors(state, metadata))

  const { code, stderr } = await scvae([...WORDS, '--resume'], folder)
  expect(code).toBe(1)
  expect(stderr).toMatch(
    /The training loss is not a number any more in epoch \d+\. The weights of epoch \d+ were put back\. They are in "late\.model"\. Halve the learning rate/,
  )
  expect(namesIn(folder).filter((name) => name.includes('late'))).toEqual([
    'late.checkpoint',
    'late.log',
    'late.model',
  ])
  expect(existsSync(at('late.model/config.json'))).toBe(true)
  const weights = at('late.model/weights.safetensors')
  for (const { values } of decodeSafetensors(readFileSync(weights), weights).state.values()) {
    expect(values.every(Number.isFinite)).toBe(true)
  }
}, 120_000)

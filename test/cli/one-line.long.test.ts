import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { scvae, temporaryFolder } from './scvae.js'

const folder = temporaryFolder()
const demo = resolve('data/demo.h5ad')
const scviModel = resolve('test/fixtures/scvi/nb')

/** Every command that has --json; what is made by an earlier one is used by a later one. */
const COMMANDS: [string[], string][] = [
  [['simulate', 'made.h5ad', '--cells', '200', '--genes', '100'], 'n_cells'],
  [['inspect', 'made.h5ad'], 'n_cells'],
  [['inspect', 'made.h5ad', demo], 'join'],
  [['design', demo], 'columns'],
  [['convert', 'made.h5ad', 'made.zarr'], 'n_cells'],
  [['convert', scviModel, 'theirs.model'], 'model'],
  [['fit', 'made.h5ad', '--max-epochs', '1', '--no-umap', '-o', 'out'], 'epochs'],
  [['info', 'out.model'], 'genes'],
  [['devices'], 'devices'],
]

it('--quiet --json prints one line of JSON on standard output, without --quiet several', async () => {
  for (const [words, name] of COMMANDS) {
    const { code, stdout } = await scvae([...words, '--quiet', '--json'], folder)
    expect(code, words.join(' ')).toBe(0)
    expect(stdout.match(/\n/g), words.join(' ')).toHaveLength(1)
    expect(JSON.parse(stdout)).toHaveProperty(name)
  }
  const { stdout } = await scvae(['info', 'out.model', '--json'], folder)
  expect(stdout.split('\n').length).toBeGreaterThan(20)
}, 120_000)

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { namesIn, scvae, start, temporaryFolder, writeFixture } from './scvae.js'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)
// big enough for an epoch to take longer than a signal needs to arrive
const FIXTURE = { nCells: 3000, nGenes: 400 }
const WORDS = [
  'fit',
  'input.h5ad',
  '--no-umap',
  '--max-epochs',
  '30',
  '--no-early-stopping',
  '--kernels',
  'wasm',
]

describe('scvae fit, interrupted', () => {
  beforeAll(async () => {
    await writeFixture(at('input.h5ad'), FIXTURE)
    const { code } = await scvae([...WORDS, '-o', 'whole', '-q'], folder)
    expect(code).toBe(0)
  }, 240_000)

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'saves a checkpoint on %s, exits 130, and resumes to the same result',
    async (signal) => {
      const words = [...WORDS, '-o', signal]
      const run = start([...words, '-v'], folder)
      await run.said('epoch ', 3)
      run.kill(signal)
      const { code, stderr, stdout } = await run.finished
      expect(stderr).toContain('stopping after this minibatch; a second Ctrl-C ends at once')
      expect(stderr).toMatch(/scvae: Training was interrupted in epoch \d+ of 30\. .*--resume/)
      expect({ code, stdout }).toEqual({ code: 130, stdout: '' })
      const left = namesIn(folder).filter((name) => name.includes(signal))
      expect(left).toEqual([`${signal}.checkpoint`, `${signal}.log`])

      const refused = await scvae(words, folder)
      expect(refused.code).toBe(2)
      expect(refused.stderr).toContain('Use --resume to go on from it')

      const resumed = await scvae([...words, '--resume'], folder)
      expect(resumed.code).toBe(0)
      expect(readFileSync(at(`${signal}_latent.arrow`)).equals(readFileSync(at('whole_latent.arrow')))).toBe(
        true,
      )
      expect(existsSync(at(`${signal}.checkpoint`))).toBe(false)
      // the log goes on where it was cut
      const log = readFileSync(at(`${signal}.log`), 'utf8')
      expect(log).toContain('failed: Training was interrupted')
      expect(log.match(/^epoch {2}1\/30/gm)).toHaveLength(1)
      expect(log).toMatch(/^epoch 30\/30/m)
    },
    240_000,
  )

  it('goes on from the last checkpoint after kill -9, to the same result', async () => {
    const words = [...WORDS, '-o', 'killed', '--checkpoint-every', '1']
    const run = start(words, folder)
    await run.said('epoch ', 1)
    while (!existsSync(at('killed.checkpoint/checkpoint.safetensors')))
      await new Promise((done) => setTimeout(done, 20))
    run.kill('SIGKILL')
    expect(await run.finished).toMatchObject({ code: null, signal: 'SIGKILL', stdout: '' })
    expect(namesIn(folder).filter((name) => name.includes('killed'))).toEqual([
      'killed.checkpoint',
      'killed.lock',
      'killed.log',
    ])

    // the lock is of a run that is no more
    const resumed = await scvae([...words, '--resume'], folder)
    expect(resumed.code).toBe(0)
    expect(namesIn(folder)).not.toContain('killed.lock')
    expect(readFileSync(at('killed_latent.arrow')).equals(readFileSync(at('whole_latent.arrow')))).toBe(true)
  }, 240_000)

  it('hears Ctrl-C when epochs take a millisecond too', async () => {
    await writeFixture(at('small.h5ad'))
    const words = [
      'fit',
      'small.h5ad',
      '-o',
      'short',
      '--no-umap',
      '--max-epochs',
      '20000',
      '--no-early-stopping',
    ]
    const run = start(words, folder)
    await run.said('epoch ', 1)
    run.kill('SIGINT')
    expect((await run.finished).code).toBe(130)
  }, 120_000)

  it('refuses a checkpoint of other settings', async () => {
    const run = start([...WORDS, '-o', 'other'], folder)
    await run.said('epoch ', 2)
    run.kill('SIGINT')
    expect((await run.finished).code).toBe(130)
    const { code, stderr } = await scvae([...WORDS, '-o', 'other', '--resume', '--n-latent', '5'], folder)
    expect(stderr).toContain('comes from other data or other settings than this run')
    expect(code).toBe(65)
  }, 120_000)
})

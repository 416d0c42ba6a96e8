import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { namesIn, scvae, temporaryFolder, writeFixture } from './scvae.js'

describe('scvae fit --dry-run', { timeout: 60_000 }, () => {
  const folder = temporaryFolder()
  const dry = (...words: string[]) =>
    scvae(['fit', 'cells.h5ad', '--dry-run', '-o', 'new/out', ...words], folder)
  beforeAll(() => writeFixture(join(folder, 'cells.h5ad'), { empty: [3] }))

  it('says what would be done and which outputs exist, and writes nothing', async () => {
    const { code, stdout } = await dry('--batch-key', 'batch', '--n-top-genes', '20', '--max-epochs', '7')
    expect(code).toBe(0)
    const said = (name: string) => new RegExp(`^${name} +(.*)$`, 'm').exec(stdout)?.[1]
    expect(said('input')).toBe('cells.h5ad')
    expect(said('cells')).toBe('119 of 120')
    expect(said('genes')).toBe('20 of 60')
    expect(said('batch key')).toBe('batch')
    expect(said('device')).toContain('kernels')
    expect(said('memory')).toMatch(/^about \d+ MB$/)
    expect(said('epochs')).toContain('at most 7;')
    expect(stdout).toMatch(/^new\/out_report\.html$/m)
    expect(namesIn(folder)).toEqual(['cells.h5ad'])
  })

  it('marks an output that exists, also for programs', async () => {
    writeFileSync(join(folder, 'here.log'), '')
    const json = await scvae(['fit', 'cells.h5ad', '--dry-run', '-o', 'here', '--json'], folder)
    const { cells, outputs } = JSON.parse(json.stdout)
    expect(cells).toBe('119 of 120')
    expect(outputs.filter(({ exists }: { exists: boolean }) => exists)).toEqual([
      { path: 'here.log', exists: true },
    ])
  })

  it('refuses what the fit would refuse', async () => {
    const { code, stderr } = await dry('--batch-key', 'batches')
    expect(code).toBe(65)
    expect(stderr).toContain('batches')
  })
})

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tableFromIPC } from 'apache-arrow'
import { beforeAll, describe, expect, it } from 'vitest'
import { readAnnData } from '../../src/anndata/read.js'
import { namesIn, SHORT_FIT, scvae, temporaryFolder, writeFixture } from './scvae.js'

describe('scvae embed', { timeout: 60_000 }, () => {
  const folder = temporaryFolder()
  const latent = (name: string) => {
    const table = tableFromIPC(readFileSync(join(folder, name)))
    const z = table.schema.fields.map((field) => field.name).filter((field) => /^z\d+$/.test(field))
    return z.map((field) => [...(table.getChild(field)!.toArray() as Float32Array)])
  }

  beforeAll(async () => {
    await writeFixture(join(folder, 'cells.h5ad'), { nCells: 80, nGenes: 40, empty: [3] })
    expect((await scvae([...SHORT_FIT, '--no-umap'], folder)).code).toBe(0)
  }, 60_000)

  it('gives the latent of the fit, NaN where there is no count', async () => {
    const { code, stderr } = await scvae(['embed', 'own.model', 'cells.h5ad', '-o', 'again.arrow'], folder)
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('80 cells × 10 dimensions'),
    })
    expect(latent('again.arrow')).toEqual(latent('own_latent.arrow'))
    expect(latent('again.arrow')[0]![3]).toBeNaN()
  })

  it('writes CSV, and copies of the file', async () => {
    expect((await scvae(['embed', 'own.model', 'cells.h5ad', '-o', 'z.csv'], folder)).code).toBe(0)
    const [header, first] = readFileSync(join(folder, 'z.csv'), 'utf8').split('\n')
    expect(header).toBe('cell,z1,z2,z3,z4,z5,z6,z7,z8,z9,z10')
    expect(Number(first!.split(',')[1])).toBeCloseTo(latent('own_latent.arrow')[0]![0]!, 6)
    expect((await scvae(['embed', 'own.model', 'cells.h5ad', '-o', 'z.h5ad'], folder)).code).toBe(0)
    expect((await readAnnData(join(folder, 'z.h5ad'))).obsm).toEqual({ X_scvae: [80, 10] })
  })

  it('refuses what it cannot write or read, and leaves nothing', async () => {
    const before = namesIn(folder)
    const say = async (...words: string[]) => (await scvae(['embed', ...words], folder)).stderr
    expect(await say('own.model', 'cells.h5ad', '-o', 'z.txt')).toContain(
      '-o must end in .h5ad, .h5mu, .arrow, .csv, not "z.txt"',
    )
    expect(await say('own.model', 'cells.h5ad', '-o', 'again.arrow')).toContain('exists already')
    expect(await say('cells.h5ad', 'cells.h5ad', '-o', 'new.csv')).toContain('is not a model folder')
    await writeFixture(join(folder, 'few.h5ad'), { nCells: 20, nGenes: 5 })
    expect(await say('own.model', 'few.h5ad', '-o', 'new.csv')).toContain("lacks 20 of the model's 20 genes")
    expect(namesIn(folder)).toEqual([...before, 'few.h5ad'].sort())
  })
})

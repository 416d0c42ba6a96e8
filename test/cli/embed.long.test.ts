import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tableFromIPC } from 'apache-arrow'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { beforeAll, describe, expect, it } from 'vitest'
import { readAnnData } from '../../src/anndata/read.js'
import { writeAnnData } from '../../src/anndata/write/anndata.js'
import { namesIn, obsm, SHORT_FIT, scvae, temporaryFolder, writeFixture } from './scvae.js'

describe('scvae embed', { timeout: 60_000 }, () => {
  const folder = temporaryFolder()
  const latent = (name: string) => {
    const table = tableFromIPC(readFileSync(join(folder, name)))
    const z = table.schema.fields.map((field) => field.name).filter((field) => /^z\d+$/.test(field))
    return z.map((field) => [...(table.getChild(field)!.toArray() as Float32Array)])
  }

  /** A copy of the fitted file with other names of genes, and their own in a column. */
  const change = async (name: string, rename: (name: string, gene: number) => string, column?: string) => {
    const adata = await readAnnData(join(folder, 'cells.h5ad'))
    const values = adata.varNames
    const { counts, obs, obsNames } = adata
    await writeAnnData(join(folder, name), {
      counts,
      obs,
      obsNames,
      varNames: values.map(rename),
      var: column === undefined ? {} : { [column]: { kind: 'string', values } },
    })
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

  it('names the latent as asked, and replaces nothing by that name that is not ours', async () => {
    const words = ['embed', 'own.model', 'cells.h5ad', '--obsm-key', 'X_emb', '-o']
    expect(await scvae([...words, 'emb.h5ad'], folder)).toMatchObject({ code: 0 })
    expect((await readAnnData(join(folder, 'emb.h5ad'))).obsm).toEqual({ X_emb: [80, 10] })
    const values = new Float32Array(80)
    const { counts, obsNames, varNames } = await readAnnData(join(folder, 'cells.h5ad'))
    await writeAnnData(join(folder, 'theirs.h5ad'), {
      ...{ counts, obs: {}, obsNames, varNames },
      obsm: { X_emb: { values, rows: 80, columns: 1 } },
    })
    words[2] = 'theirs.h5ad'
    const refused = await scvae([...words, 'no.h5ad'], folder)
    expect(refused).toMatchObject({
      code: 2,
      stderr:
        'scvae: "theirs.h5ad" has obsm/X_emb already, which no run of scvae has written. Choose another name with --obsm-key.\n',
    })
    expect((await scvae([...words, 'no.csv'], folder)).stderr).toContain(
      '--obsm-key names the latent in obsm, which "no.csv" does not have.',
    )
  })

  it('refuses what it cannot write or read, and leaves nothing', async () => {
    const before = namesIn(folder)
    const say = async (...words: string[]) => (await scvae(['embed', ...words], folder)).stderr
    expect(await say('own.model', 'cells.h5ad', '-o', 'z.txt')).toContain(
      '-o must end in .h5ad, .h5mu, .arrow, .parquet, .csv, not "z.txt"',
    )
    expect(await say('own.model', 'cells.h5ad', '-o', 'again.arrow')).toContain('exists already')
    expect(await say('cells.h5ad', 'cells.h5ad', '-o', 'new.csv')).toContain('is not a model folder')
    await change('none.h5ad', (name) => `other-${name}`)
    expect(await say('own.model', 'none.h5ad', '-o', 'new.csv')).toMatch(
      /"none.h5ad" has none of the model's 20 genes: the model's are gene_.*, the file's other-gene_/,
    )
    expect(await say('own.model', 'cells.h5ad', '--gene-key', 'x', '-o', 'new.csv')).toContain(
      'no var column "x"',
    )
    expect(namesIn(folder)).toEqual([...before, 'none.h5ad'].sort())
  })

  it('finds genes by a column, without versions, and counts those that are there', async () => {
    const embedded = async (file: string, ...options: string[]) => {
      const done = await scvae(['embed', 'own.model', file, '-o', `${file}.arrow`, ...options], folder)
      expect({ ...done, stdout: '' }).toMatchObject({ code: 0 })
      return done.stderr
    }
    await change('versions.h5ad', (name) => `${name}.7`)
    expect(await embedded('versions.h5ad')).toContain(
      "20 of 20 of the model's genes found by their names, without",
    )
    expect(latent('versions.h5ad.arrow')).toEqual(latent('own_latent.arrow'))
    await change('named.h5ad', (_, gene) => `symbol${gene}`, 'mine')
    expect(await embedded('named.h5ad', '--gene-key', 'mine', '--device', 'cpu', '--threads', '1')).toContain(
      "20 of 20 of the model's genes found by var/mine",
    )
    expect(latent('named.h5ad.arrow')).toEqual(latent('own_latent.arrow'))
    await change('half.h5ad', (name, gene) => (gene % 2 ? name : `x${gene}`))
    expect(await embedded('half.h5ad')).toMatch(
      /warning: Only \d+ of 20 of the model's genes are in the file: the others are taken as absent \(gene_/,
    )
  })

  it('embeds cells of batches that the model does not know', async () => {
    const adata = await readAnnData(join(folder, 'cells.h5ad'))
    const obs = { batch: { kind: 'category', categories: ['new'], codes: new Array(80).fill(0) } } as const
    const { counts, obsNames, varNames } = adata
    await writeAnnData(join(folder, 'new.h5ad'), { counts, obs, obsNames, var: {}, varNames })
    const { code, stderr } = await scvae(['embed', 'own.model', 'new.h5ad', '-o', 'new.arrow'], folder)
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(
        /does not know the category "new" of "batch"\. Its encoder sees no covariates/,
      ),
    })
    expect(latent('new.arrow')).toEqual(latent('own_latent.arrow'))
  })

  it('writes Parquet, as fit does, and a new .h5ad for another format', async () => {
    expect((await scvae(['embed', 'own.model', 'cells.h5ad', '-o', 'z.parquet'], folder)).code).toBe(0)
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(join(folder, 'z.parquet')) })
    expect(rows.map((row) => row.z3)).toEqual(latent('own_latent.arrow')[2])
    expect(rows[7]!.cell).toBe((await readAnnData(join(folder, 'cells.h5ad'))).obsNames[7])
    expect((await scvae(['convert', 'cells.h5ad', 'tenx/'], folder)).code).toBe(0)
    expect((await scvae(['embed', 'own.model', 'tenx', '-o', 'new_folder/t.h5ad'], folder)).code).toBe(0)
    const written = join(folder, 'new_folder', 't.h5ad')
    expect((await readAnnData(written)).obsm).toEqual({ X_scvae: [80, 10] })
    expect(Array.from(await obsm(written, 'X_scvae')).slice(0, 2)).toEqual(
      latent('own_latent.arrow')
        .slice(0, 2)
        .map((column) => column[0]),
    )
  })
})

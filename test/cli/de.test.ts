import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { beforeAll, describe, expect, it } from 'vitest'
import type { DictElement, RecordsElement } from '../../src/anndata/elements.js'
import { readAnnData } from '../../src/anndata/read.js'
import { readElements } from '../../src/anndata/read-file.js'
import { writeElements } from '../../src/anndata/write/elements.js'
import { run } from '../../src/cli/command-line.js'
import { SCVI } from '../../src/models/scvi.js'
import { namesIn, temporaryFolder, writeFixture } from './scvae.js'

describe('scvae de', { timeout: 60_000 }, () => {
  const folder = temporaryFolder()
  const at = (name: string) => join(folder, name)
  const file = at('cells.h5ad')
  const words = (...more: string[]) => ['de', at('own.model'), file, '-q', '--threads', '1', ...more]
  const rows = (name: string) => {
    const [header, ...lines] = readFileSync(at(name), 'utf8').trimEnd().split('\n')
    const names = header!.split(',')
    return lines.map((line) => Object.fromEntries(line.split(',').map((text, k) => [names[k]!, text])))
  }

  beforeAll(async () => {
    await writeFixture(file, { nCells: 90, nGenes: 30 })
    await using model = await SCVI.create(await readAnnData(file), {
      batchKey: 'batch',
      nHidden: 8,
      nLatent: 3,
    })
    await model.train({ maxEpochs: 2 })
    await model.save(at('own.model'))
  }, 60_000)

  it('writes a table of all comparisons, with the columns of scvi-tools and more', async () => {
    const adata = await readAnnData(file)
    await run(words('--groupby', 'cell_type', '--draws', '40', '--parquet', '-o', at('all')))
    const page = readFileSync(at('all_de.html'), 'utf8')
    expect(page).toContain('cell_type of cells.h5ad')
    expect(page).not.toContain('<script')
    const table = rows('all_de.csv')
    const types = [...new Set([...adata.obs.getChild('cell_type')!].map(String))].sort()
    expect(table.length).toBe(types.length * 30)
    expect([...new Set(table.map(({ comparison }) => comparison))]).toEqual(
      types.map((type) => `${type} vs Rest`),
    )
    expect(Object.keys(table[0]!)).toEqual(
      'gene,comparison,group1,group2,proba_de,proba_not_de,bayes_factor,scale1,scale2,lfc_mean,lfc_median,lfc_std,lfc_min,lfc_max,raw_mean1,raw_mean2,non_zeros_proportion1,non_zeros_proportion2,raw_normalized_mean1,raw_normalized_mean2,effect,effect_low,effect_high,delta,is_de_fdr_0.05,pseudocounts,n_cells1,n_cells2'.split(
        ',',
      ),
    )
    await using model = await SCVI.load(at('own.model'), adata)
    const [first] = await model.differentialExpression({ groupBy: 'cell_type', nSamples: 40 })
    const [gene] = first!.genes
    expect(table[0]).toMatchObject({
      gene: gene!.gene,
      proba_de: String(gene!.probaDe),
      effect_high: String(gene!.effectHigh),
      raw_mean2: String(gene!.rawMean2),
      'is_de_fdr_0.05': gene!.isDe ? 'True' : 'False',
      n_cells1: String(first!.nCells1),
    })
    const parquet = await parquetReadObjects({ file: await asyncBufferFromFile(at('all_de.parquet')) })
    expect([parquet.length, parquet[0]!.gene, parquet[0]!.proba_de]).toEqual([
      table.length,
      gene!.gene,
      gene!.probaDe,
    ])
  })

  it('compares two groups of a subset', async () => {
    const adata = await readAnnData(file)
    const value = (column: string, cell: number) => String(adata.obs.getChild(column)!.get(cell))
    const batch = value('batch', 0)
    const inBatch = Array.from({ length: 90 }, (_, cell) => cell).filter(
      (cell) => value('batch', cell) === batch,
    )
    const types = [...new Set(inBatch.map((cell) => value('cell_type', cell)))]
    const number = (type: string) => inBatch.filter((cell) => value('cell_type', cell) === type).length
    const [one, two] = types as [string, string]
    const groups = [
      '--groupby',
      'cell_type',
      '--group',
      one,
      '--reference',
      two,
      '--subset',
      `batch=${batch}`,
    ]
    await run(words(...groups, '--mode', 'vanilla', '--draws', '20', '-o', at('two')))
    const table = rows('two_de.csv')
    expect(table.length).toBe(30)
    expect(table[0]).toMatchObject({
      comparison: `${one} vs ${two}`,
      n_cells1: String(number(one)),
      n_cells2: String(number(two)),
    })
    expect(Number(table[0]!.proba_m1) + Number(table[0]!.proba_m2)).toBeCloseTo(1, 12)
    expect(table[0]).not.toHaveProperty('proba_de')
  })

  it('writes effects by sample, and what scanpy ranks genes by', async () => {
    const options = ['--groupby', 'cell_type', '--sample-key', 'batch', '--draws', '40', '--h5ad']
    await run(words(...options, '-o', at('by')))
    const [gene] = rows('by_de.csv')
    expect(Object.keys(gene!).slice(-6)).toEqual(
      'sample_effect,sample_p,sample_p_adjusted,one_sample,n_samples1,n_samples2'.split(','),
    )
    const samples = rows('by_de_samples.csv').filter(
      (row) => row.gene === gene!.gene && row.comparison === gene!.comparison,
    )
    expect(samples.length).toBe(2)
    const mean = samples.reduce((sum, row) => sum + Number(row.effect), 0) / 2
    expect(mean).toBeCloseTo(Number(gene!.sample_effect), 9)
    const { uns } = await readElements(at('by_de.h5ad'))
    const ranked = uns.entries.get('rank_genes_groups') as DictElement
    const field = (name: string) => (ranked.entries.get(name) as RecordsElement).fields[0]!
    const types = [...new Set(rows('by_de.csv').map(({ group1 }) => group1))]
    expect((ranked.entries.get('names') as RecordsElement).fields.map(({ name }) => name)).toEqual(types)
    const scores = [...(field('scores').values as Float32Array)]
    expect(scores).toEqual(scores.toSorted((a, b) => b - a))
    const first = rows('by_de.csv').find(
      (row) => row.group1 === types[0] && row.gene === (field('names').values as string[])[0],
    )!
    expect(scores[0]).toBeCloseTo(Number(first.proba_de) * Math.sign(Number(first.effect)), 6)
    expect((field('logfoldchanges').values as Float32Array)[0]).toBeCloseTo(Number(first.effect), 6)
    // a ranking of another hand stays
    const theirs = at('theirs.h5ad')
    await writeElements(theirs, {
      ...(await readElements(file)),
      uns: { kind: 'dict', entries: new Map([['rank_genes_groups', ranked]]) },
    })
    await run(['de', at('own.model'), theirs, '-q', ...options, '-o', at('beside')])
    expect([...(await readElements(at('beside_de.h5ad'))).uns.entries.keys()]).toContain(
      'rank_genes_groups_scvae',
    )
  })

  it('writes how many draws weights leave', async () => {
    await run(words('--groupby', 'cell_type', '--importance', '--draws', '40', '-o', at('weighed')))
    const [gene] = rows('weighed_de.csv')
    expect(Number(gene!.effective_draws1)).toBeGreaterThan(1)
    expect(Number(gene!.effective_draws2)).toBeLessThanOrEqual(90)
    const page = readFileSync(at('weighed_de.html'), 'utf8')
    expect(page).toContain('40, weighted by importance')
    expect(page).toContain('so few that single cells decide')
  })

  it.each<[string[], number, string]>([
    [['--groupby', 'cell_type', '--sample-key', 'no-such'], 65, 'has no obs column "no-such"'],
    [['--groupby', 'no-such'], 65, 'has no obs column "no-such"'],
    [['--groupby', 'one'], 65, 'has one group, "same"'],
    [['--groupby', 'cell_type', '--group', 'no-such'], 65, 'No cell is of the group "no-such".'],
    [['--groupby', 'cell_type', '--reference', 'no-such'], 65, 'No cell is of the group "no-such".'],
    [['--groupby', 'cell_type', '--subset', 'batch=no-such'], 65, 'no cell has the value "no-such"'],
    [['--groupby', 'cell_type', '--mode', 'other'], 2, '--mode must be one of change, vanilla'],
    [['--groupby', 'cell_type', '--draws', '1'], 2, '--draws must be a whole number of at least 2'],
    [['--groupby', 'cell_type', '--draws', '1e9'], 2, 'nSamples must be at most 10000000'],
    [['--groupby', 'cell_type', '--delta', '-1'], 2, 'delta must be a positive number, not -1.'],
    [['--groupby', 'cell_type', '--fdr', '1'], 2, 'fdrTarget must be above 0 and below 1, not 1.'],
    [['--groupby', 'cell_type', '--pseudocount', '0'], 2, 'pseudocount must be a positive number, not 0.'],
  ])('refuses %j, exit %i', async (more, exitCode, message) => {
    const before = namesIn(folder)
    const failed = run(words(...more, '-o', at('new')))
    await expect(failed).rejects.toMatchObject({ exitCode, message: expect.stringContaining(message) })
    expect(namesIn(folder)).toEqual(before)
  })

  it('refuses a batch that the model does not know, and an output that exists', async () => {
    const adata = await readAnnData(file)
    const cells = Int32Array.from({ length: 90 }, (_, cell) => cell)
    const batch = adata.obs.getChild('batch')!
    const some = cells.filter((cell) => batch.get(cell) === batch.get(0))
    await using narrow = await SCVI.create(adata, { batchKey: 'batch', cells: some, nHidden: 4, nLatent: 2 })
    await narrow.save(at('narrow.model'))
    const before = namesIn(folder)
    const options = ['--groupby', 'cell_type', '-q', '-o', at('new')]
    await expect(run(['de', at('narrow.model'), file, ...options])).rejects.toMatchObject({
      exitCode: 65,
      message: expect.stringContaining('the model does not know the category'),
    })
    await expect(run(words('--groupby', 'cell_type', '-o', at('all')))).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('exists already'),
    })
    expect(namesIn(folder)).toEqual(before)
  })
})

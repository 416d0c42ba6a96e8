import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { beforeAll, describe, expect, it } from 'vitest'
import { type AnnData, readAnnData } from '../../src/anndata/read.js'
import { writeAnnData } from '../../src/anndata/write/anndata.js'
import { run } from '../../src/cli/command-line.js'
import { SCVI } from '../../src/models/scvi.js'
import { array, namesIn, temporaryFolder, writeFixture } from './scvae.js'

const [N_CELLS, N_GENES] = [80, 40]
const lacks = (cell: number, gene: number) => cell !== 5 && (3 * cell + gene) % 10 < 2
/** Genes of the model, in another order than those of the file. */
const GENES = Int32Array.from({ length: 30 }, (_, i) => 37 - i)

describe('scvae impute', { timeout: 60_000 }, () => {
  const folder = temporaryFolder()
  const at = (name: string) => join(folder, name)
  let gappy: AnnData
  let complete: Float32Array
  const impute = (output: string, ...words: string[]) =>
    run(['impute', at('own.model'), at('gaps.h5ad'), '-o', at(output), '-q', '--threads', '1', ...words])
  const NAN = ['--missing', 'nan', '--layer', 'gaps']

  beforeAll(async () => {
    await writeFixture(at('cells.h5ad'), { nCells: N_CELLS, nGenes: N_GENES, empty: [3] })
    const { counts, obs, obsNames, varNames } = await readAnnData(at('cells.h5ad'))
    complete = new Float32Array(N_CELLS * N_GENES)
    for (let cell = 0; cell < N_CELLS; cell++) {
      const row = counts.row(cell)
      for (const [k, gene] of row.genes.entries()) complete[cell * N_GENES + gene] = row.counts[k]!
    }
    const values = complete.map((count, i) =>
      lacks(Math.floor(i / N_GENES), i % N_GENES) ? Number.NaN : count,
    )
    const gaps = { values, rows: N_CELLS, columns: N_GENES }
    await writeAnnData(at('gaps.h5ad'), { counts, layers: { gaps }, obs, obsNames, varNames })
    gappy = await readAnnData(at('gaps.h5ad'), { layer: 'gaps', missing: 'nan' })
    const cells = Int32Array.from({ length: N_CELLS }, (_, cell) => cell).filter((cell) => cell !== 3)
    await using model = await SCVI.create(gappy, {
      ...{ batchKey: 'batch', genes: GENES, cells, nHidden: 8, nLatent: 3 },
    })
    await model.train({ maxEpochs: 2 })
    await model.save(at('own.model'))
  }, 60_000)

  it('adds layers with what was known as it was, and what was missing filled in', async () => {
    await impute('out.h5ad', ...NAN, '--draws', '4')
    const [mean, low, high] = await Promise.all(
      ['scvae_imputed', 'scvae_imputed_low', 'scvae_imputed_high'].map((name) =>
        array(at('out.h5ad'), `layers/${name}`),
      ),
    )
    expect(mean!.length).toBe(N_CELLS * N_GENES)
    let filled = 0
    const model = await SCVI.load(at('own.model'))
    const adata = { ...gappy, obsNames: gappy.obsNames }
    const block = await model.impute({ adata, cells: Int32Array.of(7), nSamples: 4 })
    await model.dispose()
    for (let i = 0; i < complete.length; i++) {
      const [cell, gene] = [Math.floor(i / N_GENES), i % N_GENES]
      const three = [mean![i], low![i], high![i]]
      if (!lacks(cell, gene)) expect(three).toEqual(Array(3).fill(complete[i]))
      // nothing is known of the empty cell, and the model does not have all genes
      else if (cell === 3 || !GENES.includes(gene)) expect(three).toEqual(Array(3).fill(Number.NaN))
      else {
        filled++
        expect(three.every((value) => value! >= 0)).toBe(true)
        const k = cell === 7 ? block.genes.indexOf(GENES.indexOf(gene)) : -1
        if (k >= 0) expect(three).toEqual([block.mean[k], block.low[k], block.high[k]])
      }
    }
    expect(filled).toBeGreaterThan(400)
    // the matrix of the file stays
    const copy = await readAnnData(at('out.h5ad'))
    expect(copy.counts.row(7)).toEqual((await readAnnData(at('cells.h5ad'))).counts.row(7))
  })

  it('fills in medians where they are asked for', async () => {
    await impute('medians.h5ad', ...NAN, '--draws', '4', '--estimate', 'median')
    await impute('all.parquet', ...NAN, '--draws', '4')
    const layer = await array(at('medians.h5ad'), 'layers/scvae_imputed')
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(at('all.parquet')) })
    expect(rows.some(({ mean, median }) => mean !== median)).toBe(true)
    for (const { cell, gene, median, low, high } of rows) {
      const place = gappy.obsNames.indexOf(String(cell)) * N_GENES + gappy.varNames.indexOf(String(gene))
      expect(layer[place]).toBe(median)
      expect(Number.isInteger(median) && low <= median && median <= high).toBe(true)
    }
  })

  it('writes tables with a row for each missing count', async () => {
    const layer = await array(at('out.h5ad'), 'layers/scvae_imputed')
    const words = [
      ...NAN,
      '--draws',
      '4',
      '--genes',
      [GENES[2]!, GENES[9]!].map((gene) => gappy.varNames[gene]).join(),
    ]
    await impute('out.parquet', ...words)
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(at('out.parquet')) })
    expect(Object.keys(rows[0]!)).toEqual(['cell', 'gene', 'mean', 'median', 'low', 'high'])
    for (const { cell, gene, mean } of rows) {
      const place = gappy.obsNames.indexOf(String(cell)) * N_GENES + gappy.varNames.indexOf(String(gene))
      expect(mean).toBe(layer[place])
    }
    const expected = gappy.obsNames.flatMap((_, cell) =>
      cell === 3 ? [] : [GENES[2]!, GENES[9]!].filter((gene) => lacks(cell, gene)),
    )
    expect(rows.length).toBe(expected.length)
    await impute('out.csv', ...words)
    const lines = readFileSync(at('out.csv'), 'utf8').trimEnd().split('\n')
    expect([lines.length, lines[0]]).toEqual([rows.length + 1, 'cell,gene,mean,median,low,high'])
    expect(Math.fround(Number(lines[1]!.split(',')[2]))).toBe(rows[0]!.mean)
  })

  it('hides counts, fits anew and tells how well they are found', async () => {
    const words = ['--evaluate', '0.2', '--draws', '2', '--layer', 'gaps', '--missing', 'nan']
    await impute('trial', ...words)
    const { results, share, tool } = JSON.parse(readFileSync(at('trial_impute.json'), 'utf8'))
    expect([tool, share, results.length]).toEqual(['scvae', 0.2, 2])
    expect(results.map(({ epochs }: { epochs: number }) => epochs)).toEqual([2, 2])
    const of = (hidden: number, method: string, entries: string) =>
      results[hidden].scores.find(
        (score: { method: string; entries: string }) => score.method === method && score.entries === entries,
      )
    for (const method of ['model', 'gene_mean', 'pca', 'knn']) {
      const [zeros, nonzeros, all] = ['zeros', 'nonzeros', 'all'].map((entries) => of(0, method, entries))
      expect(zeros.n + nonzeros.n).toBe(all.n)
      expect(all.log_likelihood).toBeCloseTo(
        (zeros.n * zeros.log_likelihood + nonzeros.n * nonzeros.log_likelihood) / all.n,
        9,
      )
      expect(zeros.median_absolute_error).toBeLessThan(nonzeros.median_absolute_error)
      expect(of(1, method, 'zeros')).toBeUndefined()
      expect(of(1, method, 'all').n).toBeGreaterThan(50)
    }
    const lines = readFileSync(at('trial_impute.csv'), 'utf8').trimEnd().split('\n')
    expect(lines[0]).toBe('hidden,method,entries,n,median_absolute_error,mean_absolute_error,log_likelihood')
    expect(lines.length).toBe(1 + 4 * 3 + 4 * 2)
  })

  it.each<[string, string[], number, string]>([
    ['new.txt', NAN, 2, '-o must end in .h5ad, .h5mu, .parquet, .csv'],
    ['cells.h5ad', NAN, 2, 'exists already'],
    ['new.h5ad', [], 65, "No count of these cells is missing in the model's genes."],
    ['new.csv', [], 65, "No count of these cells is missing in the model's genes."],
    ['new.csv', [...NAN, '--genes', 'no-such'], 65, 'The model has no gene "no-such".'],
    [
      'new.csv',
      [...NAN, '--genes', 'a', '--genes-file', 'b'],
      2,
      '--genes and --genes-file exclude each other.',
    ],
    ['new.csv', [...NAN, '--draws', '-1'], 2, '--draws must be a whole number of at least 0'],
    ['new.h5ad', [...NAN, '--draws', '2000000'], 2, 'nSamples must be at most 1000000'],
    ['new.csv', [...NAN, '--interval', '1'], 2, '--interval must be between 0 and 1, not 1.'],
    ['new.csv', [...NAN, '--corruption', 'uniform'], 2, '--corruption is for --evaluate'],
    ['new.h5ad', [...NAN, '--estimate', 'mode'], 2, '--estimate must be one of'],
    ['new.csv', [...NAN, '--estimate', 'median'], 2, '--estimate is for .h5ad, .h5mu: a table has both'],
    ['new', ['--evaluate', '0.1', '--estimate', 'mean'], 2, '--evaluate and --estimate exclude each other.'],
    ['new', ['--evaluate', '0'], 2, '--evaluate must be a share between 0 and 1, not 0.'],
    ['new', ['--evaluate', '1.5'], 2, '--evaluate must be a share between 0 and 1, not 1.5.'],
    ['new', ['--evaluate', '0.1', '--corruption', 'some'], 2, '--corruption must be one of'],
    ['new', ['--evaluate', '0.1', '--genes', 'a'], 2, '--evaluate and --genes exclude each other.'],
    ['new', ['--evaluate', '0.1', '--draws', '2000000'], 2, 'nSamples must be at most 1000000'],
    ['trial', ['--evaluate', '0.1'], 2, 'exists already'],
  ])('refuses %s with %j, exit %i', async (output, words, exitCode, message) => {
    const before = namesIn(folder)
    const failed = impute(output, ...words)
    await expect(failed).rejects.toMatchObject({ exitCode, message: expect.stringContaining(message) })
    expect(namesIn(folder)).toEqual(before)
  })
})

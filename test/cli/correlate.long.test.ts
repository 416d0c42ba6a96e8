import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { beforeAll, describe, expect, it } from 'vitest'
import { readAnnData } from '../../src/anndata/read.js'
import { run } from '../../src/cli/command-line.js'
import { SCVI } from '../../src/models/scvi.js'
import { namesIn, temporaryFolder, writeFixture } from './scvae.js'

describe('scvae correlate', { timeout: 60_000 }, () => {
  const folder = temporaryFolder()
  const at = (name: string) => join(folder, name)
  const correlate = (output: string, ...words: string[]) =>
    run(['correlate', at('own.model'), ...words, '-o', at(output), '-q', '--threads', '1'])
  let genes: string[]
  let expected: Float32Array

  beforeAll(async () => {
    await writeFixture(at('cells.h5ad'), { nCells: 80, nGenes: 40 })
    const adata = await readAnnData(at('cells.h5ad'))
    genes = adata.varNames
    await using model = await SCVI.create(adata, { batchKey: 'batch', nHidden: 8, nLatent: 3 })
    await model.train({ maxEpochs: 2 })
    await model.save(at('own.model'))
    await model.save(at('alone.model'), { saveCells: false })
    const found = await model.getFeatureCorrelationMatrix({ nSamples: 4, correlationType: 'pearson' })
    expected = found.values
  }, 60_000)

  it('writes the pairs that correlate most, of the cells of the model and of a file', async () => {
    const words = ['--draws', '4', '--method', 'pearson', '--top', '2']
    await correlate('own.csv', ...words)
    const lines = readFileSync(at('own.csv'), 'utf8').trimEnd().split('\n')
    expect(lines[0]).toBe('gene1,gene2,correlation')
    const pairs = lines.slice(1).map((line) => line.split(','))
    expect(pairs.length).toBeGreaterThanOrEqual(40)
    expect(pairs.length).toBeLessThanOrEqual(80)
    const strengths = pairs.map(([, , value]) => Math.abs(Number(value)))
    expect(strengths).toEqual([...strengths].sort((a, b) => b - a))
    for (const [one, other, value] of pairs)
      expect(Math.fround(Number(value))).toBe(expected[genes.indexOf(one!) * 40 + genes.indexOf(other!)])
    await correlate('file.parquet', at('cells.h5ad'), ...words)
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(at('file.parquet')) })
    expect(rows.map(({ gene1, gene2 }) => [gene1, gene2])).toEqual(pairs.map(([one, other]) => [one, other]))
    const few = ['--genes', `${genes[9]},${genes[2]},${genes[30]}`, '--subset', 'batch=batch_1']
    await correlate('few.csv', at('cells.h5ad'), ...words, ...few, '--transform-batch', 'all')
    expect(readFileSync(at('few.csv'), 'utf8').trimEnd().split('\n').length).toBe(4)
  })

  it.each<[string, string[], number, string]>([
    ['new.h5ad', [], 2, '-o must end in .parquet, .csv'],
    ['own.csv', [], 2, 'exists already'],
    ['new.csv', ['--genes', 'no-such'], 65, 'The model has no gene "no-such".'],
    ['new.csv', ['--genes', 'a', '--genes-file', 'b'], 2, '--genes and --genes-file exclude each other.'],
    ['new.csv', ['--method', 'kendall'], 2, '--method must be one of spearman, pearson'],
    ['new.csv', ['--draws', '0'], 2, '--draws must be a whole number of at least 1'],
    ['new.csv', ['--draws', '2000000'], 2, 'nSamples must be at most 1000000'],
    ['new.csv', ['--top', '0'], 2, '--top must be a whole number of at least 1'],
    ['new.csv', ['--size-factor', '0'], 2, '--size-factor must be above 0, not 0.'],
    ['new.csv', ['--transform-batch', 'no'], 65, 'The model has no batch "no".'],
    ['new.csv', ['--subset', 'batch=batch_1'], 2, '--subset needs the file'],
    ['new.csv', ['no-such.h5ad'], 65, 'no-such.h5ad'],
  ])('refuses %s with %j, exit %i', async (output, words, exitCode, message) => {
    const before = namesIn(folder)
    await expect(correlate(output, ...words)).rejects.toMatchObject({
      exitCode,
      message: expect.stringContaining(message),
    })
    expect(namesIn(folder)).toEqual(before)
  })

  it('refuses a model that tells of no cells', async () => {
    const failed = run(['correlate', at('alone.model'), '-o', at('new.csv'), '-q'])
    await expect(failed).rejects.toMatchObject({
      exitCode: 2,
      message: 'The model tells of no cells: give a file.',
    })
    expect(namesIn(folder)).not.toContain('new.csv')
  })
})

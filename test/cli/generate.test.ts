import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { type AnnData, readAnnData } from '../../src/anndata/read.js'
import { run } from '../../src/cli/command-line.js'
import { SCVI } from '../../src/models/scvi.js'
import { namesIn, temporaryFolder, writeFixture } from './scvae.js'

const totals = ({ counts }: AnnData) => Array.from(counts.cellTotals())
const texts = ({ obs }: AnnData, column: string) => Array.from(obs.getChild(column)!, String)
const rows = ({ counts, nCells }: AnnData) =>
  Array.from({ length: nCells }, (_, cell) => [...counts.row(cell).genes, ...counts.row(cell).counts].join())

/** Batches of the fixture. */
const [FIRST, SECOND] = ['batch_1', 'batch_2']

describe('scvae generate', { timeout: 60_000 }, () => {
  const folder = temporaryFolder()
  const at = (name: string) => join(folder, name)
  let real: AnnData
  const generate = async (output: string, ...words: string[]) => {
    await run(['generate', at('own.model'), ...words, '-o', at(output), '-q', '--threads', '1'])
    return readAnnData(at(output))
  }

  beforeAll(async () => {
    await writeFixture(at('cells.h5ad'), { nCells: 80, nGenes: 40, empty: [3] })
    real = await readAnnData(at('cells.h5ad'))
    const cells = Int32Array.from({ length: 80 }, (_, cell) => cell).filter((cell) => cell !== 3)
    for (const [name, prior] of [
      ['own.model', 'normal'],
      ['mixture.model', 'mixture'],
    ] as const) {
      await using model = await SCVI.create(real, {
        ...{ batchKey: 'batch', cells, nHidden: 8, nLatent: 3, prior, priorComponents: 4 },
        continuousCovariateKeys: ['depth'],
      })
      await model.train({ maxEpochs: 2 })
      await model.save(at(name))
      if (prior === 'normal') await model.save(at('alone.model'), { saveCells: false })
    }
  }, 60_000)

  it('makes cells from the cells that a model tells of, from a file and from the prior', async () => {
    const made = await generate('own.h5ad', '--cells', '300')
    expect([made.nCells, made.varNames]).toEqual([300, real.varNames])
    expect(new Set(texts(made, 'scvae_from'))).toEqual(new Set(['aggregated posterior']))
    expect(Array.from(made.obs.getChild('scvae_total')!, Number)).toEqual(totals(made))
    const parents = texts(made, 'scvae_parent').map((name) => real.obsNames.indexOf(name))
    expect(Math.min(...parents)).toBeGreaterThanOrEqual(0)
    expect(new Set(parents).size).toBeGreaterThan(60)
    // sizes and batches are those of the parents
    expect(texts(made, 'batch')).toEqual(parents.map((cell) => texts(real, 'batch')[cell]))
    const sizes = totals(real)
    const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length
    expect(mean(totals(made)) / mean(parents.map((cell) => sizes[cell]!))).toBeCloseTo(1, 1)
    const again = await generate('again.h5ad', '--cells', '300', '--threads', '2')
    expect(rows(again)).toEqual(rows(made))
    expect(rows(await generate('seed.h5ad', '--cells', '300', '--seed', '7'))).not.toEqual(rows(made))
    const fromFile = await generate('file.h5ad', at('cells.h5ad'))
    expect(fromFile.nCells).toBe(79)
    const prior = await generate('prior.h5ad', '--from', 'prior', '--library-size', '500', '--cells', '200')
    expect(new Set(texts(prior, 'scvae_from'))).toEqual(new Set(['prior']))
    expect(mean(totals(prior)) / 500).toBeCloseTo(1, 1)
  })

  it('makes each cell of a file anew, those of a subset, as if measured elsewhere', async () => {
    const like = await generate('like.h5ad', '--like', at('cells.h5ad'), '--subset', `batch=${FIRST}`)
    const wanted = texts(real, 'batch').flatMap((batch, cell) =>
      batch === FIRST && cell !== 3 ? real.obsNames[cell]! : [],
    )
    expect(texts(like, 'scvae_parent')).toEqual(wanted)
    expect(new Set(texts(like, 'scvae_from'))).toEqual(new Set(['posterior predictive']))
    const own = await generate('as-they-are.h5ad', at('cells.h5ad'), '--from', 'cells')
    const words = ['--counterfactual', `batch=${SECOND}`, '--set', 'depth=2']
    const other = await generate('elsewhere.h5ad', at('cells.h5ad'), ...words)
    expect(new Set(texts(other, 'batch'))).toEqual(new Set([SECOND]))
    expect(new Set(Array.from(other.obs.getChild('depth')!, Number))).toEqual(new Set([2]))
    expect(texts(other, 'scvae_parent')).toEqual(texts(own, 'scvae_parent'))
    expect(rows(other)).not.toEqual(rows(own))
    // one cell alone gets what it gets among the others
    const model = await SCVI.load(at('own.model'))
    const found: string[] = []
    await model.eachGenerated({ adata: real, cells: Int32Array.of(40, 7), from: 'cells' }, (block) => {
      for (const row of block.rows) found.push([...row.genes, ...row.counts].join())
    })
    await model.dispose()
    expect(found).toEqual([rows(own)[39], rows(own)[6]])
  })

  it('takes a model without cells, and components of a prior', async () => {
    await run([
      'generate',
      at('alone.model'),
      '-o',
      at('alone.h5ad'),
      '-q',
      '--cells',
      '90',
      '--library-size',
      '60',
    ])
    const made = await readAnnData(at('alone.h5ad'))
    expect([made.nCells, new Set(texts(made, 'batch')).size]).toEqual([90, 2])
    expect(made.obs.getChild('scvae_parent')).toBeNull()
    await run(['generate', at('mixture.model'), '-o', at('mixture.h5ad'), '-q', '--from', 'prior'])
    expect((await readAnnData(at('mixture.h5ad'))).nCells).toBe(79)
  })

  it.each<[string, string[], number, string]>([
    ['new.csv', [], 2, '-o must end in .h5ad'],
    ['cells.h5ad', [], 2, 'exists already'],
    ['new.h5ad', ['--cells', '0'], 2, '--cells must be a whole number of at least 1'],
    ['new.h5ad', ['--cells', '1e12'], 2, 'at most 10000000 cells'],
    ['new.h5ad', ['--from', 'nothing'], 2, '--from'],
    ['new.h5ad', ['--set', 'batch=no'], 65, 'does not know the category "no" of "batch"'],
    ['new.h5ad', ['--set', 'no=1'], 65, 'The model has no covariate "no".'],
    ['new.h5ad', ['--set', 'depth=deep'], 2, 'takes a number, not "deep"'],
    ['new.h5ad', ['--set', 'depth'], 2, '--set takes COVARIATE=VALUE'],
    ['new.h5ad', ['--library-size', '-3'], 2, 'must be a positive number, not -3'],
    ['new.h5ad', ['--subset', `batch=${FIRST}`], 2, '--subset needs the file'],
    ['new.h5ad', ['--counterfactual', `batch=${FIRST}`, '--from', 'prior'], 2, 'exclude each other'],
    ['new.h5ad', ['no-such.h5ad'], 65, 'no-such.h5ad'],
  ])('refuses %s with %j, exit %i', async (output, words, exitCode, message) => {
    const before = namesIn(folder)
    await expect(generate(output, ...words)).rejects.toMatchObject({
      exitCode,
      message: expect.stringContaining(message),
    })
    expect(namesIn(folder)).toEqual(before)
  })

  it.each<[string[], string]>([
    [[], 'needs nCells'],
    [['--cells', '5'], 'The size of cells is not known'],
    [['--from', 'cells', '--cells', '5'], 'no cells that could be made anew'],
  ])('a model without cells refuses %j', async (words, message) => {
    const before = namesIn(folder)
    const failed = run(['generate', at('alone.model'), '-o', at('new.h5ad'), '-q', ...words])
    await expect(failed).rejects.toMatchObject({ exitCode: 2, message: expect.stringContaining(message) })
    expect(namesIn(folder)).toEqual(before)
  })
})

import { resolve } from 'node:path'
import { tableFromArrays } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { studyDesign } from '../../src/analysis/design/study-design.js'
import { chooseGenes } from '../../src/analysis/genes/choose-genes.js'
import { obsColumn } from '../../src/anndata/frame/obs-column.js'
import { type AnnData, readAnnData } from '../../src/anndata/read.js'
import { warnOfSeparation } from '../../src/cli/fit/warn-of-design.js'
import { Log } from '../../src/cli/log.js'
import { SCVI } from '../../src/models/scvi.js'
import { Random } from '../../src/numeric/random.js'
import { trainOptions } from '../../src/train/options.js'
import { DATA } from '../anndata/fixtures.js'

const CELLS = 600
const GENES = 400
const EPOCHS = 25

/** Some cells and the most variable genes of a real set; columns of no meaning stand beside the one that is kept. */
async function someOf(file: string, kept?: { name: string; only?: string }): Promise<AnnData> {
  const whole = await readAnnData(resolve(DATA!, 'real', `${file}.h5ad`))
  const random = new Random(11, 900)
  const column = kept && obsColumn(whole, kept.name)
  const only = column?.categories.indexOf(kept?.only ?? '') ?? -1
  const cells = random
    .permutation(whole.nCells)
    .filter((cell) => only < 0 || column!.codes[cell] === only)
    .slice(0, CELLS)
    .sort()
  const genes = chooseGenes(whole, { cells, nTopGenes: GENES }).genes!
  const seen = whole.counts.select(cells, genes).cellTotals()
  const counted = cells.filter((_, i) => seen[i]! > 0)
  const noise = (groups: number) =>
    Array.from(counted, () => ['one', 'two', 'three'][random.integer(groups)]!)
  return {
    ...whole,
    nCells: counted.length,
    nGenes: genes.length,
    obs: tableFromArrays({
      batch:
        column && only < 0
          ? Array.from(counted, (cell) => column.categories[column.codes[cell]!]!)
          : noise(2),
      condition: noise(3),
    }),
    obsNames: Array.from(counted, (cell) => whole.obsNames[cell]!),
    varNames: Array.from(genes, (gene) => whole.varNames[gene]!),
    counts: whole.counts.select(counted, genes),
  }
}

/** What a fit without a batch key warns of. */
async function warnings(adata: AnnData): Promise<string[]> {
  await using model = await SCVI.create(adata, { nHidden: 64, seed: 1 })
  const train = trainOptions({ maxEpochs: EPOCHS, seed: 1 })
  await model.train(train)
  const keys = { present: new Set<string>(), listed: new Set<string>(), copies: new Set<string>() }
  const cells = Int32Array.from({ length: adata.nCells }, (_, cell) => cell)
  const latent = await model.getLatentRepresentation()
  const log = new Log('quiet', { write: () => {} })
  warnOfSeparation({ adata, cells, keys }, { batchKey: undefined, train }, latent, log)
  return log.warnings
}

describe.skipIf(!DATA)('data without a batch effect', { timeout: 120_000 }, () => {
  it.each<[string, { name: string; only?: string }?]>([
    ['pbmc68k_reduced_counts_700x765', { name: 'lane' }],
    ['pbmc4k_10x_4271x2000'],
    ['mouse_bladder_2100x20670'],
    ['cite_pbmc_3762x2000_49proteins'],
    ['kang_ctrl_8donors_12261x1287', { name: 'donor', only: '1488' }],
  ])('%s: neither the design nor a fit finds one', async (file, kept) => {
    const adata = await someOf(file, kept)
    expect(adata.nCells).toBeGreaterThan(500)
    const { advice, pairs, batches, alike } = studyDesign(adata)
    expect(advice.advised).toBe('batch')
    expect(advice.choices.flatMap(({ givesUp }) => givesUp)).toEqual([])
    expect(pairs.map(({ crossing }) => crossing.nGroups)).toEqual([1])
    expect(pairs[0]!.crossing.cramersV).toBeLessThan(0.1)
    expect(batches.flatMap(({ ownGenes }) => ownGenes)).toEqual([])
    expect(alike).toEqual([])
    expect(await warnings(adata)).toEqual([])
  })

  it('is told from data with one by a fit as short', async () => {
    const adata = await someOf('sc_mixology_5batches_celllines', { name: 'protocol' })
    expect(await warnings(adata)).toEqual([
      expect.stringMatching(/^cells lie apart by "batch" within their neighbourhoods/),
    ])
  })
})

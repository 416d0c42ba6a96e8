import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CellScores, scoreCells } from '../../src/analysis/outliers/cell-scores.js'
import { surpriseNull, surpriseZ } from '../../src/analysis/outliers/surprise.js'
import { SIMULATED_CELLS } from '../../src/analysis/outliers/surprise-null.js'
import { generateCells, sourceOf } from '../../src/analysis/posterior/generate.js'
import { posteriorOf } from '../../src/analysis/posterior/inference.js'
import { readAnnData } from '../../src/anndata/read.js'
import { countsInMemory } from '../../src/cells/counts-in-memory.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { CellRow } from '../../src/device/device.js'
import { SCVI } from '../../src/models/scvi.js'
import { kolmogorovSmirnovUniform, kolmogorovSurvival } from '../../src/numeric/kolmogorov.js'
import { Random } from '../../src/numeric/random.js'
import { trainOptions } from '../../src/train/options.js'
import { Trainer } from '../../src/train/trainer.js'
import { rowOf } from '../row-of.js'
import { smallCells, smallNetwork } from '../train/small-cells.js'
import { auroc } from './auroc.js'

describe('surprise of cells that the fitted model made', async () => {
  const device = await createCpuDevice({ threads: 2 })
  const { host } = device
  afterAll(() => device.dispose())
  const source = smallCells(500, 80, 3)

  it.each([
    ['nb', {}],
    ['zinb', { likelihood: 'zinb' }],
    ['poisson', { likelihood: 'poisson' }],
    ['dispersion by batch', { dispersion: 'gene-batch' }],
    ['latent library', { library: 'latent' }],
  ] as const)(
    'has uniform p-values: %s',
    async (_name, model) => {
      // a latent library has far to go from its start, a log size of 0
      const learningRate = 'library' in model ? 0.02 : 1e-3
      const network = smallNetwork(device, source, model)
      const trainer = new Trainer(
        network,
        source,
        trainOptions({ maxEpochs: 40, batchSize: 64, learningRate }),
      )
      await trainer.run()
      const posterior = await posteriorOf(network, source)
      const null_ = await surpriseNull(network, host, source, posterior, 1)
      const cells = await generateCells(network, host, source, posterior, 5000, 2)
      const { z } = await surpriseZ(network, host, cells, await posteriorOf(network, cells))
      const p = z.map((value, i) => null_.p(value, cells.size[i]!))
      const { statistic } = kolmogorovSmirnovUniform(p)
      // the null is itself a sample: the test of two samples
      const m = SIMULATED_CELLS
      expect(kolmogorovSurvival(statistic * Math.sqrt((5000 * m) / (5000 + m)))).toBeGreaterThan(0.01)
      // and the small ones are as rare as they say, within four standard errors
      const share = p.filter((value) => value < 0.01).length / p.length
      expect(Math.abs(share - 0.01)).toBeLessThan(4 * Math.sqrt((0.01 * 0.99) / p.length))
      // counts that are half shuffled among genes are no longer the model's
      const random = new Random(5)
      const first = Int32Array.from({ length: 300 }, (_, i) => i)
      const { rows: _, ...some } = sourceOf(cells, first)
      const rows = Array.from(first, (cell) => shuffled(rowOf(cells, cell), source.nGenes, random))
      const fixed = { ...some, counts: countsInMemory(300, source.nGenes, (cell) => rows[cell]!) }
      const oddZ = (await surpriseZ(network, host, fixed, await posteriorOf(network, fixed))).z
      const oddP = Array.from(oddZ, (value, i) => null_.p(value, fixed.size[i]!)).sort((a, b) => a - b)
      // the encoder of a latent library bends to such counts, which costs power: medians of .0007 to .25 by seed and
      // processor; .4 is still three standard errors of a median of 300 below chance
      expect(oddP[150]).toBeLessThan('library' in model ? 0.4 : 0.02)
      network.release()
    },
    30_000,
  )
})

function shuffled(row: CellRow, nGenes: number, random: Random) {
  const genes = random.permutation(nGenes).slice(0, row.genes.length).sort()
  return { genes, counts: row.counts }
}

describe('planted outliers of the demo', () => {
  let scores: CellScores
  let planted: number[]

  beforeAll(async () => {
    const adata = await readAnnData('data/demo.h5ad')
    const device = await createCpuDevice({ threads: 2 })
    const model = await SCVI.create(adata, { batchKey: 'batch', device })
    await model.train({ maxEpochs: 60 })
    scores = await scoreCells(await model.getLatentPosterior(), await model.surpriseScores(), { device })
    planted = Array.from(adata.obs.getChild('is_outlier')!, (value) => Number(String(value) === 'True'))
    await device.dispose()
  }, 90_000)

  it('are found by the combined score', () => {
    expect(planted.filter(Boolean).length).toBe(60)
    expect(auroc(scores.outliers.score, planted)).toBeGreaterThan(0.95)
    const order = Array.from(planted, (_, i) => i).sort(
      (a, b) => scores.outliers.score[b]! - scores.outliers.score[a]!,
    )
    expect(order.slice(0, 60).filter((i) => planted[i]).length).toBeGreaterThan(30)
  })

  it('are flagged, and hardly any other cell is', () => {
    const { flag } = scores.outliers
    const right = flag.reduce((sum, one, cell) => sum + one * planted[cell]!, 0)
    const all = flag.reduce((sum, one) => sum + one, 0)
    expect(right).toBeGreaterThanOrEqual(45)
    expect(all - right).toBeLessThanOrEqual(5)
  })

  it('are more surprising than other cells', () => {
    expect(
      auroc(
        Array.from(scores.surprise.p, (p) => -p),
        planted,
      ),
    ).toBeGreaterThan(0.7)
  })
})

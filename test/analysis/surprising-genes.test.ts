import { afterAll, describe, expect, it } from 'vitest'
import { surprisingGenes } from '../../src/analysis/outliers/surprising-genes.js'
import type { ModelData } from '../../src/cells/cell-data.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { SCVI, type SCVIOptions } from '../../src/models/scvi.js'
import { withGaps } from '../gaps.js'
import { namedData } from '../models/trained-small.js'

describe('genes whose counts are farthest from the expected ones', async () => {
  const device = await createCpuDevice({ threads: 1 })
  afterAll(() => device.dispose())
  const data = namedData()

  const found = async (adata: ModelData, options: SCVIOptions, perCell?: number) => {
    await using model = await SCVI.create(adata, {
      ...{ device, batchKey: 'batch', nHidden: 16, nLatent: 3, batchSize: 32 },
      ...options,
    })
    await model.train({ maxEpochs: 3, seed: 1 })
    const latent = await model.getLatentRepresentation()
    const cells = Int32Array.of(2, 3, 40, adata.nCells - 1)
    return {
      cells,
      parameters: await model.getLikelihoodParameters({ nSamples: 0 }),
      surprising: await surprisingGenes(model.network, model.cells, latent, cells, perCell),
    }
  }

  it.each([
    { likelihood: 'nb' },
    { likelihood: 'zinb' },
    { likelihood: 'poisson' },
    { likelihood: 'nb', dispersion: 'gene-batch' },
  ] as const)('are those of the likelihood at the posterior mean: %j', async (options) => {
    const { cells, parameters, surprising } = await found(data, options)
    const { mean, dispersions, dropout } = parameters
    const { nGenes } = data
    expect(surprising.perCell).toBe(5)
    for (const [i, cell] of cells.entries()) {
      const counts = new Float64Array(nGenes)
      const row = data.counts.row(cell)
      for (const [n, gene] of row.genes.entries()) counts[gene] = row.counts[n]!
      const expected = Float64Array.from(counts, (_, gene) => {
        const drop = dropout?.values[cell * nGenes + gene] ?? 0
        return (1 - drop) * mean.values[cell * nGenes + gene]!
      })
      const distance = Float64Array.from(counts, (count, gene) => {
        const mu = mean.values[cell * nGenes + gene]!
        const theta = dispersions?.values[cell * nGenes + gene] ?? Number.POSITIVE_INFINITY
        const drop = dropout?.values[cell * nGenes + gene] ?? 0
        const square = (1 - drop) * (mu * mu * (1 + 1 / theta) + mu)
        return (count - expected[gene]!) ** 2 / (square - expected[gene]! ** 2 + 0.1)
      })
      const order = Array.from(counts.keys()).sort((a, b) => distance[b]! - distance[a]!)
      const named = Array.from(surprising.genes.subarray(5 * i, 5 * i + 5))
      expect(named).toEqual(order.slice(0, 5))
      for (const [rank, gene] of named.entries()) {
        expect(surprising.observed[5 * i + rank]).toBe(counts[gene])
        expect(surprising.expected[5 * i + rank]! / expected[gene]!).toBeCloseTo(1, 4)
      }
    }
  })

  it('are none whose counts are missing, and no more than there are', async () => {
    const counts = withGaps(data.counts, (cell, gene) => cell === 2 && gene >= 3)
    const { surprising } = await found({ ...data, counts }, {}, 1000)
    const { genes, perCell } = surprising
    expect(perCell).toBe(data.nGenes)
    expect(Array.from(genes.subarray(0, 3)).sort()).toEqual([0, 1, 2])
    expect(genes.subarray(3, perCell).every((gene) => gene === -1)).toBe(true)
    expect(new Set(genes.subarray(perCell, 2 * perCell)).size).toBe(data.nGenes)
  })
})

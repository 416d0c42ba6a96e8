import { afterAll, describe, expect, it } from 'vitest'
import { generateCells, sourceOf } from '../../src/analysis/posterior/generate.js'
import { posteriorOf } from '../../src/analysis/posterior/inference.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { CellSource } from '../../src/device/device.js'
import { Random } from '../../src/numeric/random.js'
import { rowOf } from '../row-of.js'
import { smallCells, smallNetwork } from '../train/small-cells.js'
import { expectedCounts } from './expected-counts.js'

describe('generateCells', async () => {
  const device = await createCpuDevice({ threads: 2 })
  const { host } = device
  afterAll(() => device.dispose())
  const source = smallCells(60, 30, 4)

  it('draws counts with the means and variances of the decoder', async () => {
    const network = smallNetwork(device, source)
    const posterior = await posteriorOf(network, source)
    // one parent, one latent: every cell has the same distribution
    const one = sourceOf(source, Int32Array.of(7))
    const still = { mean: posterior.mean.slice(28, 32), variance: new Float32Array(4) }
    const n = 8000
    const cells = await generateCells(network, host, one, still, n, 6)
    expect(cells.parent.every((parent) => parent === 0)).toBe(true)
    const theta = await network.dispersions()
    for await (const { mean } of expectedCounts(network, one, still.mean)) {
      const sums = new Float64Array(30)
      const squares = new Float64Array(30)
      for (let i = 0; i < n; i++) {
        const { genes, counts } = rowOf(cells, i)
        for (const [k, g] of genes.entries()) {
          sums[g]! += counts[k]!
          squares[g]! += counts[k]! ** 2
        }
      }
      for (let g = 0; g < 30; g++) {
        const variance = mean[g]! + mean[g]! ** 2 / theta(g, 0)
        expect(Math.abs(sums[g]! / n - mean[g]!)).toBeLessThan(4.5 * Math.sqrt(variance / n))
        expect((squares[g]! / n - (sums[g]! / n) ** 2) / variance).toBeGreaterThan(0.6)
        expect((squares[g]! / n - (sums[g]! / n) ** 2) / variance).toBeLessThan(1.6)
      }
    }
    network.release()
  })

  it('gives each cell the covariates of its parent and the size of its own counts', async () => {
    const network = smallNetwork(device, source)
    const cells = await generateCells(network, host, source, await posteriorOf(network, source), 100, 3)
    for (let i = 0; i < 100; i++) {
      expect(cells.categorical[0]![i]).toBe(source.categorical[0]![cells.parent[i]!])
      const { genes, counts } = rowOf(cells, i)
      expect(cells.size[i]).toBe(
        Math.max(
          1,
          counts.reduce((a, b) => a + b, 0),
        ),
      )
      for (let k = 1; k < genes.length; k++) expect(genes[k]!).toBeGreaterThan(genes[k - 1]!)
      expect(counts.every((count) => count > 0 && Number.isInteger(count))).toBe(true)
    }
    network.release()
  })

  it('spreads the latents of a cell as its posterior does', async () => {
    const network = smallNetwork(device, source, { likelihood: 'poisson' })
    // so many counts that a gene's rate shows in every cell
    const one = { ...sourceOf(source, Int32Array.of(7)), size: Float32Array.of(6000) }
    const mean = (await posteriorOf(network, source)).mean.slice(28, 32)
    const variance = Float32Array.of(0.5, 0, 2, 1)
    const n = 4000
    const generated = varianceByMean(await generateCells(network, host, one, { mean, variance }, n, 6))
    const still = { mean, variance: new Float32Array(4) }
    const unspread = varianceByMean(await generateCells(network, host, one, still, n, 6))

    // the law of total variance: that of a Poisson, its mean, and that of the mean among latents
    const random = new Random(31)
    const latents = Float32Array.from({ length: 4 * n }, (_, at) => {
      return mean[at % 4]! + Math.sqrt(variance[at % 4]!) * random.normal()
    })
    const rates = Array.from({ length: 30 }, () => new Float64Array(n))
    const many = { ...sourceOf(one, new Int32Array(n)), size: new Float32Array(n).fill(6000) }
    for await (const { cells, mean: means } of expectedCounts(network, many, latents)) {
      for (const [i, cell] of cells.entries())
        for (let g = 0; g < 30; g++) rates[g]![cell] = means[i * 30 + g]!
    }
    const average = (values: ArrayLike<number>) =>
      Array.from(values).reduce((a, b) => a + b, 0) / values.length
    const expected = rates.map((rate) => {
      const center = average(rate)
      return 1 + average(rate.map((r) => (r - center) ** 2)) / center
    })
    expect(average(unspread)).toBeCloseTo(1, 1)
    expect(average(expected)).toBeGreaterThan(2)
    expect(average(generated) / average(expected)).toBeGreaterThan(0.9)
    expect(average(generated) / average(expected)).toBeLessThan(1.1)
    network.release()
  })
})

/** Variance of each gene's counts over their mean. */
function varianceByMean(cells: CellSource): Float64Array {
  const sums = new Float64Array(cells.nGenes)
  const squares = new Float64Array(cells.nGenes)
  for (let cell = 0; cell < cells.nCells; cell++) {
    const { genes, counts } = rowOf(cells, cell)
    for (const [k, gene] of genes.entries()) {
      sums[gene]! += counts[k]!
      squares[gene]! += counts[k]! ** 2
    }
  }
  const n = cells.nCells
  return sums.map((sum, g) => (squares[g]! / n - (sum / n) ** 2) / (sum / n))
}

import { afterAll, describe, expect, it } from 'vitest'
import { type PredictiveFit, predictiveFit } from '../../../src/analysis/diagnose/predictive-checks.js'
import { generateCells } from '../../../src/analysis/posterior/generate.js'
import { posteriorOf } from '../../../src/analysis/posterior/inference.js'
import { countsInMemory } from '../../../src/cells/counts-in-memory.js'
import { createCpuDevice } from '../../../src/device/cpu/cpu-device.js'
import { type CellSource, MISSING } from '../../../src/device/device.js'
import { withHostKernels } from '../../../src/device/host-kernels.js'
import { rowsOf } from '../../../src/device/loaded-rows.js'
import { keysOfNumbers } from '../../../src/numeric/keyed-random.js'
import { smallCells, smallNetwork } from '../../train/small-cells.js'

/** Cells whose counts are changed one by one; what gives undefined is missing. */
async function changed(source: CellSource, to: (count: number, gene: number) => number): Promise<CellSource> {
  const all = Int32Array.from({ length: source.nCells }, (_, i) => i)
  const rows = (await rowsOf(source, all)).map(({ genes, counts }) => ({
    genes,
    counts: counts.map((count, k) => to(count, genes[k]!)),
  }))
  const lacks = rows.some(({ counts }) => counts.includes(MISSING))
  return { ...source, counts: countsInMemory(source.nCells, source.nGenes, (cell) => rows[cell]!, lacks) }
}

describe('predictive checks', { timeout: 120_000 }, async () => {
  const device = await createCpuDevice({ threads: 2 })
  afterAll(() => device.dispose())
  const source = smallCells(300, 40, 2)
  const network = smallNetwork(device, source)
  const posterior = await posteriorOf(network, source)
  const keys = keysOfNumbers(Int32Array.from({ length: 300 }, (_, i) => i))
  /** Cells that the model itself made, of which everything it says is true. */
  const { parent, ...made } = await withHostKernels(device, (host) =>
    generateCells(network, host, source, posterior, 300, 9),
  )
  /** Sizes and posteriors are those that the cells were drawn with. */
  const take = (values: Float32Array) =>
    Float32Array.from({ length: 300 * 4 }, (_, i) => values[parent[Math.floor(i / 4)]! * 4 + (i % 4)]!)
  const size = Float32Array.from(parent, (cell) => source.size[cell]!)
  const latent = { mean: take(posterior.mean), variance: take(posterior.variance) }
  const fitOf = (of: CellSource): Promise<PredictiveFit> =>
    withHostKernels(device, (host) =>
      predictiveFit(network, host, {
        source: { ...of, size },
        posterior: { latent },
        keys,
        seed: 4,
        nSamples: 20,
      }),
    )

  it('find nothing in cells that the model made', async () => {
    const { zeros, ones, total, genes, cellCoverage, totalCoverage } = await fitOf(made)
    for (const { observed, predicted } of [zeros, ones, total])
      expect(Math.abs(observed - predicted.value)).toBeLessThan(5 * predicted.error)
    expect(cellCoverage).toBeCloseTo(0.9, 1)
    expect(Math.abs(totalCoverage - 0.9)).toBeLessThan(0.07)
    expect(genes.length).toBeGreaterThan(35)
    const mean = genes.reduce((sum, { coverage }) => sum + coverage, 0) / genes.length
    expect(Math.abs(mean - 0.9)).toBeLessThan(0.01)
    // genes with as many zeros as counts too: zeros that are drawn lie below a count
    expect(genes.some(({ zeros: z }) => z.observed > 0.3 && z.observed < 0.7)).toBe(true)
    for (const { coverage } of genes) expect(Math.abs(coverage - 0.9)).toBeLessThan(0.05)
    const far = genes.filter(
      ({ zeros: z }) => Math.abs(z.observed - z.predicted.value) > 5 * z.predicted.error + 0.01,
    )
    expect(far).toEqual([])
  })

  it('find genes with too many zeros, and counts that jump over 1', async () => {
    const without = await changed(made, (count, gene) => (gene % 10 === 3 ? 0 : 3 * count))
    const { genes, ones } = await fitOf(without)
    expect(ones.observed).toBe(0)
    expect(ones.predicted.value).toBeGreaterThan(0.05)
    // zeros that are drawn lie below a count: three times as large ones are beyond their intervals
    const some = genes.filter(
      ({ gene, zeros }) => gene % 10 !== 3 && zeros.observed > 0.3 && zeros.observed < 0.7,
    )
    expect(some.length).toBeGreaterThan(3)
    for (const { coverage } of some) expect(coverage).toBeLessThan(0.88)
    for (const { gene, zeros, mean } of genes) {
      if (gene % 10 === 3) expect(zeros.observed).toBe(1)
      else expect(mean.observed / mean.predicted.value).toBeGreaterThan(2)
    }
  })

  it('leave out counts that are missing', async () => {
    const lacking = await changed(made, (count, gene) => (gene === 5 ? MISSING : count))
    const [all, some] = [await fitOf(made), await fitOf(lacking)]
    const of = ({ genes }: PredictiveFit, gene: number) => genes.find((one) => one.gene === gene)!
    expect(of(some, 6)).toEqual(of(all, 6))
    // zeros of the gene are known, so its zero fraction is now 1 among these alone
    expect(of(some, 5).mean.observed).toBe(0)
    expect(some.total.observed).toBeLessThan(all.total.observed)
  })
})

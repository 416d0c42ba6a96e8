import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { logCount } from '../../src/analysis/imputation/count-mixture.js'
import type { ImputedBlock } from '../../src/analysis/imputation/impute.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { SCVI } from '../../src/models/scvi.js'
import { temporaryFolder } from '../files/scvi-tools/fixtures.js'
import { withGaps } from '../gaps.js'
import { namedData, trainedOn } from './trained-small.js'

const lacks = (cell: number, gene: number) => cell % 4 !== 1 && (5 * cell + gene) % 9 < 2

/** The part of a block that is one cell's. */
const ofCell = (block: ImputedBlock, cell: number) => {
  const i = block.cells.indexOf(cell)
  const part = <T extends Int32Array | Float32Array>(values: T) =>
    Array.from(values.subarray(block.offsets[i]!, block.offsets[i + 1]!))
  return {
    genes: part(block.genes),
    mean: part(block.mean),
    median: part(block.median),
    low: part(block.low),
    high: part(block.high),
  }
}

describe('missing counts that a model fills in', { timeout: 60_000 }, async () => {
  const folder = temporaryFolder()
  const data = namedData()
  const gappy = { ...data, counts: withGaps(data.counts, lacks) }
  const device = await createCpuDevice({ threads: 2 })
  let model: SCVI
  beforeAll(async () => {
    model = await trainedOn(gappy, device, join(folder, 'own'))
  })
  afterAll(async () => {
    await model.dispose()
    await device.dispose()
  })

  it('are those that are missing, cell by cell, with their intervals', async () => {
    const filled = await model.impute()
    const expected = Array.from({ length: data.nCells }, (_, cell) => cell).filter((cell) => cell % 4 !== 1)
    expect([...filled.cells]).toEqual(expected)
    for (const cell of expected) {
      const { genes, mean, low, high } = ofCell(filled, cell)
      expect(genes).toEqual(
        Array.from({ length: data.nGenes }, (_, gene) => gene).filter((gene) => lacks(cell, gene)),
      )
      for (const k of genes.keys()) {
        expect(mean[k]).toBeGreaterThan(0)
        expect(low[k]).toBeLessThanOrEqual(high[k]!)
        expect(Number.isInteger(low[k])).toBe(true)
      }
    }
  })

  it('at the posterior mean are the share among the known genes, times their total', async () => {
    const filled = await model.impute({ nSamples: 0, interval: 0.5 })
    const { values } = await model.getNormalizedExpression({ nSamples: 0 })
    const { dispersions } = await model.getLikelihoodParameters({ nSamples: 0 })
    for (const cell of [0, 3, 118]) {
      const scale = values.subarray(cell * data.nGenes, (cell + 1) * data.nGenes)
      const known = scale.reduce((sum, share, gene) => (lacks(cell, gene) ? sum : sum + share), 0)
      const total = data.counts
        .row(cell)
        .genes.reduce((sum, gene, k) => (lacks(cell, gene) ? sum : sum + data.counts.row(cell).counts[k]!), 0)
      const { genes, mean, median, low, high } = ofCell(filled, cell)
      for (const [k, gene] of genes.entries()) {
        const expected = (total * scale[gene]!) / known
        expect(mean[k]! / expected).toBeCloseTo(1, 4)
        const theta = dispersions!.values[cell * data.nGenes + gene]!
        const below = (end: number) =>
          Array.from({ length: end + 1 }, (_, x) => Math.exp(logCount(x, mean[k]!, theta))).reduce(
            (a, b) => a + b,
            0,
          )
        expect(below(high[k]!)).toBeGreaterThanOrEqual(0.75 - 1e-6)
        if (high[k]! > 0) expect(below(high[k]! - 1)).toBeLessThan(0.75 + 1e-6)
        expect(below(median[k]!)).toBeGreaterThanOrEqual(0.5 - 1e-6)
        if (median[k]! > 0) expect(below(median[k]! - 1)).toBeLessThan(0.5 + 1e-6)
        expect(below(low[k]!)).toBeGreaterThanOrEqual(0.25 - 1e-6)
        if (low[k]! > 0) expect(below(low[k]! - 1)).toBeLessThan(0.25 + 1e-6)
      }
    }
  })

  it('depend on the name of a cell and the seed, and on neither company nor threads', async () => {
    const all = await model.impute({ seed: 3 })
    const some = await model.impute({
      seed: 3,
      cells: Int32Array.of(1, 90, 3),
      genes: [data.varNames[4]!, data.varNames[40]!],
    })
    // the first one lacks nothing
    expect([...some.cells].every((i) => i > 0)).toBe(true)
    for (const [i, cell] of [1, 90, 3].entries()) {
      if (!some.cells.includes(i)) continue
      const [few, whole] = [ofCell(some, i), ofCell(all, cell)]
      for (const [k, gene] of few.genes.entries()) {
        expect([4, 40]).toContain(gene)
        expect(few.mean[k]! / whole.mean[whole.genes.indexOf(gene)]!).toBeCloseTo(1, 5)
      }
    }
    expect(some.genes.length).toBeGreaterThan(0)
    expect((await model.impute({ seed: 4 })).mean).not.toEqual(all.mean)
    const one = await createCpuDevice({ threads: 1 })
    await using alone = await SCVI.load(join(folder, 'own'), gappy, { device: one })
    expect(await alone.impute({ seed: 3 })).toEqual(all)
    await one.dispose()
  })

  it('are those of genes too that other data lacks', async () => {
    const genes = Int32Array.from({ length: 40 }, (_, gene) => gene)
    const part = {
      ...data,
      counts: data.counts.select(undefined, genes),
      nGenes: 40,
      varNames: data.varNames.slice(0, 40),
    }
    const filled = await model.impute({ adata: part, nSamples: 3 })
    expect(ofCell(filled, 1).genes).toEqual([40, 41, 42, 43, 44, 45, 46, 47, 48, 49])
    const { mean } = ofCell(filled, 1)
    const whole = Array.from(data.counts.row(1).genes).reduce(
      (sum, gene, k) => (gene < 40 ? sum : sum + data.counts.row(1).counts[k]!),
      0,
    )
    // as much as there is, about
    expect(mean.reduce((a, b) => a + b, 0) / whole).toBeGreaterThan(0.3)
    expect(mean.reduce((a, b) => a + b, 0) / whole).toBeLessThan(3)
  })

  it.each<[Parameters<SCVI['impute']>[0], string]>([
    [{ adata: data }, 'No count of these cells is missing'],
    [{ interval: 1 }, 'interval must be between 0 and 1'],
    [{ nSamples: -1 }, 'nSamples must be a whole number of at least 0'],
    [{ genes: ['no-such'] }, 'The model has no gene "no-such".'],
  ])('refuses %j', async (options, message) => {
    await expect(model.impute(options)).rejects.toThrow(message)
  })
})

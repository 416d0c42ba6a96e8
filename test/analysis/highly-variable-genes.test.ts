import { readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { highlyVariableGenes } from '../../src/analysis/genes/highly-variable-genes.js'
import { matrixOf } from '../anndata/fixtures.js'
import { type Lacks, withGaps } from '../gaps.js'

interface Golden {
  batch: number[]
  counts: number[][]
  cases: {
    batches: boolean
    nTopGenes: number
    genes: number[]
    medianRank: (number | null)[]
    nTopBatches: number[] | null
    normalizedVariance: number[]
    means: number[]
    variances: number[]
  }[]
}

const golden = JSON.parse(
  readFileSync(new URL('./fixtures/highly-variable-genes.json', import.meta.url), 'utf8'),
) as Golden

/** In blocks of rows, so that sums must cross blocks. */
const sparse = (rows: readonly (readonly number[])[]) => matrixOf(rows, 32)

function expectClose(actual: Float64Array, expected: readonly (number | null)[], tolerance: number): void {
  expect(actual).toHaveLength(expected.length)
  for (const [i, value] of expected.entries()) {
    if (value === null) expect(actual[i]).toBeNaN()
    else expect(Math.abs(actual[i]! - value)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(value)))
  }
}

describe('highlyVariableGenes', () => {
  const counts = sparse(golden.counts)
  const batch = Int32Array.from(golden.batch)

  test.each(golden.cases)('meets scanpy: batches $batches, top $nTopGenes', (wanted) => {
    const { nTopGenes } = wanted
    const found = highlyVariableGenes(counts, wanted.batches ? { nTopGenes, batch } : { nTopGenes })
    expectClose(found.means, wanted.means, 1e-12)
    expectClose(found.variances, wanted.variances, 1e-12)
    expectClose(found.normalizedVariance, wanted.normalizedVariance, 1e-10)
    expectClose(found.medianRank, wanted.medianRank, 0)
    if (wanted.nTopBatches) expect([...found.nTopBatches]).toEqual(wanted.nTopBatches)
    expect([...found.genes]).toEqual(wanted.genes)
  })

  it('takes every gene when asked for more than there are', () => {
    expect([...highlyVariableGenes(counts, { nTopGenes: 1000 }).genes]).toEqual([...golden.counts[0]!.keys()])
  })

  it('passes over batches too small for a variance', () => {
    const lonely = batch.slice()
    lonely[10] = 3
    const kept = [...lonely.keys()].filter((i) => i !== 10)
    const without = highlyVariableGenes(counts.select(kept), {
      nTopGenes: 15,
      batch: Int32Array.from(kept, (i) => batch[i]!),
    })
    const passed = highlyVariableGenes(counts, { nTopGenes: 15, batch: lonely, nBatches: 6 })
    expect(passed.genes).toEqual(without.genes)
    expect(passed.normalizedVariance).toEqual(without.normalizedVariance)
  })

  it('prefers the gene that differs between two groups to one that does not', () => {
    const rows = Array.from({ length: 60 }, (_, i) =>
      Array.from({ length: 30 }, (_, g) => (g === 12 ? (i % 2) * 8 : 1 + ((i * 7 + g * 5) % (2 + (g % 4))))),
    )
    expect([...highlyVariableGenes(sparse(rows), { nTopGenes: 1, span: 0.9 }).genes]).toEqual([12])
  })

  it('refuses options that make no sense', () => {
    expect(() => highlyVariableGenes(counts, { nTopGenes: 0 })).toThrow(/positive whole number/)
    expect(() => highlyVariableGenes(counts, { nTopGenes: 5, span: 2 })).toThrow(/span/)
    expect(() => highlyVariableGenes(counts, { nTopGenes: 5, nTop: 1 } as never)).toThrow(/"nTop"/)
    expect(() => highlyVariableGenes(counts, { nTopGenes: 5, batch: batch.slice(1) })).toThrow(
      /89 batch codes for 90 cells/,
    )
    expect(() => highlyVariableGenes(counts, { nTopGenes: 5, batch, nBatches: 2 })).toThrow(/0 … 1/)
    expect(() =>
      highlyVariableGenes(counts.select([0, 1]), { nTopGenes: 5, batch: Int32Array.of(0, 1) }),
    ).toThrow(/at least two cells/)
  })
})

describe('highlyVariableGenes of counts of which some are missing', () => {
  const batch = Int32Array.from(golden.batch)
  const nGenes = golden.counts[0]!.length
  const lacks: Lacks = (cell, gene) => (gene + 3 * cell) % 11 < 2 || (gene === 5 && cell !== 8)
  const gappy = withGaps(sparse(golden.counts), lacks)

  test('takes the moments of each gene over the cells that know it', () => {
    const { means, variances, normalizedVariance } = highlyVariableGenes(gappy, { nTopGenes: 20 })
    for (let g = 0; g < nGenes; g++) {
      const known = golden.counts.flatMap((row, cell) => (lacks(cell, g) ? [] : [row[g]!]))
      const mean = known.reduce((a, b) => a + b, 0) / known.length
      const squares = known.reduce((a, x) => a + (x - mean) ** 2, 0)
      expect(means[g]).toBeCloseTo(mean, 10)
      expect(variances[g]).toBeCloseTo(known.length < 2 ? 0 : squares / (known.length - 1), 8)
      expect(Number.isFinite(normalizedVariance[g])).toBe(true)
    }
    // one cell has no variance
    expect(normalizedVariance[5]).toBe(0)
  })

  test('is that of the cells that are left where all else of a gene is missing in them', () => {
    // a whole block of cells is missing: the others are the data
    const half = golden.counts.length >> 1
    const without = withGaps(sparse(golden.counts), (cell) => cell >= half)
    const { genes, normalizedVariance } = highlyVariableGenes(without, { nTopGenes: 30 })
    const alone = highlyVariableGenes(sparse(golden.counts.slice(0, half)), { nTopGenes: 30 })
    expect(genes).toEqual(alone.genes)
    expectClose(normalizedVariance, [...alone.normalizedVariance], 1e-12)
  })

  test('ranks a gene by the batches that know it', () => {
    const absent = withGaps(sparse(golden.counts), (cell, gene) => batch[cell] === 1 && gene % 4 === 0)
    const found = highlyVariableGenes(absent, { nTopGenes: 40, batch })
    const plain = highlyVariableGenes(sparse(golden.counts), { nTopGenes: 40, batch })
    for (let g = 0; g < nGenes; g += 4) {
      expect(found.nTopBatches[g]!).toBeLessThanOrEqual(plain.nTopBatches[g]!)
      expect(found.normalizedVariance[g]!).toBeGreaterThan(0.2 * plain.normalizedVariance[g]!)
    }
    expect(Array.from(found.genes).some((gene) => gene % 4 === 0)).toBe(true)
  })
})

import { describe, expect, it } from 'vitest'
import { pcaFloor } from '../../src/analysis/metrics/pca.js'
import { CountMatrix } from '../../src/anndata/counts/counts.js'
import { MISSING } from '../../src/numeric/missing.js'
import { Random } from '../../src/numeric/random.js'
import { symmetricEigen } from '../../src/numeric/symmetric-eigen.js'
import { matrixOf } from '../anndata/fixtures.js'

const N = 90
const G = 25

/** Counts of three cell types with their own genes, as dense rows and as a count matrix in three blocks. */
function typedCounts() {
  const random = new Random(5)
  const dense = Array.from({ length: N }, (_, cell) =>
    Array.from({ length: G }, (_, gene) => random.poisson(gene % 3 === cell % 3 ? 6 : 0.4)),
  )
  dense[7] = new Array<number>(G).fill(0)
  return { dense, counts: matrixOf(dense, 40) }
}

/** The same analysis on dense matrices: covariance and its eigenvectors. */
function densePca(dense: number[][], keep: number) {
  const logged = dense.map((row) => {
    const total = row.reduce((a, b) => a + b, 0)
    return row.map((count) => Math.log1p(total > 0 ? (count * 1e4) / total : 0))
  })
  const mean = (gene: number) => logged.reduce((sum, row) => sum + row[gene]!, 0) / N
  const variance = (gene: number) => logged.reduce((sum, row) => sum + (row[gene]! - mean(gene)) ** 2, 0) / N
  const genes = Array.from({ length: G }, (_, g) => g)
  const kept = genes.sort((a, b) => variance(b) - variance(a)).slice(0, keep)
  const centered = logged.map((row) => kept.map((gene) => row[gene]! - mean(gene)))
  const covariance = new Float64Array(keep * keep)
  for (const row of centered) {
    for (let a = 0; a < keep; a++)
      for (let b = 0; b < keep; b++) covariance[a * keep + b]! += row[a]! * row[b]!
  }
  const { values, vectors } = symmetricEigen(covariance, keep)
  const score = (cell: number, c: number) =>
    centered[cell]!.reduce((sum, x, gene) => sum + x * vectors[gene * keep + c]!, 0)
  return { values, score }
}

describe('pcaFloor', () => {
  const { dense, counts } = typedCounts()

  it('leaves out genes of which counts are missing', () => {
    const wider = dense.map((row, cell) => [...row, cell % 2 ? MISSING : 9, cell === 3 ? MISSING : 1])
    const { blocks } = matrixOf(wider, 40)
    const found = pcaFloor(new CountMatrix(G + 2, blocks, true), { components: 2, targetTotal: 100 })
    expect(found.scores.values.every(Number.isFinite)).toBe(true)
    const none = dense.map((row, cell) => row.map(() => (cell % 2 ? MISSING : 2)))
    expect(pcaFloor(new CountMatrix(G, matrixOf(none, 40).blocks, true)).scores.columns).toBe(0)
  })

  it('equals principal components of the dense log-normalised counts', () => {
    const { scores, varianceShare } = pcaFloor(counts, { topGenes: 20, components: 4 })
    const expected = densePca(dense, 20)
    const total = expected.values.reduce((a, b) => a + b, 0)
    expect([scores.rows, scores.columns]).toEqual([N, 4])
    // the first two directions part the three types; the others are noise with near-equal variances
    for (let c = 0; c < 2; c++) {
      expect(varianceShare[c]).toBeCloseTo(expected.values[c]! / total, 6)
      const sign = Math.sign(scores.values[c]! * expected.score(0, c))
      for (let cell = 0; cell < N; cell++) {
        expect(sign * scores.values[cell * 4 + c]!).toBeCloseTo(expected.score(cell, c), 3)
      }
    }
    expect(varianceShare[3]).toBeCloseTo(expected.values[3]! / total, 3)
  })

  it('is the same for the same seed and nearly so for another', () => {
    const first = pcaFloor(counts, { components: 2 })
    expect(pcaFloor(counts, { components: 2 })).toEqual(first)
    const other = pcaFloor(counts, { components: 2, seed: 9 })
    for (let i = 0; i < N * 2; i++) {
      const sign = Math.sign(first.scores.values[i % 2]! * other.scores.values[i % 2]!)
      expect(sign * other.scores.values[i]!).toBeCloseTo(first.scores.values[i]!, 3)
    }
  })

  it('asks for no more components than there are genes or cells', () => {
    expect(pcaFloor(counts, { topGenes: 3, components: 20 }).scores.columns).toBe(3)
    expect(pcaFloor(counts.select([0, 1]), { components: 20 }).scores.columns).toBe(2)
  })
})

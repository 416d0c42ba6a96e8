import { describe, expect, it } from 'vitest'
import { adam } from '../../src/check/oracle/adam.js'
import { countHead, countHeadGradient } from '../../src/check/oracle/count-head.js'
import { latentNormals, sampleLatent } from '../../src/check/oracle/latent.js'
import { type Cells, linear, log1pCounts } from '../../src/check/oracle/linear.js'
import { matrix } from '../../src/check/oracle/matrix.js'
import { reluDropout } from '../../src/check/oracle/relu-dropout.js'
import { SELF_TEST, SELF_TEST_ADAM, selfTestCells, selfTestWeights } from '../../src/device/cpu/self-test.js'
import { SELF_TEST_VALUES } from '../../src/device/cpu/self-test-values.js'
import type { CellRow } from '../../src/device/device.js'
import { NOISE } from '../../src/numeric/philox.js'

const { cells: nCells, genes: nGenes, hidden, latent, dropout, seed, step } = SELF_TEST

/** The self-test's network by the float64 oracles. */
function oracle(): Record<string, number[]> {
  const source = selfTestCells()
  const order = Array.from({ length: nCells }, (_, cell) => nCells - 1 - cell)
  const rows = source.counts.load(Int32Array.from(order)) as readonly CellRow[]
  const counts = matrix(nCells, nGenes)
  for (const [cell, row] of rows.entries()) {
    for (const [k, gene] of row.genes.entries()) counts.values[cell * nGenes + gene] = row.counts[k]!
  }
  const cells: Cells = {
    counts,
    categorical: [order.map(() => 0)],
    continuous: [],
    size: order.map((cell) => source.size[cell]!),
  }
  const weights = (rows: number, columns: number, start: number) =>
    matrix(rows, columns, selfTestWeights(rows * columns, start))
  const use = { categories: [], continuous: 0 }
  const first = linear(log1pCounts(cells), cells, use, weights(nGenes, hidden, 1), weights(1, hidden, 2))
  const dropped = reluDropout(first, dropout, { seed, step, purpose: NOISE.dropoutEncoder })
  const mean = linear(dropped, cells, use, weights(hidden, latent, 3), weights(1, latent, 4))
  const normals = latentNormals(nCells, latent, { seed, step, purpose: NOISE.latent })
  const { output: draw, kl } = sampleLatent({ mean, rawVariance: mean, normals })
  const head = {
    likelihood: 'zinb',
    scale: 'softmax',
    cells,
    hidden: draw,
    weight: weights(nGenes, latent, 5),
    bias: weights(1, nGenes, 6),
    zeroWeight: weights(nGenes, latent, 7),
    zeroBias: weights(1, nGenes, 8),
    logDispersion: weights(1, nGenes, 9),
  } as const
  const gradient = countHeadGradient(head)
  const updated = (value: typeof draw, by: typeof draw) =>
    adam(
      {
        value,
        firstMoment: matrix(value.rows, value.columns),
        secondMoment: matrix(value.rows, value.columns),
      },
      by,
      SELF_TEST_ADAM,
    )
  return {
    kl: Array.from(kl.values),
    logLikelihood: Array.from(countHead(head).logLikelihood.values),
    drawGradient: Array.from(gradient.hidden.values),
    weightMoment: Array.from(updated(head.weight, gradient.weight).firstMoment.values.slice(0, 8)),
    dispersion: Array.from(updated(head.logDispersion, gradient.logDispersion!).value.values.slice(0, 8)),
  }
}

describe('the self-test of a build', () => {
  it('expects what the oracles say', () => {
    const expected = oracle()
    expect(Object.keys(SELF_TEST_VALUES)).toEqual(Object.keys(expected))
    for (const [name, values] of Object.entries(expected)) {
      const scale = Math.max(...values.map(Math.abs))
      expect(SELF_TEST_VALUES[name]).toHaveLength(values.length)
      for (const [i, value] of values.entries()) {
        expect(Math.abs(SELF_TEST_VALUES[name]![i]! - value)).toBeLessThan(1e-6 * scale)
      }
    }
  })
})

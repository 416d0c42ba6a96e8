import { at, filled, type Matrix } from '../../src/check/oracle/matrix.js'
import type { ModelConfig } from '../../src/network/config.js'

const LOG_TWO_PI = Math.log(2 * Math.PI)

/** Normal distributions with diagonal variances: rows × dimensions. */
export interface Normals {
  mean: Matrix
  variance: Matrix
}

const sumTo = (n: number, value: (i: number) => number): number =>
  Array.from({ length: n }, (_, i) => value(i)).reduce((sum, x) => sum + x, 0)

/** ln of the density of a mixture of normals at one row of draws. */
function logMixture(draw: Matrix, row: number, { mean, variance }: Normals, logits: Matrix): number {
  const total = sumTo(mean.rows, (k) => Math.exp(at(logits, 0, k)))
  const density = sumTo(mean.rows, (k) => {
    const log = sumTo(mean.columns, (d) => {
      const v = at(variance, k, d)
      return -0.5 * ((at(draw, row, d) - at(mean, k, d)) ** 2 / v + Math.log(v) + LOG_TWO_PI)
    })
    return (Math.exp(at(logits, 0, k)) / total) * Math.exp(log)
  })
  return Math.log(density)
}

/** What of the latent's KL divergence the loss takes, as a mean over the cells. */
export function latentLoss(
  { freeBits }: ModelConfig,
  { mean, variance }: Normals,
  draw: Matrix,
  mixture?: { components: Normals; logits: Matrix },
): number {
  const { rows, columns } = mean
  if (mixture) {
    return (
      sumTo(rows, (i) => {
        const entropy = sumTo(columns, (d) => 0.5 * (Math.log(at(variance, i, d)) + LOG_TWO_PI + 1))
        return -entropy - logMixture(draw, i, mixture.components, mixture.logits)
      }) / rows
    )
  }
  const each = filled(rows, columns, (i, d) => {
    const v = at(variance, i, d)
    return 0.5 * (v + at(mean, i, d) ** 2 - 1 - Math.log(v))
  })
  return sumTo(columns, (d) => Math.max(freeBits, sumTo(rows, (i) => at(each, i, d)) / rows))
}

import type { Matrix } from '../../numeric/matrix.js'
import type { Partition } from './partition.js'

/**
 * The share of the variance of the cells' positions that lies between batches. That is what principal component regression finds when
 * all components are taken: the variance that the batch explains of each, weighted by the variance of the component (Büttner et al.,
 * Nature Methods 2019); how the axes are turned does not matter.
 */
export function batchVariance({ values, rows, columns: d }: Matrix, { codes, names }: Partition): number {
  const sizes = new Int32Array(names.length)
  const sums = new Float64Array(names.length * d)
  const means = new Float64Array(d)
  for (let i = 0; i < rows; i++) {
    sizes[codes[i]!]!++
    for (let f = 0; f < d; f++) {
      sums[codes[i]! * d + f]! += values[i * d + f]!
      means[f]! += values[i * d + f]! / rows
    }
  }
  let total = 0
  for (let i = 0; i < rows; i++) for (let f = 0; f < d; f++) total += (values[i * d + f]! - means[f]!) ** 2
  let between = 0
  for (const [b, size] of sizes.entries()) {
    for (let f = 0; f < d && size > 0; f++) between += size * (sums[b * d + f]! / size - means[f]!) ** 2
  }
  return total > 0 ? between / total : 0
}

/** How much less of the variance lies between batches than before the integration: 1 for none, 0 for as much or more. */
export function batchVarianceRemoved(before: number, after: number): number {
  return before > 0 ? Math.max(0, (before - after) / before) : Number.NaN
}

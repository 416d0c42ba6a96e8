import { neighbors } from '../../src/analysis/neighbors/neighbors.js'
import type { Matrix } from '../../src/numeric/matrix.js'

/** Trustworthiness of a layout (Venna and Kaski 2001): 1 when no stranger enters a neighbourhood of k. */
export function trustworthiness(high: Matrix, low: Matrix, k: number): number {
  const n = high.rows
  const ranked = neighbors(high, { k: n - 1, includeSelf: false })
  const near = neighbors(low, { k, includeSelf: false })
  let penalty = 0
  for (let i = 0; i < n; i++) {
    const rank = new Map(
      Array.from(ranked.indices.subarray(i * (n - 1), (i + 1) * (n - 1)), (cell, r) => [cell, r + 1]),
    )
    for (let j = 0; j < k; j++) penalty += Math.max(0, rank.get(near.indices[i * k + j]!)! - k)
  }
  return 1 - (2 * penalty) / (n * k * (2 * n - 3 * k - 1))
}

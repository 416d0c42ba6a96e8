import { ScvaeError } from '../../errors.js'
import type { Neighbors } from '../neighbors/neighbors.js'

export interface BatchMixing {
  /** Mean share of the k nearest other cells that are of the cell's own batch. */
  sameBatch: number
  /** That share when batches are perfectly mixed: the sum of the squared batch proportions. */
  ideal: number
}

/**
 * How well batches are mixed: the share of same-batch cells among the k nearest other cells, averaged over cells.
 *
 * 1 means that batches do not touch; the ideal is the sum of squared batch proportions. Where cell types differ in
 * abundance between batches, a correct integration stays above the ideal. Cells without a batch (code −1) are counted
 * neither as cells nor as neighbours.
 *
 * @param neighbors nearest neighbours with at least k others a cell
 * @param batchCodes batch of every cell
 * @throws ScvaeError `usage` when there are fewer than k neighbours a cell, or the lengths differ
 */
export function batchMixing(neighbors: Neighbors, batchCodes: ArrayLike<number>, k = 15): BatchMixing {
  const skip = neighbors.includesSelf ? 1 : 0
  if (neighbors.k - skip < k) {
    throw new ScvaeError(
      'usage',
      `Batch mixing needs ${k} neighbours a cell, but ${neighbors.k - skip} were given.`,
    )
  }
  if (batchCodes.length !== neighbors.n) {
    throw new ScvaeError('usage', `There are ${batchCodes.length} batch codes for ${neighbors.n} cells.`)
  }
  const sizes = new Map<number, number>()
  let cells = 0
  let withBatch = 0
  let sum = 0
  for (let i = 0; i < neighbors.n; i++) {
    const batch = batchCodes[i]!
    if (batch < 0) continue
    withBatch++
    sizes.set(batch, (sizes.get(batch) ?? 0) + 1)
    let same = 0
    let known = 0
    for (let j = skip; j < skip + k; j++) {
      const other = batchCodes[neighbors.indices[i * neighbors.k + j]!]!
      if (other < 0) continue
      known++
      if (other === batch) same++
    }
    if (known === 0) continue
    cells++
    sum += same / known
  }
  const ideal = [...sizes.values()].reduce((total, size) => total + (size / withBatch) ** 2, 0)
  return { sameBatch: sum / cells, ideal }
}

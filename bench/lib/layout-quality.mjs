/**
 * How well a layout keeps the k nearest cells of each: of all cells, or of some, each among all. Distances are Euclidean; of
 * cells as far the lower one is nearer.
 *
 * @param {{ values: Float32Array, rows: number, columns: number }} high cells × dimensions
 * @param {{ values: Float32Array, rows: number, columns: number }} low cells × dimensions of the layout
 * @param {number} k below half the cells
 * @param {ArrayLike<number>} cells positions of those that are looked at; all when left out
 * @returns {{ trustworthiness: number, kept: number }} trustworthiness (Venna and Kaski 2001), 1 when no stranger enters a
 * neighbourhood, and the share of the k nearest that are still among the k nearest
 */
export function layoutQuality(high, low, k, cells = Int32Array.from({ length: high.rows }, (_, i) => i)) {
  const n = high.rows
  const before = new Float64Array(n)
  const after = new Float64Array(n)
  let penalty = 0
  let kept = 0
  for (let c = 0; c < cells.length; c++) {
    measure(high, cells[c], before)
    measure(low, cells[c], after)
    const near = new Set(nearest(before, k))
    for (const cell of nearest(after, k)) {
      if (near.has(cell)) kept++
      else penalty += rankOf(before, cell) - k
    }
  }
  const looked = cells.length * k
  return { trustworthiness: 1 - (2 * penalty) / (looked * (2 * n - 3 * k - 1)), kept: kept / looked }
}

/** Squared distances of a cell to all; none is as far as the cell itself. */
function measure({ values, rows, columns }, cell, squared) {
  for (let i = 0; i < rows; i++) {
    let sum = 0
    for (let d = 0; d < columns; d++) sum += (values[i * columns + d] - values[cell * columns + d]) ** 2
    squared[i] = sum
  }
  squared[cell] = Number.POSITIVE_INFINITY
}

/** The k nearest, nearest first. */
function nearest(squared, k) {
  const cells = new Int32Array(k)
  let found = 0
  for (let i = 0; i < squared.length; i++) {
    if (found === k && squared[i] >= squared[cells[k - 1]]) continue
    let at = found < k ? found++ : k - 1
    for (; at > 0 && squared[cells[at - 1]] > squared[i]; at--) cells[at] = cells[at - 1]
    cells[at] = i
  }
  return cells
}

/** 1 for the nearest. */
function rankOf(squared, cell) {
  const own = squared[cell]
  let rank = 1
  for (let i = 0; i < squared.length; i++) if (squared[i] < own || (squared[i] === own && i < cell)) rank++
  return rank
}

import { ScvaeError } from '../../errors.js'

/** Sizes of the classes of two partitions and of their intersections. */
interface Contingency {
  n: number
  rowSizes: number[]
  columnSizes: number[]
  /** Nonzero cells of the table only. */
  cells: { size: number; rowSize: number; columnSize: number }[]
}

/**
 * Adjusted Rand index of two partitions (Hubert and Arabie, Journal of Classification 1985): 1 for equal partitions,
 * 0 in expectation for independent ones.
 *
 * @param a class codes, one an item (any integers)
 * @param b class codes, parallel to `a`
 * @throws ScvaeError `usage` when the lengths differ
 */
export function adjustedRandIndex(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const table = contingency(a, b)
  const pairs = (size: number) => (size * (size - 1)) / 2
  const together = table.cells.reduce((sum, cell) => sum + pairs(cell.size), 0)
  const inA = table.rowSizes.reduce((sum, size) => sum + pairs(size), 0)
  const inB = table.columnSizes.reduce((sum, size) => sum + pairs(size), 0)
  const expected = table.n > 1 ? (inA * inB) / pairs(table.n) : 0
  const most = (inA + inB) / 2
  // both partitions trivial in the same way (one class, or all single): they are equal
  return most === expected ? 1 : (together - expected) / (most - expected)
}

/**
 * Mutual information of two partitions over the arithmetic mean of their entropies, between 0 and 1 (Vinh, Epps and
 * Bailey, JMLR 2010; the form that scikit-learn computes by default).
 *
 * @param a class codes, one an item (any integers)
 * @param b class codes, parallel to `a`
 * @throws ScvaeError `usage` when the lengths differ
 */
export function normalizedMutualInformation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const { n, rowSizes, columnSizes, cells } = contingency(a, b)
  const entropy = (sizes: number[]) => -sizes.reduce((sum, size) => sum + (size / n) * Math.log(size / n), 0)
  const mean = (entropy(rowSizes) + entropy(columnSizes)) / 2
  if (mean === 0) return 1
  const information = cells.reduce(
    (sum, cell) => sum + (cell.size / n) * Math.log((cell.size * n) / (cell.rowSize * cell.columnSize)),
    0,
  )
  return Math.min(1, Math.max(0, information / mean))
}

function contingency(a: ArrayLike<number>, b: ArrayLike<number>): Contingency {
  if (a.length !== b.length) {
    throw new ScvaeError(
      'usage',
      `Two partitions of the same cells differ in length: ${a.length} and ${b.length}.`,
    )
  }
  const rows = new Map<number, number>()
  const columns = new Map<number, number>()
  const both = new Map<number, Map<number, number>>()
  const add = (map: Map<number, number>, key: number) => map.set(key, (map.get(key) ?? 0) + 1)
  for (let i = 0; i < a.length; i++) {
    add(rows, a[i]!)
    add(columns, b[i]!)
    const inRow = both.get(a[i]!) ?? new Map<number, number>()
    add(inRow, b[i]!)
    both.set(a[i]!, inRow)
  }
  const cells = [...both].flatMap(([row, inRow]) =>
    [...inRow].map(([column, size]) => ({ size, rowSize: rows.get(row)!, columnSize: columns.get(column)! })),
  )
  return { n: a.length, rowSizes: [...rows.values()], columnSizes: [...columns.values()], cells }
}

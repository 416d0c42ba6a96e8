/** A column as categories: the code of each cell, −1 where it has none. */
export interface Factor {
  name: string
  codes: ArrayLike<number>
  categories: readonly string[]
}

/** Cells that a combination of two values may have by mistake and still count as absent, */
const STRAY_CELLS = 2
/** or the share of the rarer of the two values, where that is more. */
const STRAY_SHARE = 0.005
/** From this share on it is no mistake, however few cells there are. */
const SOLID_SHARE = 0.02

/**
 * How two columns cross.
 *
 * - `same`: each value of one goes with one value of the other
 * - `inside`: the first is nested in the second, which is constant within each of its values
 * - `around`: the second is nested in the first
 * - `apart`: the values fall into groups that share no cells, and neither is nested in the other
 * - `partly`: some combinations have no cells, but all values are linked by others
 * - `crossed`: every combination has cells
 */
export type Relation = 'same' | 'inside' | 'around' | 'apart' | 'partly' | 'crossed'

export interface Crossing {
  /** Cells by the first column's values (rows) and the second's (columns), row-major. */
  table: Int32Array
  rows: readonly string[]
  columns: readonly string[]
  /** Cells that have a value in both. */
  cells: number
  /** Cramér's V with Bergsma's correction (J. Korean Statistical Society 42:323, 2013): 0 for independence, 1 for one given by the other. */
  cramersV: number
  relation: Relation
  /** The group of each value of the second column: values of one group can be compared within values of the first. */
  groups: Int32Array
  /** Groups in all; effects of the two columns can be told apart where there is one. */
  nGroups: number
}

/** Crosses two columns over the cells that have a value in both. */
export function cross(first: Factor, second: Factor, cells: ArrayLike<number>): Crossing {
  const nRows = first.categories.length
  const nColumns = second.categories.length
  const table = new Int32Array(nRows * nColumns)
  let n = 0
  for (let i = 0; i < cells.length; i++) {
    const row = first.codes[cells[i]!]!
    const column = second.codes[cells[i]!]!
    if (row < 0 || column < 0) continue
    table[row * nColumns + column]!++
    n++
  }
  const { groups, nGroups, relation } = relate(table, nRows, nColumns)
  return {
    table,
    rows: first.categories,
    columns: second.categories,
    cells: n,
    cramersV: cramersV(table, nRows, nColumns),
    relation,
    groups,
    nGroups,
  }
}

/** Cells of every row, and of every column. */
export function margins(
  table: Int32Array,
  nRows: number,
  nColumns: number,
): [rows: Int32Array, columns: Int32Array] {
  const rows = new Int32Array(nRows)
  const columns = new Int32Array(nColumns)
  for (let r = 0; r < nRows; r++) {
    for (let c = 0; c < nColumns; c++) {
      const cells = table[r * nColumns + c]!
      rows[r]! += cells
      columns[c]! += cells
    }
  }
  return [rows, columns]
}

function cramersV(table: Int32Array, nRows: number, nColumns: number): number {
  const [rows, columns] = margins(table, nRows, nColumns)
  const n = rows.reduce((sum, cells) => sum + cells, 0)
  const r = rows.filter((cells) => cells > 0).length
  const k = columns.filter((cells) => cells > 0).length
  if (r < 2 || k < 2) return 0
  let chiSquared = 0
  for (let row = 0; row < nRows; row++) {
    for (let column = 0; column < nColumns; column++) {
      const expected = (rows[row]! * columns[column]!) / n
      if (expected > 0) chiSquared += (table[row * nColumns + column]! - expected) ** 2 / expected
    }
  }
  const corrected = Math.max(0, chiSquared / n - ((k - 1) * (r - 1)) / (n - 1))
  const shorter = Math.min(k - (k - 1) ** 2 / (n - 1), r - (r - 1) ** 2 / (n - 1))
  return Math.min(1, Math.sqrt(corrected / (shorter - 1)))
}

/** Values are linked where a combination of them has more cells than a few mistakes in labels would give it. */
function relate(
  table: Int32Array,
  nRows: number,
  nColumns: number,
): { groups: Int32Array; nGroups: number; relation: Relation } {
  const [rows, columns] = margins(table, nRows, nColumns)
  const linked = (row: number, column: number): boolean => {
    const cells = table[row * nColumns + column]!
    const fewer = Math.min(rows[row]!, columns[column]!)
    return cells > SOLID_SHARE * fewer || cells > Math.max(STRAY_CELLS, STRAY_SHARE * fewer)
  }
  const parent = Int32Array.from({ length: nRows + nColumns }, (_, i) => i)
  const root = (i: number): number => {
    while (parent[i] !== i) {
      parent[i] = parent[parent[i]!]!
      i = parent[i]!
    }
    return i
  }
  const ofRow = new Int32Array(nRows)
  const ofColumn = new Int32Array(nColumns)
  let links = 0
  for (let row = 0; row < nRows; row++) {
    for (let column = 0; column < nColumns; column++) {
      if (!linked(row, column)) continue
      links++
      ofRow[row]!++
      ofColumn[column]!++
      parent[root(nRows + column)] = root(row)
    }
  }
  const numbers = new Map<number, number>()
  const groups = Int32Array.from(columns, (cells, column) => {
    if (cells === 0) return -1
    const own = root(nRows + column)
    if (!numbers.has(own)) numbers.set(own, numbers.size)
    return numbers.get(own)!
  })
  const inside = ofRow.every((n) => n <= 1)
  const around = ofColumn.every((n) => n <= 1)
  const used = rows.filter((cells) => cells > 0).length * columns.filter((cells) => cells > 0).length
  const nGroups = numbers.size
  const relation: Relation =
    inside && around
      ? 'same'
      : inside
        ? 'inside'
        : around
          ? 'around'
          : nGroups > 1
            ? 'apart'
            : links < used
              ? 'partly'
              : 'crossed'
  return { groups, nGroups, relation }
}

/** Cells in classes: code of every cell, 0 … names − 1, or −1 for none. */
export interface Partition {
  codes: Int32Array
  names: readonly string[]
}

/** The positions of the cells of each class, ascending. */
export function members({ codes, names }: Partition): Int32Array[] {
  const sizes = new Int32Array(names.length)
  for (const code of codes) if (code >= 0) sizes[code]!++
  const lists = Array.from(sizes, (size) => new Int32Array(size))
  const next = new Int32Array(names.length)
  for (const [cell, code] of codes.entries()) if (code >= 0) lists[code]![next[code]!++] = cell
  return lists
}

/**
 * Codes without gaps: classes that have no cell among the given ones are left out, the others stay in their order.
 *
 * @returns the number of classes that have a cell
 */
export function compactCodes(codes: Int32Array, nClasses: number): { codes: Int32Array; count: number } {
  const used = new Uint8Array(nClasses)
  for (const code of codes) used[code] = 1
  let count = 0
  const place = Int32Array.from(used, (has) => (has ? count++ : -1))
  return { codes: codes.map((code) => place[code]!), count }
}

import type { CellSource } from '../../device/device.js'

/** The cells of each batch, by its code, in their order; all of them as one where there are no batches. */
export function cellsByBatch({ nCells, categorical }: CellSource): Map<number, Int32Array> {
  const groups = new Map<number, number[]>()
  for (let cell = 0; cell < nCells; cell++) {
    const batch = categorical[0]?.[cell] ?? 0
    const group = groups.get(batch)
    if (group) group.push(cell)
    else groups.set(batch, [cell])
  }
  return new Map(Array.from(groups, ([batch, cells]) => [batch, Int32Array.from(cells)]))
}

import type { AskedCells } from './own-cells.js'

/**
 * For each cell the one of its name among others, as its place among these, −1 where there is none; undefined where no cell has one.
 *
 * @param among positions of the others that are looked among; all, in order, when left out
 */
export function namesakes(
  names: readonly string[] | undefined,
  others: readonly string[] | undefined,
  among?: Int32Array,
): Int32Array | undefined {
  if (!names || !others) return undefined
  const named = among ? Array.from(among, (cell) => others[cell]!) : others
  const places = new Map(named.map((name, place) => [name, place]))
  const found = Int32Array.from(names, (name) => places.get(name) ?? -1)
  return found.some((place) => place >= 0) ? found : undefined
}

/**
 * For each cell the same cell among those of a reference, as its place among these, −1 where there is none: by its position in the same data, else
 * by its name.
 */
export function sameCells(cells: AskedCells, reference: AskedCells): Int32Array {
  const found =
    cells.data && cells.data === reference.data
      ? samePositions(positionsOf(cells), positionsOf(reference))
      : namesakes(cells.names, reference.names)
  return found ?? new Int32Array(cells.source.nCells).fill(-1)
}

const positionsOf = ({ positions, source }: AskedCells): Int32Array =>
  positions ?? Int32Array.from({ length: source.nCells }, (_, cell) => cell)

function samePositions(cells: Int32Array, others: Int32Array): Int32Array {
  const places = new Map(Array.from(others, (cell, place) => [cell, place]))
  return cells.map((cell) => places.get(cell) ?? -1)
}

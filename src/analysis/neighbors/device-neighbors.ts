import type { Device, NearestRows } from '../../device/device.js'
import type { Matrix } from '../../numeric/matrix.js'
import {
  blankNeighbors,
  type NeighborOptions,
  type Neighbors,
  othersOf,
  putNeighbors,
  searchTree,
} from './neighbors.js'

/** Neighbours that the device finds beyond those asked for: their distance bounds those of all that it did not name. */
const SPARE = 4
/** Cells from which on a GPU searches: the tree is done with fewer in about half a second. */
const MANY_CELLS = 20_000
/** Relative error of one float32 operation in WGSL, rounded up or down. */
const UNIT = 2 ** -23
/** Float32 below which a device may round to zero. */
const SMALLEST = 2 ** -126

export interface DeviceNeighborOptions extends NeighborOptions {
  /** Search on the device whatever the number of cells, and also on a software GPU. Default false. */
  always?: boolean
}

/**
 * What {@link neighbors} finds, searched for by the device where that is faster: on a GPU that is not software, from 20,000
 * cells on. Else by the tree.
 *
 * The device compares all pairs in float32 and names a few more candidates than are asked for. Their distances are summed again
 * in float64. Where rounding leaves open whether a cell that was not named is closer, the tree decides.
 *
 * @param points cells × dimensions
 * @throws ScvaeError `usage` when `k` is out of range, `failed` when the data hold a value that is not finite,
 *   `no-device` when the GPU fails
 */
export async function neighborsOn(
  device: Device,
  points: Matrix,
  options: DeviceNeighborOptions = {},
): Promise<Neighbors> {
  const graph = blankNeighbors(points, options)
  const { n } = graph
  const others = othersOf(graph)
  const candidates = Math.min(others + SPARE, n - 1)
  const worthwhile = options.always || (!device.software && n >= MANY_CELLS)
  if (!worthwhile || !device.nearestRows || others === 0 || !fitsFloat32(points)) {
    searchTree(graph)
    return graph
  }
  const open = new Uint8Array(n)
  let nOpen = 0
  for await (const found of device.nearestRows(points, candidates)) {
    nOpen += rankCandidates(graph, found, open)
  }
  if (nOpen > 0) searchTree(graph, open)
  return graph
}

/** Whether no squared distance overflows in float32. */
function fitsFloat32({ values, columns }: Matrix): boolean {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return 4 * largest ** 2 * columns < 2 ** 127
}

/**
 * Writes the lists of a stretch of cells from the candidates that a device found for them.
 *
 * @param open gets a 1 for every cell whose list may lack a neighbour
 * @returns how many such cells there are
 */
export function rankCandidates(
  graph: Neighbors,
  { first, count, rows, farthest }: NearestRows,
  open: Uint8Array,
): number {
  const { points, n } = graph
  const d = points.columns
  const others = othersOf(graph)
  const candidates = rows.length / count
  const all = candidates === n - 1
  // a difference, its square and d sums of d + 1 terms in float32; the rest is for the sum in float64
  const share = 1 - (d + 4) * UNIT
  const cells = new Int32Array(candidates)
  const squared = new Float64Array(candidates)
  let nOpen = 0
  for (let i = 0; i < count; i++) {
    const cell = first + i
    for (let rank = 0; rank < candidates; rank++) {
      const other = rows[rank * count + i]!
      const distance = squaredDistance(points, cell, other)
      let at = rank
      for (; at > 0 && comesBefore(distance, other, squared[at - 1]!, cells[at - 1]!); at--) {
        squared[at] = squared[at - 1]!
        cells[at] = cells[at - 1]!
      }
      squared[at] = distance
      cells[at] = other
    }
    putNeighbors(graph, cell, cells, squared)
    // no cell that was not named is closer than this
    const bound = farthest[i]! * share - d * 4 * SMALLEST
    const last = squared[others - 1]!
    // at distance 0 rounding plays no part: those that were not named come later or are farther
    if (all || last < bound || last === 0) continue
    open[cell] = 1
    nOpen++
  }
  return nOpen
}

const comesBefore = (squared: number, cell: number, otherSquared: number, other: number): boolean =>
  squared < otherSquared || (squared === otherSquared && cell < other)

/** In float64, summed as the tree does. */
function squaredDistance({ values, columns }: Matrix, a: number, b: number): number {
  let sum = 0
  for (let f = 0; f < columns; f++) {
    const x = values[a * columns + f]! - values[b * columns + f]!
    sum += x * x
  }
  return sum
}

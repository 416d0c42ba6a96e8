import type { Device, NearestRows } from '../../device/device.js'
import { withHostKernels } from '../../device/host-kernels.js'
import type { Matrix } from '../../numeric/matrix.js'
import { searchLeafTree } from './host-neighbors.js'
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
/** Cells from which on a GPU searches. */
const MANY_CELLS = 20_000
/** Cells from which on kernels search on the threads of the CPU: the tree is done with fewer before threads have started. */
const CELLS_FOR_THREADS = 2000
/** Relative error of one float32 operation in WGSL, rounded up or down; the CPU's is half of it. */
const UNIT = 2 ** -23
/** Float32 below which a device may round to zero. */
const SMALLEST = 2 ** -126

export interface DeviceNeighborOptions extends NeighborOptions {
  /** Search on the device whatever the number of cells, and also on a software GPU. Default false. */
  always?: boolean
  /** Called with the number of cells that have been searched for, where the threads of the CPU search. */
  onCells?: (done: number) => void
}

/**
 * What {@link neighbors} finds, searched for where that is fastest: by a GPU that is not software from 20,000 cells on, else by
 * kernels on the threads of the CPU from 2,000 cells on, else by the tree on one thread.
 *
 * GPU and kernels compare in float32 and name a few more candidates than are asked for. Their distances are summed again in
 * float64. Where rounding leaves open whether a cell that was not named is closer, the tree decides.
 *
 * @param device a CPU device lends its threads; beside another, or none, a CPU device is opened for the search
 * @param points cells × dimensions
 * @throws ScvaeError `usage` when `k` is out of range, `failed` when the data hold a value that is not finite,
 *   `no-device` when the GPU fails
 */
export async function neighborsOn(
  device: Device | undefined,
  points: Matrix,
  options: DeviceNeighborOptions = {},
): Promise<Neighbors> {
  const graph = blankNeighbors(points, options)
  const { n } = graph
  const others = othersOf(graph)
  const candidates = Math.min(others + SPARE, n - 1)
  const { always = false, onCells } = options
  if ((!always && n < CELLS_FOR_THREADS) || others === 0 || !fitsFloat32(points)) {
    searchTree(graph)
    return graph
  }
  const gpu = device?.nearestRows && (always || (!device.software && n >= MANY_CELLS)) ? device : undefined
  const open = gpu?.nearestRows
    ? await rankAll(graph, gpu.nearestRows(points, candidates))
    : await withHostKernels(device, (host) =>
        rankAll(graph, searchLeafTree(host, points, candidates, onCells)),
      )
  if (open.includes(1)) searchTree(graph, open)
  return graph
}

/** Writes all lists; gives a 1 for every cell whose list may lack a neighbour. */
async function rankAll(graph: Neighbors, search: AsyncIterable<NearestRows>): Promise<Uint8Array> {
  const open = new Uint8Array(graph.n)
  for await (const found of search) rankCandidates(graph, found, open)
  return open
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

import type { HostKernels } from '../../device/host-kernels.js'
import { type Matrix, takeRows } from '../../numeric/matrix.js'
import { Random } from '../../numeric/random.js'
import { nearestToPoints } from '../neighbors/nearest-to-points.js'
import { STREAM } from '../random-streams.js'
import { TailNull } from './tail-null.js'

/** Neighbours that are looked at, and of each of these as many again. */
const NEIGHBORS = 10
/** Cells of the reference that are looked among, a seeded sample where there are more; of the new ones half as many. */
const MOST = 50_000
/** As many times denser than elsewhere the new cells may lie: shares of types differ between samples. */
const TOLERATED = 3
/** Draws behind the p-values, at least, but for a few cells: one for each cell and draw of the labels. */
const DRAWS = 100_000
const MOST_ROUNDS = 1000
/** Share of the draws that the exponential tail goes on from. */
const TAIL_SHARE = 0.01

/** Where new cells lie among themselves rather than among those of a reference. */
export interface NewGroups {
  /** Log2 of how much denser the new cells lie around each cell than those of the reference, beside how many there are of each. */
  log2Ratio: Float64Array
  /** p-value of so many new cells around it, were they nowhere more than three times denser than elsewhere. */
  p: Float64Array
}

/**
 * A local test of two samples in latent space (nearest-neighbour test, Schilling 1986; by cell, as Dann et al. 2022 do by neighbourhood): of the 10 nearest
 * cells, and of the 10 nearest to each of these, how many are new? A type that the reference lacks is crowded by its own, even
 * where the encoder puts it next to cells that it knows.
 *
 * p-values come from draws of the labels on the same graph, with the new cells {@link TOLERATED} times as dense as they are.
 *
 * @param reference cells of the reference × dimensions
 * @param cells cells × dimensions
 * @param twins for each cell the same cell in the reference, −1 for a new one
 */
export async function newGroups(
  host: HostKernels,
  reference: Matrix,
  cells: Matrix,
  twins: Int32Array,
  seed: number,
): Promise<NewGroups> {
  const random = new Random(seed, STREAM.newGroups)
  const every = Int32Array.from({ length: reference.rows }, (_, i) => i)
  const known = random.choice(every, MOST)
  const fresh = Int32Array.from(twins.keys()).filter((cell) => twins[cell] === -1)
  if (fresh.length === 0) {
    const n = cells.rows
    return { log2Ratio: new Float64Array(n).fill(Number.NaN), p: new Float64Array(n).fill(1) }
  }
  const added = random.choice(fresh, Math.max(1, known.length >> 1))
  const graph = await lookAround(host, joined(takeRows(reference, known), takeRows(cells, added)), {
    points: cells,
    self: placesOf(known, added, twins),
  })
  const found = labelledAround(graph, (place) => place >= known.length)
  const all = labelledAround(graph, () => true)
  const denser = TOLERATED * (added.length / known.length)
  const share = denser / (1 + denser)
  const rounds = Math.min(MOST_ROUNDS, Math.ceil(DRAWS / cells.rows))
  const drawn = new Float64Array(rounds * cells.rows)
  for (let round = 0; round < rounds; round++)
    drawn.set(
      labelledAround(graph, () => random.coarse() < share),
      round * cells.rows,
    )
  const null_ = new TailNull(drawn, TAIL_SHARE)
  const odds = added.length / known.length
  return {
    log2Ratio: found.map((value, i) => Math.log2((value + 0.5) / (all[i]! - value + 0.5) / odds)),
    p: found.map((value) => null_.p(value)),
  }
}

/** Which cells lie around points, and which around those. */
interface Around {
  nPoints: number
  nCells: number
  k: number
  /** Points × k: the nearest cells, as rows of `next`. */
  first: Int32Array
  /** The cell of each row. */
  cells: Int32Array
  /** Rows × k: the cells nearest to those. */
  next: Int32Array
  /** Points × k: whether the point itself is among the cells nearest to that one. */
  back: Uint8Array
  /** The cell that each point is, −1 for none. */
  self: Int32Array
}

async function lookAround(
  host: HostKernels,
  among: Matrix,
  { points, self }: { points: Matrix; self: Int32Array },
): Promise<Around> {
  const k = Math.min(NEIGHBORS, among.rows - 1)
  const near = await nearestToPoints(host, points, self, among, k)
  const cells = Int32Array.from(new Set(near.indices)).sort()
  const { indices: next } = await nearestToPoints(host, takeRows(among, cells), cells, among, k)
  const rows = new Int32Array(among.rows)
  for (const [row, cell] of cells.entries()) rows[cell] = row
  const first = near.indices.map((cell) => rows[cell]!)
  const back = Uint8Array.from(first, (row, at) => {
    const own = self[Math.floor(at / k)]!
    return Number(own >= 0 && next.subarray(row * k, (row + 1) * k).includes(own))
  })
  return { nPoints: points.rows, nCells: among.rows, k, first, cells, next, back, self }
}

/** Of the cells around each point, and around those, how many have a label; the point itself is not counted. */
function labelledAround(
  { nPoints, nCells, k, first, cells, next, back, self }: Around,
  isLabelled: (cell: number) => boolean,
): Float64Array {
  const label = Uint8Array.from({ length: nCells }, (_, cell) => Number(isLabelled(cell)))
  const around = new Uint8Array(cells.length)
  for (let row = 0; row < cells.length; row++) {
    let sum = label[cells[row]!]!
    for (let at = row * k; at < (row + 1) * k; at++) sum += label[next[at]!]!
    around[row] = sum
  }
  const found = new Float64Array(nPoints)
  for (let point = 0; point < nPoints; point++) {
    const own = label[self[point]!] ?? 0
    let sum = 0
    for (let at = point * k; at < (point + 1) * k; at++) sum += around[first[at]!]! - back[at]! * own
    found[point] = sum
  }
  return found
}

/** Where each cell is among those of the reference and the new ones that are looked among, −1 where it is not. */
function placesOf(known: Int32Array, added: Int32Array, twins: Int32Array): Int32Array {
  const places = new Map(Array.from(known, (cell, place) => [cell, place]))
  const self = twins.map((twin) => places.get(twin) ?? -1)
  for (const [i, cell] of added.entries()) self[cell] = known.length + i
  return self
}

function joined(a: Matrix, b: Matrix): Matrix {
  const values = new Float32Array(a.values.length + b.values.length)
  values.set(a.values)
  values.set(b.values, a.values.length)
  return { values, rows: a.rows + b.rows, columns: a.columns }
}

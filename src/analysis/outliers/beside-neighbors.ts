import type { CellSource, Device } from '../../device/device.js'
import type { HostKernels } from '../../device/host-kernels.js'
import { rowsOf } from '../../device/loaded-rows.js'
import type { Network } from '../../network/network.js'
import type { Matrix } from '../../numeric/matrix.js'
import { neighborsOn } from '../neighbors/device-neighbors.js'
import { type NearestToPoints, nearestToPoints } from '../neighbors/nearest-to-points.js'
import type { Neighbors } from '../neighbors/neighbors.js'
import { decodedCells } from '../posterior/decoded-cells.js'
import { thetaOf } from '../posterior/generate.js'
import type { CellsDone, LatentPosterior } from '../posterior/inference.js'
import type { MixedDistances } from './likeness.js'
import { PearsonSums } from './pearson-sums.js'
import { type Companions, SharedMisfit } from './shared-misfit.js'

/** The other cells that a cell is held against. */
export const OTHERS = 15

/**
 * What counts say at the mean latent of a cell's neighbours, where the cell itself has no say. A flexible model may explain
 * an odd cell that it was trained on, but only at a place of its own.
 */
export interface CountsBeside {
  /** Log-likelihood at the cell's own posterior mean less that at its neighbours', in nats. */
  gain: Float64Array
  /** Logarithm of the mean of (x − E x)² / (Var x + 0.1) over genes, under what the neighbours' mean decodes to. */
  misfit: Float64Array
  /** Of cells held against a reference: whether their companions, new cells near them, misfit alike (see {@link SharedMisfit}). */
  shared?: Float64Array
}

/** Cells, and cells that the model made, beside the cells next to them: each other, or those of a reference. */
export interface BesideNeighbors {
  /** Size of each cell. */
  size: Float32Array
  /** The neighbours of the cells among themselves, each cell itself first. */
  neighbors: Neighbors
  cells: CountsBeside & {
    /** Distance to the last of the cells that each is held against. */
    distance: Float32Array
    /** Distances to cells mixed of these, where there are cells enough. */
    mixed?: MixedDistances
  }
  simulated: CountsBeside & {
    size: Float32Array
    /** The cell that each was made from. */
    parent: Int32Array
    /** The cell whose latent it has, which is none of its neighbours: its parent, or one of the reference. */
    leftOut: Int32Array
    /** Posterior means. */
    means: Matrix
    /** Distance to the last neighbour. */
    distance: Float32Array
    mixed?: MixedDistances
  }
  /** What cells are held against, where that is not each other. */
  reference?: {
    posterior: LatentPosterior
    /** For each cell the same cell in the reference, −1 where there is none. */
    twins: Int32Array
  }
}

/** Where cells' neighbours lie, and how far the last of them is. */
interface Places {
  /** Mean latents of each cell's neighbours. */
  latent: Float32Array
  distance: Float32Array
}

/** Neighbours of cells and simulated cells, and the mean latents of them. */
export async function neighborPlaces(
  device: Device | undefined,
  host: HostKernels,
  means: Matrix,
  { made, leftOut }: { made: Matrix; leftOut: Int32Array },
  among: { reference: Matrix; nearest: NearestToPoints } | undefined,
): Promise<{ neighbors: Neighbors; cells: Places; simulated: Places }> {
  const others = Math.min(OTHERS, means.rows - 1)
  const neighbors = await neighborsOn(device, means, { k: others + 1 })
  const held = among?.reference ?? means
  const k = among?.nearest.k ?? others
  const nearest = await nearestToPoints(host, made, leftOut, held, k)
  return {
    neighbors,
    cells: among
      ? placesOf(held, among.nearest, 0, means)
      : placesOf(held, { ...neighbors, k: others + 1 }, 1, means),
    simulated: placesOf(held, nearest, 0, made),
  }
}

/** @param from the first of the cells named in each row that is not the cell itself */
function placesOf(
  held: Matrix,
  { indices, distances, k }: NearestToPoints,
  from: number,
  own: Matrix,
): Places {
  return {
    latent: meanLatents(held, indices, k, from, own),
    distance: Float32Array.from({ length: own.rows }, (_, i) => distances[(i + 1) * k - 1] ?? 0),
  }
}

/** Mean latents of the cells named in each row from a column on; a row that names none keeps its own. */
function meanLatents(
  { values, columns }: Matrix,
  indices: Int32Array,
  k: number,
  from: number,
  own: Matrix,
): Float32Array {
  if (k === from) return own.values
  const latent = new Float32Array(own.rows * columns)
  const share = 1 / (k - from)
  for (let i = 0; i < own.rows; i++) {
    for (let rank = from; rank < k; rank++) {
      const other = indices[i * k + rank]! * columns
      for (let f = 0; f < columns; f++) latent[i * columns + f]! += share * values[other + f]!
    }
  }
  return latent
}

/**
 * Decodes cells where their neighbours lie.
 *
 * @param latent a row for each cell
 * @param own log-likelihood of each cell at its own latent
 * @param companions of each cell, where their misfit is to be compared
 */
export async function besideNeighbors(
  { network, host, done }: { network: Network; host: HostKernels; done?: CellsDone },
  source: CellSource,
  latent: Float32Array,
  own: Float64Array,
  companions?: Companions,
): Promise<CountsBeside> {
  const gain = new Float64Array(source.nCells)
  const misfit = new Float64Array(source.nCells)
  const theta = await thetaOf(network, source.nGenes)
  const shared = companions && {
    misfit: new SharedMisfit(host, theta, companions),
    z: new Float64Array(source.nCells),
  }
  const sums = new PearsonSums(host, theta, network.capacity)
  const codes = source.categorical[0]
  try {
    const asked = { withLikelihood: true, markMissing: true }
    for await (const decoded of decodedCells(network, host, source, latent, asked)) {
      const { cells } = decoded
      const rows = await rowsOf(source, cells)
      const batchOf = (cell: number) => codes?.[cell] ?? 0
      const values = sums.of(decoded, rows, batchOf)
      const z = await shared?.misfit.of(decoded, rows, source.size, batchOf)
      for (const [i, cell] of cells.entries()) {
        gain[cell] = own[cell]! - decoded.logLikelihood![i]!
        misfit[cell] = values[i]!
      }
      if (shared && z) for (const [i, cell] of cells.entries()) shared.z[cell] = z[i]!
      done?.(cells.length)
    }
  } finally {
    sums.release()
  }
  return { gain, misfit, ...(shared && { shared: shared.z }) }
}

import type { CellSource, Device } from '../../device/device.js'
import type { HostKernels } from '../../device/host-kernels.js'
import { rowsOf } from '../../device/loaded-rows.js'
import type { Network } from '../../network/network.js'
import type { Matrix } from '../../numeric/matrix.js'
import { neighborsOn } from '../neighbors/device-neighbors.js'
import { nearestToPoints } from '../neighbors/nearest-to-points.js'
import type { Neighbors } from '../neighbors/neighbors.js'
import { decodedCells } from '../posterior/decoded-cells.js'
import { thetaOf } from '../posterior/generate.js'
import type { CellsDone, Posterior } from '../posterior/inference.js'
import { PearsonSums } from './pearson-sums.js'

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
}

/** Cells, and cells that the model made, beside the cells next to them. */
export interface BesideNeighbors {
  /** Size of each cell. */
  size: Float32Array
  /** The neighbours of the cells, each cell itself first. */
  neighbors: Neighbors
  cells: CountsBeside
  simulated: CountsBeside & {
    size: Float32Array
    /** The cell that each was made from, which is none of its neighbours. */
    parent: Int32Array
    /** Posterior means. */
    means: Matrix
    /** Distance to the last neighbour. */
    distance: Float32Array
  }
}

/** Neighbours of cells and simulated cells, and the mean latents of them. */
export async function neighborPlaces(
  device: Device | undefined,
  host: HostKernels,
  nLatent: number,
  posterior: Posterior,
  simulated: { cells: { parent: Int32Array }; posterior: Posterior },
) {
  const table = ({ mean }: Posterior): Matrix => ({
    values: mean,
    rows: mean.length / nLatent,
    columns: nLatent,
  })
  const means = table(posterior)
  const others = Math.min(OTHERS, means.rows - 1)
  const neighbors = await neighborsOn(device, means, { k: others + 1 })
  const made = table(simulated.posterior)
  const nearest = await nearestToPoints(host, made, simulated.cells.parent, means, others)
  return {
    neighbors,
    cells: meanLatents(means, neighbors.indices, others + 1, 1, means),
    simulated: meanLatents(means, nearest.indices, others, 0, made),
    simulatedDistance: Float32Array.from(
      { length: made.rows },
      (_, i) => nearest.distances[(i + 1) * others - 1] ?? 0,
    ),
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
 */
export async function besideNeighbors(
  { network, host, done }: { network: Network; host: HostKernels; done?: CellsDone },
  source: CellSource,
  latent: Float32Array,
  own: Float64Array,
): Promise<CountsBeside> {
  const gain = new Float64Array(source.nCells)
  const misfit = new Float64Array(source.nCells)
  const sums = new PearsonSums(host, await thetaOf(network, source.nGenes), network.capacity)
  const codes = source.categorical[0]
  try {
    const asked = { withLikelihood: true, markMissing: true }
    for await (const decoded of decodedCells(network, host, source, latent, asked)) {
      const { cells } = decoded
      const values = sums.of(decoded, await rowsOf(source, cells), (cell) => codes?.[cell] ?? 0)
      for (const [i, cell] of cells.entries()) {
        gain[cell] = own[cell]! - decoded.logLikelihood![i]!
        misfit[cell] = values[i]!
      }
      done?.(cells.length)
    }
  } finally {
    sums.release()
  }
  return { gain, misfit }
}

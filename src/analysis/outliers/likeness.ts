import type { CellSource } from '../../device/device.js'
import type { HostKernels } from '../../device/host-kernels.js'
import type { Network } from '../../network/network.js'
import type { Matrix } from '../../numeric/matrix.js'
import { nearestToPoints } from '../neighbors/nearest-to-points.js'
import { type CellsDone, posteriorOf } from '../posterior/inference.js'
import { ambientCells, ambientShares } from './ambient-mixtures.js'
import { doubletCells, doubletPairs } from './doublets.js'
import type { Part } from './joint-null.js'
import { logDistances } from './neighbor-distance.js'

/** Cells that are mixed of each kind, at most. */
export const MIXED_CELLS = 2000
/** The mixed cell, in order of distance, that says how near they are. */
const NEAREST = 5
/** Of fewer cells no mixed ones are made: most would be next to the cell that they were made of. */
const FEWEST = 100

/** How far mixed cells are, encoded: one distance for each cell. */
export interface MixedDistances {
  /** To the 5th nearest of doublets. */
  doublets: Float32Array
  /** To the 5th nearest of mixtures with the mean profile. */
  ambient: Float32Array
}

/** How many mixed cells of each kind are made of so many cells. */
export const mixedCells = (nCells: number): number => (nCells < FEWEST ? 0 : Math.min(MIXED_CELLS, nCells))

/**
 * Distances of points from mixed cells, of which doublets and mixtures with the mean profile are made and encoded; undefined with fewer than
 * 100 cells.
 *
 * @param source the cells that are mixed
 * @param latent their posterior means
 * @param points tables of points, such as cells and made cells
 */
export async function mixedDistances(
  { network, host, done }: { network: Network; host: HostKernels; done?: CellsDone },
  source: CellSource,
  latent: Matrix,
  points: readonly Matrix[],
  seed: number,
): Promise<MixedDistances[] | undefined> {
  const n = mixedCells(source.nCells)
  if (n === 0) return undefined
  const distances = async (mixed: CellSource) => {
    const { mean } = await posteriorOf(network, mixed, done)
    const among = { values: mean, rows: n, columns: latent.columns }
    const all: Float32Array[] = []
    for (const of of points) {
      const none = new Int32Array(of.rows).fill(-1)
      const nearest = await nearestToPoints(host, of, none, among, NEAREST)
      all.push(Float32Array.from(none, (_, i) => nearest.distances[(i + 1) * NEAREST - 1]!))
    }
    return all
  }
  // one kind after the other, so that the counts of one alone lie in memory
  const doublets = await distances(await doubletCells(source, doubletPairs(source, latent, n, seed)))
  const shares = ambientShares(source.nCells, n, seed)
  const ambient = await distances(await ambientCells(host, source, shares, seed))
  return points.map((_, i) => ({ doublets: doublets[i]!, ambient: ambient[i]! }))
}

/** How much nearer than neighbours mixed cells of each kind are, as a logarithm. */
export type Likeness = Readonly<Record<keyof MixedDistances, Part>>

/** Likeness of cells and simulated cells, where their distances from mixed cells are known. */
export function likeness(
  neighbors: Part,
  cells: MixedDistances | undefined,
  simulated: MixedDistances | undefined,
): Likeness | undefined {
  if (!cells || !simulated) return undefined
  const to = (kind: keyof MixedDistances): Part => {
    const mixed = logDistances(cells[kind], simulated[kind])
    return {
      cells: neighbors.cells.map((distance, i) => distance - mixed.cells[i]!),
      simulated: neighbors.simulated.map((distance, i) => distance - mixed.simulated[i]!),
    }
  }
  return { doublets: to('doublets'), ambient: to('ambient') }
}

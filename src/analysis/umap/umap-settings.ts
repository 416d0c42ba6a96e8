import type { Device } from '../../device/device.js'
import { ScvaeError } from '../../errors.js'
import type { Neighbors } from '../neighbors/neighbors.js'

export interface UmapOptions {
  /** Neighbours a cell that are used, the cell itself among them. Default 15, or all other cells where there are fewer. */
  nNeighbors?: number
  /** Smallest distance of points in the layout. Default 0.5. */
  minDist?: number
  /** Scale of the layout. Default 1. */
  spread?: number
  /** Default 0. */
  seed?: number
  /** Passes over the neighbour graph. Default 500 up to 10,000 cells, 200 above. */
  nEpochs?: number
  /** Called after every epoch. */
  onEpoch?: (epoch: number, nEpochs: number) => void
  /** A CPU device whose threads do the work; without one, or on another, a CPU device is opened for it. */
  device?: Device
  /** Threads of a device that is opened. Default all. */
  threads?: number
}

/** The options of a layout with their defaults, those of scanpy. */
export interface UmapSettings {
  /** Neighbours a cell that are used, the cell itself among them. */
  k: number
  minDist: number
  spread: number
  seed: number
  nEpochs: number
  onEpoch: ((epoch: number, nEpochs: number) => void) | undefined
}

/** @throws ScvaeError `usage` for a graph with too few neighbours a cell, or without the cells themselves */
export function umapSettings({ n, k, includesSelf }: Neighbors, options: UmapOptions): UmapSettings {
  const { nNeighbors = 15, minDist = 0.5, spread = 1, seed = 0, onEpoch } = options
  const used = Math.min(nNeighbors, n - 1)
  if (k < used || !includesSelf) {
    throw new ScvaeError(
      'usage',
      `UMAP needs ${used} neighbours of each of ${n} cells, the cell itself first; the given neighbours differ.`,
    )
  }
  return { k: used, minDist, spread, seed, nEpochs: options.nEpochs ?? (n <= 10_000 ? 500 : 200), onEpoch }
}

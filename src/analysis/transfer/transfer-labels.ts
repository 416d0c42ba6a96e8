import type { Device } from '../../device/device.js'
import { withHostKernels } from '../../device/host-kernels.js'
import { lowerBound } from '../../numeric/lower-bound.js'
import type { Matrix } from '../../numeric/matrix.js'
import { neighborsOn } from '../neighbors/device-neighbors.js'
import { type NearestToPoints, nearestToPoints } from '../neighbors/nearest-to-points.js'

/** Cells with a label each. */
export interface LabelledCells {
  /** Cells × dimensions. */
  points: Matrix
  /** The label of every cell, 0 … nLabels − 1. */
  codes: Int32Array
  nLabels: number
}

export interface LabelTransferOptions {
  /** Neighbours that vote on a cell's label; fewer where there are not as many. */
  k: number
  /** A CPU device lends its threads; beside another, or none, one is opened. */
  device?: Device
  /** For each point the position among the labelled cells of the same cell, which has no vote; −1 for none. None when left out. */
  twins?: Int32Array
  /** Called with the number of points that have been looked at. */
  onPoints?: (done: number) => void
}

/** What the labelled cells around points say of them. */
export interface LabelTransfer {
  /** The label with the most weight among a point's neighbours; the lower one of two alike. */
  codes: Int32Array
  /** Its share of the weight. */
  confidence: Float32Array
  /**
   * How usual it is for a labelled cell to be as far from its neighbours: twice the smaller of two shares, of the cells of that label and of
   * all, the point counted in, that are at least as far from the other labelled cells.
   */
  rangeP: Float64Array
}

/**
 * Labels of points by the labelled cells nearest to them.
 *
 * A neighbour at distance d votes with exp(−d² / 2h²), where h is the median distance of the point's neighbours: the kernel of Lotfollahi et al.
 * (2022) with a width that adapts to how dense the cells lie, so that no unit of length matters.
 *
 * How far a point is from the labelled cells is the mean distance of its k neighbours. Each labelled cell has such a distance too, from the
 * others (leave one out), and the rank of the point's among those of its label gives a conformal p-value (Vovk et al. 2005): among cells like the
 * labelled ones, at most a share α has one of at most α. A label with few cells has no small ones to give, so the rank among all
 * cells gives another, and the smaller of the two counts, doubled (Bonferroni).
 */
export async function transferLabels(
  { points: cells, codes, nLabels }: LabelledCells,
  points: Matrix,
  { k: wanted, device, twins, onPoints }: LabelTransferOptions,
): Promise<LabelTransfer> {
  const k = Math.min(wanted, cells.rows - 1)
  const among = await neighborsOn(device, cells, { k, includeSelf: false })
  const leftOut = twins ?? new Int32Array(points.rows).fill(-1)
  const found = await withHostKernels(device, (host) =>
    nearestToPoints(host, points, leftOut, cells, k, onPoints),
  )
  const own = meanDistances(among)
  const ranges = rangesOf(own, codes, nLabels)
  const range = own.slice().sort()
  const distance = meanDistances(found)
  const answer = {
    codes: new Int32Array(points.rows),
    confidence: new Float32Array(points.rows),
    rangeP: new Float64Array(points.rows),
  }
  const weights = new Float64Array(nLabels)
  for (let i = 0; i < points.rows; i++) {
    const near = found.distances.subarray(i * k, (i + 1) * k)
    const width = near[(k - 1) >> 1]!
    weights.fill(0)
    let total = 0
    for (let rank = 0; rank < k; rank++) {
      const weight = kernel(near[rank]!, width)
      weights[codes[found.indices[i * k + rank]!]!]! += weight
      total += weight
    }
    const best = weights.indexOf(Math.max(...weights))
    answer.codes[i] = best
    answer.confidence[i] = weights[best]! / total
    const [ofLabel, ofAll] = [ranges[best]!, range].map((values) => upperShare(values, distance[i]!))
    answer.rangeP[i] = Math.min(1, 2 * Math.min(ofLabel!, ofAll!))
  }
  return answer
}

/** Points that lie on top of half of their neighbours hear those alone. */
const kernel = (distance: number, width: number): number =>
  width > 0 ? Math.exp(-((distance / width) ** 2) / 2) : Number(distance === 0)

function meanDistances({ k, distances }: Pick<NearestToPoints, 'k' | 'distances'>): Float64Array {
  const means = new Float64Array(distances.length / k)
  for (let at = 0; at < distances.length; at++) means[Math.floor(at / k)]! += distances[at]! / k
  return means
}

/** Distances of the cells of each label, ascending. */
function rangesOf(distances: Float64Array, codes: Int32Array, nLabels: number): Float64Array[] {
  return Array.from({ length: nLabels }, (_, code) => distances.filter((_, i) => codes[i] === code).sort())
}

/** Share of some ascending values and one more, itself, that are at least as large as that one. */
function upperShare(values: Float64Array, value: number): number {
  return (values.length - lowerBound(values, value) + 1) / (values.length + 1)
}

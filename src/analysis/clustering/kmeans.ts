import { ScvaeError } from '../../errors.js'
import { Random } from '../../numeric/random.js'
import { STREAM } from '../simulate/random-streams.js'

export interface KMeansOptions {
  /** Independent starts; the one with the smallest inertia is kept. Default 10. */
  starts?: number
  /** Default 0. */
  seed?: number
  /** Most Lloyd iterations a start. Default 300. */
  maxIterations?: number
}

export interface KMeans {
  /** Cluster of every row, 0 … k − 1. */
  assignments: Int32Array
  /** k × d, row-major. */
  centers: Float64Array
  /** Sum of squared distances of the rows to their centres. */
  inertia: number
  /** Lloyd iterations of the start that was kept. */
  iterations: number
}

/**
 * k-means by Lloyd's iterations from k-means++ starts (Arthur and Vassilvitskii, SODA 2007), in the greedy form: of
 * 2 + ⌊ln k⌋ sampled candidates, the one that lowers the inertia most becomes the next centre.
 *
 * @param data n × d, row-major
 * @throws ScvaeError `usage` when `k` is not between 1 and n
 */
export function kmeans(
  data: Float32Array,
  n: number,
  d: number,
  k: number,
  options: KMeansOptions = {},
): KMeans {
  const { starts = 10, seed = 0, maxIterations = 300 } = options
  if (!Number.isInteger(k) || k < 1 || k > n) {
    throw new ScvaeError('usage', `${k} clusters were asked for, but ${n} cells allow 1 to ${n}.`)
  }
  const random = new Random(seed, STREAM.kmeans)
  let best = lloyd(data, n, d, k, plusPlusCenters(data, n, d, k, random), maxIterations)
  for (let start = 1; start < starts; start++) {
    const next = lloyd(data, n, d, k, plusPlusCenters(data, n, d, k, random), maxIterations)
    if (next.inertia < best.inertia) best = next
  }
  return best
}

function lloyd(
  data: Float32Array,
  n: number,
  d: number,
  k: number,
  centers: Float64Array,
  maxIterations: number,
): KMeans {
  const assignments = new Int32Array(n).fill(-1)
  const squared = new Float64Array(n)
  let iterations = 0
  while (assign(data, n, d, k, centers, assignments, squared) && iterations < maxIterations) {
    moveCenters(data, n, d, k, centers, assignments, squared)
    iterations++
  }
  return { assignments, centers, inertia: squared.reduce((sum, x) => sum + x, 0), iterations }
}

/** Assigns every row to its nearest centre; true when an assignment changed. */
function assign(
  data: Float32Array,
  n: number,
  d: number,
  k: number,
  centers: Float64Array,
  assignments: Int32Array,
  squared: Float64Array,
): boolean {
  let changed = false
  for (let i = 0; i < n; i++) {
    let nearest = 0
    let least = Number.POSITIVE_INFINITY
    for (let c = 0; c < k; c++) {
      const distance = squaredDistance(data, i * d, centers, c * d, d)
      if (distance < least) {
        least = distance
        nearest = c
      }
    }
    changed ||= assignments[i] !== nearest
    assignments[i] = nearest
    squared[i] = least
  }
  return changed
}

/** Puts every centre at the mean of its rows; an empty cluster starts anew at the row farthest from its centre. */
function moveCenters(
  data: Float32Array,
  n: number,
  d: number,
  k: number,
  centers: Float64Array,
  assignments: Int32Array,
  squared: Float64Array,
): void {
  const sizes = new Int32Array(k)
  centers.fill(0)
  for (let i = 0; i < n; i++) {
    const c = assignments[i]!
    sizes[c]!++
    for (let f = 0; f < d; f++) centers[c * d + f]! += data[i * d + f]!
  }
  for (let c = 0; c < k; c++) {
    if (sizes[c]! > 0) {
      for (let f = 0; f < d; f++) centers[c * d + f]! /= sizes[c]!
      continue
    }
    let farthest = 0
    for (let i = 1; i < n; i++) if (squared[i]! > squared[farthest]!) farthest = i
    squared[farthest] = 0
    for (let f = 0; f < d; f++) centers[c * d + f] = data[farthest * d + f]!
  }
}

function plusPlusCenters(data: Float32Array, n: number, d: number, k: number, random: Random): Float64Array {
  const centers = new Float64Array(k * d)
  const place = (c: number, row: number) => {
    for (let f = 0; f < d; f++) centers[c * d + f] = data[row * d + f]!
  }
  place(0, random.integer(n))
  let squared = Float64Array.from({ length: n }, (_, i) => squaredDistance(data, i * d, centers, 0, d))
  const trials = 2 + Math.floor(Math.log(k))
  for (let c = 1; c < k; c++) {
    let best: { row: number; inertia: number; squared: Float64Array<ArrayBuffer> } | undefined
    for (let trial = 0; trial < trials; trial++) {
      const row = weightedIndex(squared, random)
      place(c, row)
      const next = squared.map((s, i) => Math.min(s, squaredDistance(data, i * d, centers, c * d, d)))
      const inertia = next.reduce((sum, x) => sum + x, 0)
      if (best === undefined || inertia < best.inertia) best = { row, inertia, squared: next }
    }
    place(c, best!.row)
    squared = best!.squared
  }
  return centers
}

/** A position drawn with probability proportional to its weight; any position when all weights are zero. */
function weightedIndex(weights: Float64Array, random: Random): number {
  const total = weights.reduce((sum, w) => sum + w, 0)
  if (total === 0) return random.integer(weights.length)
  let left = random.next() * total
  let last = 0
  for (let i = 0; i < weights.length; i++) {
    if (weights[i]! === 0) continue
    last = i
    left -= weights[i]!
    if (left < 0) return i
  }
  return last
}

function squaredDistance(a: Float32Array, at: number, b: Float64Array, bt: number, d: number): number {
  let sum = 0
  for (let f = 0; f < d; f++) {
    const difference = a[at + f]! - b[bt + f]!
    sum += difference * difference
  }
  return sum
}

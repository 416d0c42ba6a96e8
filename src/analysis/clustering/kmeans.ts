import { ScvaeError } from '../../errors.js'
import type { Matrix } from '../../numeric/matrix.js'
import { Random } from '../../numeric/random.js'
import { STREAM } from '../random-streams.js'

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
  /** k × columns, row-major. */
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
 * @throws ScvaeError `usage` when `k` is not between 1 and the number of rows
 */
export function kmeans(points: Matrix, k: number, options: KMeansOptions = {}): KMeans {
  const { starts = 10, seed = 0, maxIterations = 300 } = options
  const n = points.rows
  if (!Number.isInteger(k) || k < 1 || k > n) {
    throw new ScvaeError('usage', `${k} clusters were asked for, but ${n} cells allow 1 to ${n}.`)
  }
  const random = new Random(seed, STREAM.kmeans)
  let best = lloyd(points, plusPlusCenters(points, k, random), maxIterations)
  for (let start = 1; start < starts; start++) {
    const next = lloyd(points, plusPlusCenters(points, k, random), maxIterations)
    if (next.inertia < best.inertia) best = next
  }
  return best
}

/** Rows on their way to clusters. */
interface Clustering {
  points: Matrix
  /** k × columns. */
  centers: Float64Array
  /** Cluster of every row, and its squared distance to that cluster's centre. */
  assignments: Int32Array
  squared: Float64Array
}

function lloyd(points: Matrix, centers: Float64Array, maxIterations: number): KMeans {
  const assignments = new Int32Array(points.rows).fill(-1)
  const squared = new Float64Array(points.rows)
  const clustering = { points, centers, assignments, squared }
  let iterations = 0
  while (assign(clustering) && iterations < maxIterations) {
    moveCenters(clustering)
    iterations++
  }
  return { assignments, centers, inertia: squared.reduce((sum, x) => sum + x, 0), iterations }
}

/** Assigns every row to its nearest centre; true when an assignment changed. */
function assign({ points, centers, assignments, squared }: Clustering): boolean {
  const k = centers.length / points.columns
  let changed = false
  for (let i = 0; i < points.rows; i++) {
    let nearest = 0
    let least = Number.POSITIVE_INFINITY
    for (let c = 0; c < k; c++) {
      const distance = squaredDistance(points, i, centers, c)
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
function moveCenters({ points, centers, assignments, squared }: Clustering): void {
  const { values, rows: n, columns: d } = points
  const sizes = new Int32Array(centers.length / d)
  centers.fill(0)
  for (let i = 0; i < n; i++) {
    const c = assignments[i]!
    sizes[c]!++
    for (let f = 0; f < d; f++) centers[c * d + f]! += values[i * d + f]!
  }
  for (const [c, size] of sizes.entries()) {
    if (size > 0) {
      for (let f = 0; f < d; f++) centers[c * d + f]! /= size
      continue
    }
    let farthest = 0
    for (let i = 1; i < n; i++) if (squared[i]! > squared[farthest]!) farthest = i
    squared[farthest] = 0
    putCenter(centers, c, points, farthest)
  }
}

function plusPlusCenters(points: Matrix, k: number, random: Random): Float64Array {
  const centers = new Float64Array(k * points.columns)
  putCenter(centers, 0, points, random.integer(points.rows))
  let squared = Float64Array.from({ length: points.rows }, (_, i) => squaredDistance(points, i, centers, 0))
  const trials = 2 + Math.floor(Math.log(k))
  for (let c = 1; c < k; c++) {
    let best: { row: number; inertia: number; squared: Float64Array<ArrayBuffer> } | undefined
    for (let trial = 0; trial < trials; trial++) {
      const row = weightedIndex(squared, random)
      putCenter(centers, c, points, row)
      const next = squared.map((s, i) => Math.min(s, squaredDistance(points, i, centers, c)))
      const inertia = next.reduce((sum, x) => sum + x, 0)
      if (best === undefined || inertia < best.inertia) best = { row, inertia, squared: next }
    }
    putCenter(centers, c, points, best!.row)
    squared = best!.squared
  }
  return centers
}

function putCenter(centers: Float64Array, c: number, { values, columns }: Matrix, row: number): void {
  centers.set(values.subarray(row * columns, (row + 1) * columns), c * columns)
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

function squaredDistance({ values, columns }: Matrix, row: number, centers: Float64Array, c: number): number {
  let sum = 0
  for (let f = 0; f < columns; f++) {
    const difference = values[row * columns + f]! - centers[c * columns + f]!
    sum += difference * difference
  }
  return sum
}

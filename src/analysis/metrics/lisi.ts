import type { Neighbors } from '../neighbors/neighbors.js'

const TOLERANCE = 1e-5
const MOST_HALVINGS = 50

/**
 * Local inverse Simpson's index of every cell for several partitions at once (Korsunsky et al., Nature Methods 2019): how many classes
 * its neighbourhood holds, neighbours weighted by exp(−β distance) with β such that the weights have the perplexity of a third of the
 * neighbours. 1 where all are of one class; the number of classes where all are as frequent.
 *
 * @param graph neighbours with the cell itself first
 * @param partitions each: class of every cell, 0 and up
 * @returns for each partition a value for every cell
 */
export function lisi(graph: Neighbors, partitions: readonly Int32Array[]): Float64Array[] {
  const { n, k, indices, distances } = graph
  const target = Math.log(Math.floor(k / 3))
  const weights = new Float64Array(k - 1)
  const sums = partitions.map(
    (codes) => new Float64Array(codes.reduce((most, code) => Math.max(most, code), 0) + 1),
  )
  const found = partitions.map(() => new Float64Array(n))
  for (let cell = 0; cell < n; cell++) {
    const row = distances.subarray(cell * k + 1, (cell + 1) * k)
    weigh(row, target, weights)
    for (const [p, codes] of partitions.entries()) {
      const mass = sums[p]!.fill(0)
      for (let j = 1; j < k; j++) mass[codes[indices[cell * k + j]!]!]! += weights[j - 1]!
      let simpson = 0
      for (const share of mass) simpson += share * share
      found[p]![cell] = 1 / simpson
    }
  }
  return found
}

/** Weights of the neighbours, which sum to 1 and have the entropy `target`. */
function weigh(distances: Float32Array, target: number, weights: Float64Array): void {
  let beta = 1
  let low = 0
  let high = Number.POSITIVE_INFINITY
  for (let tries = 0; ; tries++) {
    let sum = 0
    let moment = 0
    for (let j = 0; j < distances.length; j++) {
      const weight = Math.exp(-distances[j]! * beta)
      weights[j] = weight
      sum += weight
      moment += distances[j]! * weight
    }
    const entropy = sum > 0 ? Math.log(sum) + (beta * moment) / sum : 0
    const excess = entropy - target
    if (Math.abs(excess) < TOLERANCE || tries === MOST_HALVINGS) {
      for (let j = 0; j < weights.length; j++) weights[j]! /= sum
      return
    }
    if (excess > 0) low = beta
    else high = beta
    beta = high === Number.POSITIVE_INFINITY ? 2 * beta : (low + high) / 2
  }
}

/** The median of the values that are numbers. */
export function median(values: Float64Array): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort()
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

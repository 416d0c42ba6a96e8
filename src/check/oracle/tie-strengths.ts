import type { Neighbors } from '../../analysis/neighbors/neighbors.js'

const BISECTIONS = 64
const TOLERANCE = 1e-5
/** Least scale of a cell's distances, as a share of their mean. */
const LEAST_SCALE = 1e-3

/** n × (k − 1) weights in float64 from each cell to its neighbours in UMAP's graph, in their order. */
export function tieStrengths(neighbors: Neighbors, k: number): Float32Array {
  const { n, distances } = neighbors
  const weights = new Float32Array(n * (k - 1))
  let total = 0
  for (let i = 0; i < n; i++) for (let c = 0; c < k; c++) total += distances[i * neighbors.k + c]!
  const meanOfAll = total / (n * k)
  for (let i = 0; i < n; i++) {
    const row = distances.subarray(i * neighbors.k, i * neighbors.k + k)
    const rho = row.find((x) => x > 0) ?? 0
    const mean = rho > 0 ? row.reduce((sum, x) => sum + x, 0) / k : meanOfAll
    const sigma = Math.max(scaleOf(row, rho), LEAST_SCALE * mean)
    for (let c = 1; c < k; c++) {
      const beyond = row[c]! - rho
      weights[i * (k - 1) + c - 1] = beyond <= 0 ? 1 : Math.exp(-beyond / sigma)
    }
  }
  return weights
}

/** The σ, by bisection, at which the weights of a row without its first entry sum to log₂ k. */
function scaleOf(row: Float32Array, rho: number): number {
  const target = Math.log2(row.length)
  let low = 0
  let high = Number.POSITIVE_INFINITY
  let sigma = 1
  for (let step = 0; step < BISECTIONS; step++) {
    let sum = 0
    for (let c = 1; c < row.length; c++) sum += row[c]! > rho ? Math.exp(-(row[c]! - rho) / sigma) : 1
    if (Math.abs(sum - target) < TOLERANCE) break
    if (sum > target) high = sigma
    else low = sigma
    sigma = high === Number.POSITIVE_INFINITY ? 2 * sigma : (low + high) / 2
  }
  return sigma
}

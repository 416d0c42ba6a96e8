import type { HostKernels } from '../../device/host-kernels.js'
import type { Matrix } from '../../numeric/matrix.js'
import { Random } from '../../numeric/random.js'
import { tridiagonalEigen } from '../../numeric/tridiagonal-eigen.js'
import type { WeightedGraph } from '../clustering/weighted-graph.js'
import { STREAM } from '../random-streams.js'
import { largestEigen } from '../spectrum/largest-eigen.js'

/** Nodes up to which all eigenvalues are taken at once. */
const FEW_NODES = 400
/** Of eigenvectors. With ten times as much some cells of a thousand are judged otherwise than with none. */
const TOLERANCE = 1e-4
/** What is added to an eigenvalue, in float32: nothing to one of size 1. */
const EPSILON = 1e-8

/**
 * Positions of the nodes of a graph in which Euclidean distances are diffusion distances of all scales (Coifman et al., PNAS 2005;
 * Haghverdi et al., Nature Methods 2016): eigenvectors of the density-normalised symmetric transition matrix times λ / (1 − λ), as
 * scib-metrics has them.
 *
 * @param graph connected
 * @param components fewer than there are nodes
 * @returns nodes × components
 */
export function diffusionMap(host: HostKernels, graph: WeightedGraph, components: number): Matrix {
  const { n } = graph
  const entries = transitionWeights(graph)
  const random = new Random(0, STREAM.diffusion)
  const { values, vectors } =
    n <= FEW_NODES
      ? allEigen(graph, entries, components)
      : largestEigen(host, { ...graph, entries }, components, random, { tolerance: TOLERANCE })
  const positions = new Float32Array(n * components)
  for (let c = 0; c < components; c++) {
    const value = Math.fround(Math.fround(values[c]!) + EPSILON)
    const scale = value === 1 ? 1 : value / (1 - value)
    for (let i = 0; i < n; i++) positions[i * components + c] = Math.fround(vectors[c]![i]!) * scale
  }
  return { values: positions, rows: n, columns: components }
}

/** The entries of the transition matrix, parallel to the graph's weights. */
function transitionWeights({ n, starts, targets, weights }: WeightedGraph): Float64Array {
  const scaled = Float64Array.from(weights)
  // by the density of the nodes, then by the strength that is left
  for (const power of [1, 0.5]) {
    const sums = new Float64Array(n)
    for (let i = 0; i < n; i++) for (let at = starts[i]!; at < starts[i + 1]!; at++) sums[i]! += scaled[at]!
    for (let i = 0; i < n; i++) {
      for (let at = starts[i]!; at < starts[i + 1]!; at++) {
        scaled[at]! /= (sums[i]! * sums[targets[at]!]!) ** power
      }
    }
  }
  return scaled
}

function allEigen({ n, starts, targets }: WeightedGraph, entries: Float64Array, count: number) {
  const matrix = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let at = starts[i]!; at < starts[i + 1]!; at++) matrix[i * n + targets[at]!] = entries[at]!
  }
  const { values, vectors } = tridiagonalEigen(matrix, n)
  const largest = Array.from(values.keys()).sort((a, b) => Math.abs(values[b]!) - Math.abs(values[a]!))
  const wanted = largest.slice(0, count).sort((a, b) => a - b)
  return {
    values: Float64Array.from(wanted, (pair) => values[pair]!),
    vectors: wanted.map((pair) => vectors.subarray(pair * n, (pair + 1) * n)),
  }
}

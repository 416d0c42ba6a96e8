import { kmeans } from '../../dist/src/analysis/clustering/kmeans.js'
import {
  adjustedRandIndex,
  normalizedMutualInformation,
} from '../../dist/src/analysis/metrics/clustering-metrics.js'
import { batchMixing } from '../../dist/src/analysis/metrics/integration.js'
import { neighbors } from '../../dist/src/analysis/neighbors/neighbors.js'

const STARTS = 10
const NEIGHBORS = 15

/**
 * How well an embedding keeps the known types apart and the batches together.
 *
 * @param {import('../../dist/src/index.js').Matrix} embedding cells × dimensions
 * @param {Int32Array} labels type of every cell, −1 for cells that count neither in the clustering nor in its scores
 * @param {Int32Array | undefined} batches
 */
export function embeddingScores(embedding, labels, batches) {
  const { values, columns } = embedding
  const labelled = Array.from(labels.keys()).filter((cell) => labels[cell] >= 0)
  const points = {
    values: Float32Array.from(
      labelled.flatMap((cell) => [...values.subarray(cell * columns, (cell + 1) * columns)]),
    ),
    rows: labelled.length,
    columns,
  }
  const truth = labelled.map((cell) => labels[cell])
  const types = new Set(truth).size
  const { assignments } = kmeans(points, types, { starts: STARTS })
  const scores = {
    types,
    ari: adjustedRandIndex(assignments, truth),
    nmi: normalizedMutualInformation(assignments, truth),
    silhouette: silhouette(points, truth),
  }
  if (!batches) return scores
  const graph = neighbors(embedding, { k: NEIGHBORS + 1 })
  const { sameBatch, ideal } = batchMixing(graph, batches, NEIGHBORS)
  return {
    ...scores,
    mixing: sameBatch,
    idealMixing: ideal,
    effectiveBatches: effectiveBatches(graph, batches),
  }
}

/** Mean silhouette width of the known types (Rousseeuw 1987), Euclidean distances; 0 for the only cell of a type. */
function silhouette({ values, rows: n, columns: d }, labels) {
  const types = [...new Set(labels)]
  const type = Int32Array.from(labels, (label) => types.indexOf(label))
  const sizes = new Int32Array(types.length)
  for (const one of type) sizes[one]++
  const sums = new Float64Array(types.length)
  let total = 0
  for (let i = 0; i < n; i++) {
    sums.fill(0)
    for (let j = 0; j < n; j++) {
      let square = 0
      for (let k = 0; k < d; k++) square += (values[i * d + k] - values[j * d + k]) ** 2
      sums[type[j]] += Math.sqrt(square)
    }
    const own = type[i]
    if (sizes[own] === 1) continue
    const within = sums[own] / (sizes[own] - 1)
    let nearest = Number.POSITIVE_INFINITY
    for (let t = 0; t < types.length; t++) {
      if (t !== own) nearest = Math.min(nearest, sums[t] / sizes[t])
    }
    total += (nearest - within) / Math.max(nearest, within)
  }
  return total / n
}

/** Inverse Simpson index of the batches among a cell's neighbours, mean over cells (as LISI, Korsunsky et al. 2019, with equal weights). */
function effectiveBatches({ indices, k, n, includesSelf }, batches) {
  const first = includesSelf ? 1 : 0
  let total = 0
  for (let i = 0; i < n; i++) {
    const counts = new Map()
    for (let j = first; j < k; j++) {
      const batch = batches[indices[i * k + j]]
      counts.set(batch, (counts.get(batch) ?? 0) + 1)
    }
    let simpson = 0
    for (const count of counts.values()) simpson += (count / (k - first)) ** 2
    total += 1 / simpson
  }
  return total / n
}

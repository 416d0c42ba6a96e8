import { adjustedRandIndex, normalizedMutualInformation } from '../dist/src/analysis/clustering-metrics.js'
import { batchMixing } from '../dist/src/analysis/integration.js'
import { kmeans } from '../dist/src/analysis/kmeans.js'
import { nearestNeighbors } from '../dist/src/analysis/neighbors.js'

const STARTS = 10
const NEIGHBORS = 15

/**
 * How well an embedding keeps the known types apart and the batches together.
 *
 * @param {Float32Array} embedding n × d, row-major
 * @param {Int32Array} labels type of every cell, −1 for cells that count neither in the clustering nor in its scores
 * @param {Int32Array | undefined} batches
 */
export function embeddingScores(embedding, n, d, labels, batches) {
  const labelled = Array.from(labels.keys()).filter((cell) => labels[cell] >= 0)
  const rows = new Float32Array(labelled.length * d)
  for (const [i, cell] of labelled.entries()) rows.set(embedding.subarray(cell * d, (cell + 1) * d), i * d)
  const truth = labelled.map((cell) => labels[cell])
  const types = new Set(truth).size
  const { assignments } = kmeans(rows, labelled.length, d, types, { starts: STARTS })
  const scores = {
    types,
    ari: adjustedRandIndex(assignments, truth),
    nmi: normalizedMutualInformation(assignments, truth),
  }
  if (!batches) return scores
  const neighbors = nearestNeighbors(embedding, n, d, NEIGHBORS + 1)
  const { sameBatch, ideal } = batchMixing(neighbors, batches, NEIGHBORS)
  return { ...scores, mixing: sameBatch, idealMixing: ideal }
}

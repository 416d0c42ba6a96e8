import { ScvaeError } from '../../errors.js'

/**
 * How well each cluster is found again in other clusterings of the same cells: the largest Jaccard index (cells in both clusters over cells in
 * either) with a cluster of the other clustering, averaged over these (after Hennig, Computational Statistics & Data Analysis 2007).
 *
 * @param labels cluster of every cell, 0 and up
 * @param others the same of each other clustering
 * @returns a value from 0 to 1 for each cluster
 * @throws ScvaeError `usage` for none, or clusterings of other cells
 */
export function clusterReproducibility(labels: Int32Array, others: readonly Int32Array[]): Float64Array {
  if (others.length === 0 || others.some(({ length }) => length !== labels.length))
    throw new ScvaeError('usage', 'Clusters are looked for in other clusterings of the same cells.')
  const sizes = sizesOf(labels)
  const found = new Float64Array(sizes.length)
  for (const other of others) {
    const otherSizes = sizesOf(other)
    const both = new Int32Array(sizes.length * otherSizes.length)
    for (let i = 0; i < labels.length; i++) both[labels[i]! * otherSizes.length + other[i]!]!++
    for (let one = 0; one < sizes.length; one++) {
      let best = 0
      for (let two = 0; two < otherSizes.length; two++) {
        const shared = both[one * otherSizes.length + two]!
        best = Math.max(best, shared / (sizes[one]! + otherSizes[two]! - shared))
      }
      found[one]! += best / others.length
    }
  }
  return found
}

function sizesOf(labels: Int32Array): Int32Array {
  const sizes = new Int32Array(labels.reduce((most, label) => Math.max(most, label), -1) + 1)
  for (const label of labels) sizes[label]!++
  return sizes
}

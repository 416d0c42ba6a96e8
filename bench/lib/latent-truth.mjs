import { neighbors } from '../../dist/src/analysis/neighbors/neighbors.js'

const NEIGHBORS = 15
/** Cells of a batch in a type from which on its mixing is looked at. */
const FEWEST = 10

/**
 * What a latent knows of things measured apart from it, by each cell's 15 nearest others:
 *
 * - `recall`: the share of a type's cells whose neighbours are mostly of their type, mean over types
 * - `batchLeft`: among neighbours of a cell's own type, how far the share of its own batch lies above that batch's share of the type, of
 *   what is possible: 0 when mixed, 1 when apart; mean over cells
 * - `proteins`: correlation of a protein with its mean over the neighbours, mean over proteins
 *
 * @param {import('../../dist/src/index.js').Matrix} latent cells × dimensions
 * @param {{ labels?: Int32Array, batches?: Int32Array, proteins?: import('../../dist/src/index.js').Matrix }} truth −1: unknown
 */
export function latentTruth(latent, { labels, batches, proteins }) {
  const graph = neighbors(latent, { k: NEIGHBORS, includeSelf: false })
  return {
    ...(labels && { recall: recall(graph, labels) }),
    ...(labels && batches && { batchLeft: batchLeft(graph, labels, batches) }),
    ...(proteins && { proteins: proteinCorrelation(graph, proteins) }),
  }
}

const nearest = ({ indices, k }, cell) => indices.subarray(cell * k, (cell + 1) * k)
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length

function recall(graph, labels) {
  const found = new Map()
  for (const [cell, label] of labels.entries()) {
    if (label < 0) continue
    const votes = new Map()
    for (const other of nearest(graph, cell)) {
      if (labels[other] >= 0) votes.set(labels[other], (votes.get(labels[other]) ?? 0) + 1)
    }
    const [first] = [...votes].sort(([a, of], [b, than]) => than - of || a - b)
    const counts = found.get(label) ?? { right: 0, all: 0 }
    counts.all++
    if (first?.[0] === label) counts.right++
    found.set(label, counts)
  }
  return mean([...found.values()].map(({ right, all }) => right / all))
}

function batchLeft(graph, labels, batches) {
  const sizes = new Map()
  const key = (cell) => `${labels[cell]} ${batches[cell]}`
  const count = (of) => sizes.set(of, (sizes.get(of) ?? 0) + 1)
  for (let cell = 0; cell < labels.length; cell++) {
    if (labels[cell] < 0 || batches[cell] < 0) continue
    count(key(cell))
    count(labels[cell])
  }
  const left = []
  for (let cell = 0; cell < labels.length; cell++) {
    const own = sizes.get(key(cell))
    const type = sizes.get(labels[cell])
    if (own === undefined || own < FEWEST || type - own < FEWEST) continue
    const kin = [...nearest(graph, cell)].filter(
      (other) => labels[other] === labels[cell] && batches[other] >= 0,
    )
    if (kin.length === 0) continue
    const share = kin.filter((other) => batches[other] === batches[cell]).length / kin.length
    const expected = (own - 1) / (type - 1)
    left.push((share - expected) / (1 - expected))
  }
  return mean(left)
}

function proteinCorrelation(graph, { values, rows, columns }) {
  return mean(
    Array.from({ length: columns }, (_, protein) => {
      const measured = Float64Array.from({ length: rows }, (_, cell) => values[cell * columns + protein])
      const foretold = measured.map((_, cell) =>
        mean([...nearest(graph, cell)].map((other) => measured[other])),
      )
      return correlation(measured, foretold)
    }),
  )
}

function correlation(a, b) {
  const [meanA, meanB] = [mean(a), mean(b)]
  let [cross, squareA, squareB] = [0, 0, 0]
  for (let i = 0; i < a.length; i++) {
    cross += (a[i] - meanA) * (b[i] - meanB)
    squareA += (a[i] - meanA) ** 2
    squareB += (b[i] - meanB) ** 2
  }
  return cross / Math.sqrt(squareA * squareB)
}

import type { Predictor } from './baselines.js'
import { logCount } from './count-mixture.js'
import type { HiddenCounts } from './hide-counts.js'

/** Inverse dispersions that are tried, the last a Poisson's. */
const THETAS = [...Array.from({ length: 15 }, (_, i) => 0.02 * 2 ** i), Number.POSITIVE_INFINITY]
/** Of what is expected by the gene's mean, the least that a likelihood is given. */
const LEAST_SHARE = 0.1

/** Counts, what a predictor expects of them, and what a likelihood is given in its place: never as good as nothing. */
export interface PredictedCounts {
  cell: number
  genes: Int32Array
  counts: Float32Array
  expected: Float64Array
  likely: Float64Array
}

/** Cell by cell what a predictor says of hidden counts. */
export function* predictedCounts(
  { predict }: Predictor,
  geneMean: Predictor,
  { offsets, genes, counts }: HiddenCounts,
): Generator<PredictedCounts> {
  for (let cell = 0; cell + 1 < offsets.length; cell++) {
    const [from, to] = [offsets[cell]!, offsets[cell + 1]!]
    if (from === to) continue
    const some = genes.subarray(from, to)
    const expected = new Float64Array(to - from)
    const usual = new Float64Array(to - from)
    predict(cell, some, expected)
    geneMean.predict(cell, some, usual)
    const likely = expected.map((value, k) => Math.max(value, LEAST_SHARE * usual[k]!))
    yield { cell, genes: some, counts: counts.subarray(from, to), expected, likely }
  }
}

/**
 * The inverse dispersion of each gene under which counts that a predictor has not seen are most probable: a negative binomial's for what it
 * expects, of 16 values from 0.02 to infinity.
 */
export function geneDispersions(predictions: Iterable<PredictedCounts>, nGenes: number): Float64Array {
  const n = THETAS.length
  const logs = new Float64Array(nGenes * n)
  for (const { genes, counts, likely } of predictions)
    for (const [k, gene] of genes.entries())
      for (const [t, theta] of THETAS.entries())
        logs[gene * n + t]! += logCount(counts[k]!, likely[k]!, theta)
  return Float64Array.from({ length: nGenes }, (_, gene) => {
    const of = logs.subarray(gene * n, (gene + 1) * n)
    // the largest one where several are as good: a gene without counts
    return THETAS[of.lastIndexOf(of.reduce((a, b) => Math.max(a, b)))]!
  })
}

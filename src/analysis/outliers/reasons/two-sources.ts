import type { CellRow } from '../../../device/device.js'
import { MISSING } from '../../../numeric/missing.js'

const ROUNDS = 25

/** A cell's known counts, and the genes whose counts are not known. */
export interface KnownCounts {
  genes: Int32Array
  counts: Float64Array
  total: number
  missing: Int32Array
}

export function knownCounts({ genes, counts }: CellRow): KnownCounts {
  const isKnown = (_: number, k: number) => counts[k] !== MISSING
  const known = Float64Array.from(counts).filter(isKnown)
  return {
    genes: genes.filter(isKnown),
    counts: known,
    total: known.reduce((a, b) => a + b, 0),
    missing: genes.filter((gene, k) => !isKnown(gene, k)),
  }
}

/** The shares of a profile at a cell's counts, among the genes that are known. */
export function sharesAt({ genes, missing }: KnownCounts, profile: Float64Array): Float64Array {
  const lost = missing.reduce((sum, gene) => sum + profile[gene]!, 0)
  const known = Math.max(1 - lost, 1e-12)
  return Float64Array.from(genes, (gene) => profile[gene]! / known)
}

/** Σ x log p: the multinomial log-likelihood, but for what does not depend on p. */
export function logLikelihood({ counts }: KnownCounts, shares: Float64Array): number {
  let sum = 0
  for (let k = 0; k < counts.length; k++) sum += counts[k]! * Math.log(shares[k]!)
  return sum
}

/** How counts divide between two sources. */
export interface TwoSources {
  /** Share of the counts that are of the second source. */
  weight: number
  logLikelihood: number
  /** Shares of the genes of the two together, at the cell's counts. */
  shares: Float64Array
}

/**
 * The mixture (1 − w)·a + w·b of two profiles that makes counts likeliest, by expectation and maximisation; the log-likelihood is
 * concave in w, so that every start leads to the same end.
 */
export function twoSources(cell: KnownCounts, a: Float64Array, b: Float64Array): TwoSources {
  const { counts, total } = cell
  let weight = 0.3
  for (let round = 0; round < ROUNDS; round++) {
    let ofSecond = 0
    for (let k = 0; k < counts.length; k++) {
      const second = weight * b[k]!
      ofSecond += (counts[k]! * second) / (second + (1 - weight) * a[k]!)
    }
    weight = ofSecond / total
  }
  const shares = a.map((share, k) => (1 - weight) * share + weight * b[k]!)
  return { weight, logLikelihood: logLikelihood(cell, shares), shares }
}

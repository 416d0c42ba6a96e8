import type { Matrix } from '../../numeric/matrix.js'

/** Two genes, the one with the lower position first. */
export interface CorrelatedPair {
  first: number
  second: number
  correlation: number
}

/**
 * Of each gene the others with which it correlates most, up or down; each pair once, from the strongest on.
 *
 * @param top how many others of a gene
 */
export function topPairs({ values, rows: n }: Matrix, top: number): CorrelatedPair[] {
  const strength = (i: number, j: number) => Math.abs(values[i * n + j]!)
  const chosen = new Set<number>()
  for (let i = 0; i < n; i++) {
    const others = Int32Array.from({ length: n }, (_, j) => j).filter(
      (j) => j !== i && !Number.isNaN(values[i * n + j]!),
    )
    others.sort((a, b) => strength(i, b) - strength(i, a) || a - b)
    for (const j of others.subarray(0, top)) chosen.add(Math.min(i, j) * n + Math.max(i, j))
  }
  return Array.from(chosen, (at) => ({
    first: Math.floor(at / n),
    second: at % n,
    correlation: values[at]!,
  })).sort(
    (a, b) => Math.abs(b.correlation) - Math.abs(a.correlation) || a.first - b.first || a.second - b.second,
  )
}

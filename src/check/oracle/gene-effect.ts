import type { GeneEffect } from '../../analysis/expression/gene-effect.js'

/**
 * How two groups differ in a gene, by the definition, in float64: L = log2 (s₁ + c) − log2 (s₂ + c) over pairs of scales.
 *
 * @param c pseudocount
 * @param delta least |L| that counts as a change
 */
export function geneEffect(
  first: readonly number[],
  second: readonly number[],
  c: number,
  delta: number,
): GeneEffect {
  const n = first.length
  const changes = (added: number) =>
    first.map((a, i) => Math.log2((Math.fround(a) + added) / (Math.fround(second[i]!) + added)))
  const sorted = (values: readonly number[]) => values.toSorted((a, b) => a - b)
  const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / n
  const median = (values: readonly number[]) =>
    (sorted(values)[Math.floor((n - 1) / 2)]! + sorted(values)[Math.floor(n / 2)]!) / 2
  const large = changes(c)
  const ordered = sorted(large)
  const span = Math.min(n - 1, Math.floor(0.95 * n))
  const widths = ordered.slice(span).map((high, at) => high - ordered[at]!)
  const at = widths.indexOf(Math.min(...widths))
  const fold = changes(1e-3 * c)
  const middle = mean(fold)
  return {
    probaUp: mean(large.map((x) => Number(x >= delta))),
    probaDown: mean(large.map((x) => Number(x <= -delta))),
    probaMore: mean(first.map((a, i) => Number(a > second[i]!))),
    scale1: mean(first),
    scale2: mean(second),
    effect: median(large),
    effectLow: ordered[at]!,
    effectHigh: ordered[at + span]!,
    lfcMean: middle,
    lfcMedian: median(fold),
    lfcStd: Math.sqrt(mean(fold.map((x) => (x - middle) ** 2))),
    lfcMin: Math.min(...fold),
    lfcMax: Math.max(...fold),
  }
}

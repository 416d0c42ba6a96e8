/** How two groups differ in a gene, from pairs of draws. */
export interface GeneEffect {
  /** Probability of a change of at least δ upwards in the first group, and downwards. */
  probaUp: number
  probaDown: number
  /** Probability that the first group has more. */
  probaMore: number
  /** Mean scales of the two groups. */
  scale1: number
  scale2: number
  /** Median of log2 fold changes, with the shortest interval that has 95 % of them. */
  effect: number
  effectLow: number
  effectHigh: number
  /** Summary of log2 fold changes with a thousandth of the pseudocount, as scvi-tools gives it. */
  lfcMean: number
  lfcMedian: number
  lfcStd: number
  lfcMin: number
  lfcMax: number
}

/** Share of draws in the credible interval. */
const LEVEL = 0.95

/**
 * Compares a gene's scales in pairs of draws: L = log2 (s₁ + c) − log2 (s₂ + c).
 *
 * @param pseudocount c
 * @param delta least |L| that counts as a change
 * @param space as long as the scales, to be written over
 */
export function geneEffect(
  first: Float32Array,
  second: Float32Array,
  { pseudocount, delta }: { pseudocount: number; delta: number },
  space: Float32Array,
): GeneEffect {
  const n = first.length
  let [up, down, more, scale1, scale2] = [0, 0, 0, 0, 0]
  for (let i = 0; i < n; i++) {
    const a = first[i]!
    const b = second[i]!
    const change = Math.log2((a + pseudocount) / (b + pseudocount))
    space[i] = change
    if (change >= delta) up++
    else if (change <= -delta) down++
    if (a > b) more++
    scale1 += a
    scale2 += b
  }
  space.sort()
  const [effectLow, effectHigh] = shortestInterval(space, LEVEL)
  return {
    probaUp: up / n,
    probaDown: down / n,
    probaMore: more / n,
    scale1: scale1 / n,
    scale2: scale2 / n,
    effect: medianOfSorted(space),
    effectLow,
    effectHigh,
    ...foldChanges(first, second, 1e-3 * pseudocount, space),
  }
}

function foldChanges(first: Float32Array, second: Float32Array, pseudocount: number, space: Float32Array) {
  const n = first.length
  let sum = 0
  for (let i = 0; i < n; i++) {
    const change = Math.log2((first[i]! + pseudocount) / (second[i]! + pseudocount))
    space[i] = change
    sum += change
  }
  const mean = sum / n
  let squares = 0
  for (let i = 0; i < n; i++) squares += (space[i]! - mean) ** 2
  space.sort()
  return {
    lfcMean: mean,
    lfcMedian: medianOfSorted(space),
    lfcStd: Math.sqrt(squares / n),
    lfcMin: space[0]!,
    lfcMax: space[n - 1]!,
  }
}

function medianOfSorted(values: Float32Array): number {
  const half = values.length >> 1
  return values.length % 2 === 1 ? values[half]! : (values[half - 1]! + values[half]!) / 2
}

/** The shortest interval between sorted values with a share of them: of highest density, where they have one peak. */
export function shortestInterval(sorted: Float32Array, level: number): [low: number, high: number] {
  const span = Math.min(sorted.length - 1, Math.floor(level * sorted.length))
  let best = 0
  for (let at = 1; at + span < sorted.length; at++)
    if (sorted[at + span]! - sorted[at]! < sorted[best + span]! - sorted[best]!) best = at
  return [sorted[best]!, sorted[best + span]!]
}

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

import type { GeneEffect } from '../analysis/expression/gene-effect.js'
import { MOST_PAIRS } from '../analysis/expression/pair-scales.js'
import { ScvaeError } from '../errors.js'
import type { GroupOptions } from './cell-groups.js'
import type { SeededOptions } from './options.js'

/** Options of `differentialExpression`. */
export interface DifferentialOptions extends SeededOptions, GroupOptions {
  /**
   * `change` (when left out): how probable is a log2 fold change of at least `delta`; `vanilla`: how probable is it that the first group has
   * more, however little.
   */
  mode?: 'change' | 'vanilla'
  /** Least absolute log2 fold change that counts; 0.25 when left out. */
  delta?: number
  /** Expected share of false ones among the genes that are marked; 0.05 when left out. */
  fdrTarget?: number
  /** Decodes both groups in each batch in turn, and pairs within a batch; false when left out. */
  batchCorrection?: boolean
  /** Added to both scales; estimated from genes with hardly a count when left out. */
  pseudocount?: number
  /**
   * `importance`: draws are weighted by what the encoder has wrong (Boyeau et al. 2023), of at most 256 cells of a group; `uniform` when left out.
   */
  weights?: 'uniform' | 'importance'
  /** Pairs of draws; 5,000 when left out. */
  nSamples?: number
  /**
   * Column of obs that says which sample (donor, mouse, dish) each cell is of. Effects are then given by sample too, and a gene is marked
   * only where samples, and not cells alone, tell the groups apart.
   */
  sampleKey?: string
  /** Is told how far all comparisons are. */
  onProgress?: (done: number, total: number) => void
}

/** What a comparison says of a gene. `1` is the group, `2` what it is compared with; scales are shares of a cell's counts. */
export interface GeneDifference extends Omit<GeneEffect, 'probaUp' | 'probaDown' | 'probaMore'> {
  gene: string
  /** Change mode: the probability of a change by at least delta, in its more probable direction; and that of none. */
  probaDe?: number
  probaNotDe?: number
  /** Vanilla mode: the probability that the group has more; and that it has not. */
  probaM1?: number
  probaM2?: number
  /** ln of the ratio of these two. */
  bayesFactor: number
  /** Change mode: whether the gene is marked at the false discovery rate. */
  isDe?: boolean
  /** Mean counts. */
  rawMean1: number
  rawMean2: number
  /** Share of cells with a count. */
  nonZerosProportion1: number
  nonZerosProportion2: number
  /** Mean of counts scaled to 10,000 a cell. */
  rawNormalizedMean1: number
  rawNormalizedMean2: number
  /** With samples: the log2 fold change with every sample counting the same. */
  sampleEffect?: number
  /** P-value of a t test over samples, as it is and adjusted over all genes; NaN where there are too few samples. */
  sampleP?: number
  samplePAdjusted?: number
  /** The sample without which less than half of the effect is left; null where there is none. */
  oneSample?: string | null
  /** Log2 fold change of each of the comparison's samples. */
  effectBySample?: Float64Array
}

/** The samples behind a comparison. */
export interface ComparedSamples {
  /** Whether samples have cells in both groups, and each is compared with itself; else with the mean of the other group's. */
  paired: boolean
  nSamples1: number
  nSamples2: number
  /** In the order of `effectBySample`. */
  names: readonly string[]
  nCells1: readonly number[]
  nCells2: readonly number[]
}

/** What weighted draws rest on. */
export interface WeightedDraws {
  /** Cells of each group whose draws were weighted. */
  nCells1: number
  nCells2: number
  /** So many draws of equal weight would say as much; where they are few, they say little. */
  effectiveDraws1: number
  effectiveDraws2: number
}

/** Two groups of cells, compared. */
export interface GroupComparison {
  group1: string
  /** `Rest` for all others. */
  group2: string
  nCells1: number
  nCells2: number
  mode: 'change' | 'vanilla'
  delta: number
  pseudocount: number
  fdrTarget: number
  /** With a sample key. */
  samples?: ComparedSamples
  /** With weights by importance. */
  weighted?: WeightedDraws
  /** All genes of the model, the most probable first; those alike in the order of the model. */
  genes: GeneDifference[]
}

export const DIFFERENTIAL_KEYS = [
  'groupBy',
  'labels',
  'group1',
  'group2',
  'mode',
  'delta',
  'fdrTarget',
  'batchCorrection',
  'pseudocount',
  'weights',
  'nSamples',
  'sampleKey',
  'onProgress',
] as const satisfies (keyof DifferentialOptions)[]

/** Pairs of draws when no number is given. */
const PAIRS = 5000

/** @throws ScvaeError (usage) for a value out of range. */
export function differentialSettings(options: DifferentialOptions) {
  const { mode = 'change', delta = 0.25, fdrTarget = 0.05, nSamples = PAIRS, pseudocount } = options
  const { weights = 'uniform' } = options
  const refuse = (what: string, must: string, value: unknown) => {
    throw new ScvaeError('usage', `${what} must be ${must}, not ${value}.`)
  }
  if (mode !== 'change' && mode !== 'vanilla') refuse('mode', '"change" or "vanilla"', mode)
  if (weights !== 'uniform' && weights !== 'importance')
    refuse('weights', '"uniform" or "importance"', weights)
  if (!(delta > 0 && Number.isFinite(delta))) refuse('delta', 'a positive number', delta)
  if (!(fdrTarget > 0 && fdrTarget < 1)) refuse('fdrTarget', 'above 0 and below 1', fdrTarget)
  if (!(Number.isInteger(nSamples) && nSamples >= 2))
    refuse('nSamples', 'a whole number of at least 2', nSamples)
  if (nSamples > MOST_PAIRS) refuse('nSamples', `at most ${MOST_PAIRS}`, nSamples)
  if (pseudocount !== undefined && !(pseudocount > 0 && Number.isFinite(pseudocount)))
    refuse('pseudocount', 'a positive number', pseudocount)
  return { mode, delta, fdrTarget, weights, nSamples, ...(pseudocount !== undefined && { pseudocount }) }
}

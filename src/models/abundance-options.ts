import { ScvaeError } from '../errors.js'
import type { Matrix } from '../numeric/matrix.js'
import type { SeededOptions } from './options.js'

/** Options of `differentialAbundance`. */
export interface AbundanceOptions extends SeededOptions {
  /** Column of obs that says which sample (donor, mouse, dish) each cell is of. */
  sampleKey: string
  /** Column of obs with the conditions that are compared; none when left out. */
  groupBy?: string
  /** The condition that is compared; of two the second in natural order when left out. */
  group1?: string
  /** What it is compared with; all other conditions when left out. */
  group2?: string
  /** Column of obs whose values are counted in each sample, such as cell types. */
  labelsKey?: string
  /** Most cells of a sample whose posteriors its density is made of, a seeded choice of them; 1,000 when left out. */
  numCellsPosterior?: number
  /** Degrees of freedom of the Student t distributions of which densities are made, 3 when left out; null for normal ones. */
  dof?: number | null
  /** Is told how many cells are done. */
  onProgress?: (done: number, total: number) => void
}

/** A sample, or what of it is in a condition. */
export interface AbundanceSample {
  /** Of the sample, with its condition where samples are in both. */
  name: string
  sample: string
  /** Where conditions are compared. */
  condition?: string
  nCells: number
}

/** What a comparison of two conditions says of each cell, or of each label. */
export interface AbundanceDifference {
  /** Log2 of how much denser the first condition is there: mean over its samples, less that of the other's. */
  effect: Float64Array
  /** Of a t test over samples; adjusted over all cells, or labels (Benjamini and Hochberg). */
  p: Float64Array
  adjustedP: Float64Array
}

/** How many cells of each label samples have. */
export interface LabelCounts {
  labels: readonly string[]
  /** Labels × samples. */
  counts: Matrix
  /** Where conditions are compared: log2 odds ratios. */
  difference?: AbundanceDifference
}

/** What `differentialAbundance` gives. */
export interface Abundance {
  samples: AbundanceSample[]
  /** Samples of fewer than 10 cells, which have no density. */
  leftOut: string[]
  /** Cells × samples: log-densities of the samples' aggregated posteriors at the cells, in nats. */
  logDensities: Matrix
  /** Where conditions are compared. */
  comparison?: AbundanceDifference & {
    group1: string
    /** `Rest` for all others. */
    group2: string
    /** Whether samples are in both conditions, and each is compared with itself. */
    paired: boolean
    nSamples1: number
    nSamples2: number
  }
  /** With a `labelsKey`. */
  labels?: LabelCounts
}

export const ABUNDANCE_KEYS = [
  'sampleKey',
  'groupBy',
  'group1',
  'group2',
  'labelsKey',
  'numCellsPosterior',
  'dof',
  'onProgress',
] as const satisfies (keyof AbundanceOptions)[]

/** Posteriors of a sample at most: the density of so many is that of all, within its noise. */
const MOST_POSTERIORS = 1000
/** As for the outlier scores: the density of a lone cell is not left to rounding. */
const DEGREES_OF_FREEDOM = 3

/** @throws ScvaeError (usage) for a value out of range. */
export function abundanceSettings({
  sampleKey,
  groupBy,
  group1,
  group2,
  numCellsPosterior = MOST_POSTERIORS,
  dof = DEGREES_OF_FREEDOM,
}: AbundanceOptions): { numCellsPosterior: number; degrees: number | null } {
  if (typeof sampleKey !== 'string')
    throw new ScvaeError('usage', 'differentialAbundance needs sampleKey, the column of obs with samples.')
  if (groupBy === undefined && (group1 ?? group2) !== undefined)
    throw new ScvaeError('usage', 'Conditions are told apart by groupBy, which was not given.')
  if (!(Number.isInteger(numCellsPosterior) && numCellsPosterior >= 10))
    throw new ScvaeError(
      'usage',
      `numCellsPosterior must be a whole number of at least 10, not ${numCellsPosterior}.`,
    )
  if (dof !== null && !(dof > 0 && Number.isFinite(dof)))
    throw new ScvaeError('usage', `dof must be a positive number, or null, not ${dof}.`)
  return { numCellsPosterior, degrees: dof }
}

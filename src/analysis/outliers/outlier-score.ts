import { benjaminiHochberg } from '../../numeric/multiple-testing.js'
import { cauchyCombination } from './cauchy-combination.js'
import { upperTailP } from './empirical-tail.js'
import { jointP, type Part } from './joint-null.js'
import type { Likeness } from './likeness.js'

/** False discovery rate at which cells are flagged. */
export const OUTLIER_ALPHA = 0.05

/** Share of flagged cells above which flags say more of the model, or of the file, than of the cells. */
export const MOST_OUTLIERS = 0.2

/** What is said of the cells, and of cells that the model made; larger is odder. */
export interface OutlierParts {
  /** Log-likelihood that a cell gains by a place of its own, see {@link CountsBeside}. */
  gain: Part
  /** Misfit of the counts with what the neighbours lead one to expect. */
  misfit: Part
  /** Distance from the aggregated posterior. */
  aggregatedDistance: Part
  /** Distance to the k-th latent neighbour. */
  neighborDistance: Part
  /** How much nearer a cell is to mixed cells than to its neighbours, where there are cells enough to mix (see {@link likeness}). */
  likeness?: Likeness
  /** Size of the cells. */
  size: ArrayLike<number>
  /** Size of the simulated cells. */
  simulatedSize: ArrayLike<number>
  /** The cell that each simulated cell was made from. */
  parent: Int32Array
  /** Share of each cell's counts that are of mitochondrial genes, where these are known. */
  mitochondrialShare?: ArrayLike<number>
  /** Of cells that are held against a reference. */
  group?: {
    /** Misfit that a cell shares with the new cells near it, see {@link CountsBeside}. */
    sharedMisfit: Part
    /** p-values of {@link NewGroups}. */
    crowdedP: Float64Array
  }
  /** False discovery rate at which cells are flagged. Default {@link OUTLIER_ALPHA}. */
  alpha?: number
}

export interface OutlierScores {
  /** −log10 of the combined p-value: larger is more unusual. */
  score: Float32Array
  /** Combined p-value. */
  p: Float64Array
  /** Combined p-value, adjusted by Benjamini and Hochberg over the cells. */
  adjustedP: Float64Array
  /** p-value of the distance from the aggregated posterior. */
  aggregatedP: Float64Array
  /** p-value of the distance to the k-th latent neighbour. */
  neighborP: Float64Array
  /** p-value of the misfit between the counts and what the neighbours lead one to expect. */
  misfitP: Float64Array
  /** p-value of a size so small. */
  sizeP: Float64Array
  /** p-value of a mitochondrial share so large, where it is known. */
  mitochondrialP?: Float64Array
  /** p-value of belonging to a group that the reference lacks, of cells that are held against one. */
  newGroupP?: Float64Array
  /** 1 where the adjusted p-value is at most alpha. */
  flag: Uint8Array
}

// the parts together are a test against the model; size and mitochondrial share are held against the other cells only
const WEIGHT_OF_OTHERS = 0.1
/** Of likeness to doublets, and to ambient mixtures, beside the parts that find any odd cell: the two together are as one of these. */
const WEIGHT_OF_LIKENESS = 0.5
/** Of what says that a cell is of a group that the reference lacks. */
const WEIGHT_OF_GROUPS = 0.4
/** Counts at the median share that a cell's share is drawn to the median by. */
const PRIOR_COUNTS = 100

/**
 * One outlier score a cell: counts and latent together by {@link jointP}, and the p-values of few counts and of many
 * mitochondrial ones by {@link upperTailP}, combined by {@link cauchyCombination}, adjusted by Benjamini and Hochberg (JRSS B 1995)
 * and flagged at `alpha`.
 */
export function combineOutlierScores(parts: OutlierParts): OutlierScores {
  const { gain, misfit, aggregatedDistance, neighborDistance, likeness, mitochondrialShare, group } = parts
  const { size, simulatedSize, parent, alpha = OUTLIER_ALPHA } = parts
  const alike = likeness ? [likeness.doublets, likeness.ambient] : []
  const joint = jointP({
    parts: [gain, misfit, aggregatedDistance, neighborDistance, ...alike],
    weights: [1, 1, 1, 1, ...alike.map(() => WEIGHT_OF_LIKENESS)],
    size,
    simulatedSize,
    parent,
  })
  const sizeP = upperTailP(Float64Array.from(size, (value) => -Math.log(Math.max(value, 1))))
  const newGroupP =
    group &&
    newGroupPs(group.crowdedP, jointP({ parts: [group.sharedMisfit], size, simulatedSize, parent }).p)
  const mitochondrialP = mitochondrialShare && upperTailP(logShares(mitochondrialShare, size))
  const others: [Float64Array, number][] = [
    [sizeP, WEIGHT_OF_OTHERS],
    ...(mitochondrialP ? [[mitochondrialP, WEIGHT_OF_OTHERS] as [Float64Array, number]] : []),
    ...(newGroupP ? [[newGroupP, WEIGHT_OF_GROUPS] as [Float64Array, number]] : []),
  ]
  const rest = others.reduce((weight, [, of]) => weight - of, 1)
  const weights = [rest, ...others.map(([, weight]) => weight)]
  const p = joint.p.map((value, i) => cauchyCombination([value, ...others.map(([of]) => of[i]!)], weights))
  const adjustedP = benjaminiHochberg(p)
  return {
    score: Float32Array.from(p, (value) => -Math.log10(value)),
    p,
    adjustedP,
    aggregatedP: joint.parts[2]!,
    neighborP: joint.parts[3]!,
    misfitP: joint.parts[1]!,
    sizeP,
    ...(mitochondrialP && { mitochondrialP }),
    ...(newGroupP && { newGroupP }),
    flag: Uint8Array.from(adjustedP, (value) => (value <= alpha ? 1 : 0)),
  }
}

/** Crowded by new cells and misfit like them: two p-values of different things (Fisher 1932). */
const newGroupPs = (crowded: Float64Array, shared: Float64Array): Float64Array =>
  crowded.map((p, i) => {
    const product = Math.max(p * shared[i]!, Number.MIN_VALUE)
    return Math.min(1, product * (1 - Math.log(product)))
  })

/** Logarithms of shares, each drawn to the mean share by some counts: the share of a cell with few counts is mostly chance. */
function logShares(shares: ArrayLike<number>, size: ArrayLike<number>): Float64Array {
  const n = shares.length
  const mean = Array.from(shares).reduce((a, b) => a + b, 0) / n
  return Float64Array.from({ length: n }, (_, i) => {
    const counts = size[i]!
    return Math.log((shares[i]! * counts + mean * PRIOR_COUNTS + 1e-9) / (counts + PRIOR_COUNTS))
  })
}

import { ScvaeError } from '../../errors.js'
import { benjaminiHochberg } from '../../numeric/multiple-testing.js'
import { cauchyCombination } from './cauchy-combination.js'
import { upperTailP } from './empirical-tail.js'

/** False discovery rate at which cells are flagged. */
export const OUTLIER_ALPHA = 0.05

export interface OutlierParts {
  /** p-value of every cell's surprise. */
  surpriseP: Float64Array
  /** Distance of every cell from the aggregated posterior. */
  aggregatedDistance: Float64Array
  /** Scaled log distance of every cell to its k-th latent neighbour. */
  neighborDistance: Float64Array
  /** False discovery rate at which cells are flagged. Default {@link OUTLIER_ALPHA}. */
  alpha?: number
}

export interface OutlierScores {
  /** −log10 of the combined p-value: larger is more unusual. */
  score: Float32Array
  /** Combined p-value. */
  p: Float64Array
  /** Combined p-value, adjusted by Benjamini and Hochberg over the cells that have one. */
  adjustedP: Float64Array
  /** p-value of the distance from the aggregated posterior. */
  aggregatedP: Float64Array
  /** p-value of the distance to the k-th latent neighbour. */
  neighborP: Float64Array
  /** 1 where the adjusted p-value is at most alpha. */
  flag: Uint8Array
}

// Surprise is tested against the model and the two distances only against the other cells, so they get a quarter each.
const WEIGHTS = [0.5, 0.25, 0.25]

/**
 * One outlier score a cell from its surprise and its two latent distances.
 *
 * The distances become p-values by {@link upperTailP}; the three p-values are combined by {@link cauchyCombination},
 * adjusted by Benjamini and Hochberg (JRSS B 1995) and flagged at `alpha`. A cell with a NaN in any part (a cell
 * that was left out) gets NaN and no flag.
 *
 * @throws ScvaeError `usage` when the parts differ in length
 */
export function combineOutlierScores(parts: OutlierParts): OutlierScores {
  const { surpriseP, aggregatedDistance, neighborDistance, alpha = OUTLIER_ALPHA } = parts
  const n = surpriseP.length
  if (aggregatedDistance.length !== n || neighborDistance.length !== n) {
    throw new ScvaeError(
      'usage',
      `The parts of the outlier score are of ${n}, ${aggregatedDistance.length} and ${neighborDistance.length} cells.`,
    )
  }
  const aggregatedP = upperTailP(aggregatedDistance)
  const neighborP = upperTailP(neighborDistance)
  const p = Float64Array.from({ length: n }, (_, i) =>
    cauchyCombination([surpriseP[i]!, aggregatedP[i]!, neighborP[i]!], WEIGHTS),
  )
  const adjustedP = benjaminiHochberg(p)
  return {
    score: Float32Array.from(p, (value) => -Math.log10(value)),
    p,
    adjustedP,
    aggregatedP,
    neighborP,
    flag: Uint8Array.from(adjustedP, (value) => (value <= alpha ? 1 : 0)),
  }
}

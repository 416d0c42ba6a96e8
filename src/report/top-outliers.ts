import type { OutlierScores } from '../analysis/outliers/outlier-score.js'
import { OUTLIER_REASONS, type OutlierReasons } from '../analysis/outliers/reasons/outlier-reasons.js'
import { genesText } from '../analysis/outliers/reasons/reason-columns.js'
import type { OutlierRow, OutlierSummary } from './report-data.js'

export interface TopOutliersInput {
  scores: OutlierScores
  surpriseP: Float64Array
  cellNames: readonly string[]
  librarySize: ArrayLike<number>
  /** False discovery rate that the flags were made at. */
  alpha: number
  /** An obs column to print beside every cell. */
  label?: { name: string; of: (cell: number) => string }
  /** Why flagged cells are unusual, with names of the genes that they speak of. */
  reasons?: { of: OutlierReasons; genes: readonly string[] }
  /** Rows of the table. Default 50. */
  limit?: number
}

/** The cells with the highest outlier scores as the rows of the report's table; ties go to the earlier cell. */
export function topOutliers(input: TopOutliersInput): OutlierSummary {
  const { scores, label, reasons } = input
  const order = mostUnusualFirst(scores)
  const rows = Array.from(
    order.subarray(0, input.limit ?? 50),
    (cell): OutlierRow => ({
      cell: input.cellNames[cell]!,
      place: cell,
      score: scores.score[cell]!,
      adjustedP: scores.adjustedP[cell]!,
      surpriseP: input.surpriseP[cell]!,
      aggregatedP: scores.aggregatedP[cell]!,
      neighborP: scores.neighborP[cell]!,
      librarySize: input.librarySize[cell]!,
      flagged: scores.flag[cell] === 1,
      ...(label && { label: label.of(cell) }),
      ...(reasons && reasonOf(cell, reasons)),
    }),
  )
  return {
    alpha: input.alpha,
    flagged: scores.flag.reduce((sum, flag) => sum + flag, 0),
    scored: order.length,
    ...(label && { labelName: label.name }),
    rows,
  }
}

/** All cells that have a score, the highest first; ties go to the earlier cell. */
export function mostUnusualFirst({ p }: Pick<OutlierScores, 'p'>): Int32Array {
  const scored = Int32Array.from(p.keys()).filter((cell) => !Number.isNaN(p[cell]!))
  return scored.sort((a, b) => p[a]! - p[b]! || a - b)
}

function reasonOf(
  cell: number,
  { of, genes }: NonNullable<TopOutliersInput['reasons']>,
): Pick<OutlierRow, 'reason' | 'genes'> {
  const reason = OUTLIER_REASONS[of.codes[cell]!]
  const named = of.genes.get(cell)
  return { ...(reason && { reason }), ...(named && { genes: genesText(named, genes) }) }
}

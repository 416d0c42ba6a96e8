import type { Estimate } from '../../analysis/diagnose/estimate.js'
import type { Gaps } from '../../analysis/diagnose/gaps.js'
import type { SavedModel } from '../../files/model-files.js'
import type { CellSide, Diagnosis } from '../../models/diagnosed-model.js'

/** What one diagnostic found. */
export interface Finding {
  name:
    | 'collapse'
    | 'variational_gap'
    | 'amortization'
    | 'prior_holes'
    | 'overfitting'
    | 'predictions'
    | 'technical'
    | 'disentanglement'
    | 'rate_distortion'
    | 'null_batches'
  title: string
  grade: 'good' | 'attention' | 'unknown'
  /** The figure that was judged, with its standard error where it has one; null where it is not known. */
  value: number | null
  error: number | null
  unit: string
  /** The verdict, and what to do. */
  sentence: string
  /** What was measured beside it. */
  figures: (readonly [name: string, text: string])[]
}

/** What is judged of the model beside what was measured. */
export type JudgedModel = Pick<SavedModel, 'description' | 'training'>

export const shown = ({ value, error }: Estimate, digits = 2): string =>
  `${value.toFixed(digits)} ± ${error.toFixed(digits)}`

/** The side that stands for cells to come: those that were not trained on, where they are known. */
export function judged({ gaps }: Diagnosis): { side: string; gaps: Gaps } {
  const found =
    gaps.find(({ side }) => side === 'heldout') ?? gaps.find(({ side }) => side === 'all') ?? gaps[0]!
  return { side: sideName(found.side), gaps: found.gaps }
}

const NAMES: Record<CellSide, string> = {
  heldout: 'cells not trained on',
  all: 'cells',
  train: 'cells trained on',
}

export const sideName = (side: CellSide): string => NAMES[side]

/** The figure of a finding that could not be made. */
export const NOT_KNOWN = { value: null, error: null, grade: 'unknown' } as const

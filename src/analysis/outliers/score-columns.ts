import type { CellScores } from './cell-scores.js'

/** Columns of obs, one number a cell of the file. */
export type ScoreColumns = Record<string, Float32Array | Float64Array | Uint8Array>

interface ScoreColumn {
  array: typeof Float32Array | typeof Float64Array
  of: (scores: CellScores) => ArrayLike<number>
}

const SCORE_COLUMNS: Readonly<Record<string, ScoreColumn>> = {
  scvae_outlier_score: { array: Float32Array, of: ({ outliers }) => outliers.score },
  scvae_outlier_p: { array: Float64Array, of: ({ outliers }) => outliers.p },
  scvae_outlier_fdr: { array: Float64Array, of: ({ outliers }) => outliers.adjustedP },
  scvae_surprise_z: { array: Float32Array, of: ({ surprise }) => surprise.z },
  scvae_surprise_p: { array: Float64Array, of: ({ surprise }) => surprise.p },
  scvae_posterior_p: { array: Float64Array, of: ({ outliers }) => outliers.aggregatedP },
  scvae_neighbor_p: { array: Float64Array, of: ({ outliers }) => outliers.neighborP },
  scvae_misfit_p: { array: Float64Array, of: ({ outliers }) => outliers.misfitP },
  scvae_log_likelihood: { array: Float32Array, of: ({ surprise }) => surprise.logLikelihood },
}

/** The columns of {@link scoreColumns} before anything was computed. */
export function blankScoreColumns(nCells: number): ScoreColumns {
  const columns: ScoreColumns = {
    scvae_used: new Uint8Array(nCells),
    scvae_outlier: new Uint8Array(nCells),
    scvae_library_size: new Float32Array(nCells),
  }
  for (const [name, { array }] of Object.entries(SCORE_COLUMNS)) {
    columns[name] = new array(nCells).fill(Number.NaN)
  }
  return columns
}

/**
 * The scores as columns of obs: NaN (0 for the two flags) where a cell was not scored.
 *
 * @param cells positions of the scored cells in the file
 * @param librarySize total count of every cell of the file over the fitted genes
 */
export function scoreColumns(scores: CellScores, cells: Int32Array, librarySize: Float64Array): ScoreColumns {
  const columns = blankScoreColumns(librarySize.length)
  columns.scvae_library_size!.set(librarySize)
  for (const [i, cell] of cells.entries()) {
    columns.scvae_used![cell] = 1
    columns.scvae_outlier![cell] = scores.outliers.flag[i]!
  }
  for (const [name, { of }] of Object.entries(SCORE_COLUMNS)) {
    const values = of(scores)
    for (const [i, cell] of cells.entries()) columns[name]![cell] = values[i]!
  }
  return columns
}

const NEW_GROUP_P = 'scvae_new_group_p'
const NEW_GROUP_LOG2 = 'scvae_new_group_log2'

/** Names of the columns of {@link newGroupColumns}. */
export const NEW_GROUP_COLUMNS = [NEW_GROUP_P, NEW_GROUP_LOG2] as const

/**
 * What cells that are held against a reference have besides: the p-value of a group that the reference lacks, and log2 of how much denser than its
 * cells the new ones lie there; NaN where a cell was not scored.
 *
 * @param cells positions of the scored cells in the file
 */
export function newGroupColumns(
  { outliers: { newGroupP }, newGroups }: CellScores,
  cells: Int32Array,
  nCells: number,
): ScoreColumns {
  const spread = (values: ArrayLike<number> | undefined) => {
    const column = new Float64Array(nCells).fill(Number.NaN)
    if (values) for (const [i, cell] of cells.entries()) column[cell] = values[i]!
    return column
  }
  return { [NEW_GROUP_P]: spread(newGroupP), [NEW_GROUP_LOG2]: spread(newGroups?.log2Ratio) }
}

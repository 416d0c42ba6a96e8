import { leiden } from '../../analysis/clustering/leiden.js'
import { scoreCells } from '../../analysis/outliers/cell-scores.js'
import { MOST_OUTLIERS } from '../../analysis/outliers/outlier-score.js'
import type { OutlierReasons } from '../../analysis/outliers/reasons/outlier-reasons.js'
import {
  REASON_COLUMNS,
  reasonColumns,
  reasonCounts,
} from '../../analysis/outliers/reasons/reason-columns.js'
import {
  blankScoreColumns,
  NEW_GROUP_COLUMNS,
  newGroupColumns,
  type ScoreColumns,
  scoreColumns,
} from '../../analysis/outliers/score-columns.js'
import { type Column, numberColumn } from '../../anndata/frame/column.js'
import type { AnnData } from '../../anndata/read.js'
import { mitochondrialShare } from '../../cells/mitochondrial.js'
import type { Device } from '../../device/device.js'
import type { Model } from '../../models/model.js'
import type { CellsOptions } from '../../models/options.js'
import type { Matrix } from '../../numeric/matrix.js'
import { formatCount, formatPercent } from '../../report/format.js'
import type { Log } from '../log.js'
import { stageBar } from '../stage-bar.js'

/** Names of the columns that {@link outlierColumns} gives. */
export const OUTLIER_COLUMNS: readonly string[] = [
  ...Object.keys(blankScoreColumns(0)),
  ...REASON_COLUMNS,
  ...NEW_GROUP_COLUMNS,
]

/** Cells of a file as a model is asked about them. */
export type FileCells = CellsOptions & { adata: AnnData; cells: Int32Array }

/**
 * How unlike the cells of a reference those of a file are, and why, as columns of obs; and their posterior means.
 *
 * @param reference cells of another file; the model's own when left out
 */
export async function outlierColumns(
  model: Model,
  asked: FileCells,
  { reference = {}, device, log }: { reference?: CellsOptions; device: Device; log: Log },
): Promise<{ latent: Matrix; columns: Record<string, Column> }> {
  const { adata, cells } = asked
  const latent = await model.getLatentPosterior(asked)
  const surprise = await model.surpriseScores({ ...asked, reference, onCells: stageBar(log, 'surprise') })
  const share = mitochondrialShare(adata, cells)
  const scores = await scoreCells(latent, surprise, {
    device,
    ...(share && { mitochondrialShare: share }),
    onCells: stageBar(log, 'outliers'),
  })
  log.clearBar()
  const { labels } = await leiden(scores.neighbors, { device })
  const reasons = await model.outlierReasons(scores, labels, asked)
  sayOutliers(reasons, log)
  const sizes = new Float64Array(adata.nCells)
  for (const [i, cell] of cells.entries()) sizes[cell] = surprise.beside.size[i]!
  const genes = model.description.genes
  const columns = {
    ...numberColumns(scoreColumns(scores, cells, sizes)),
    ...numberColumns(newGroupColumns(scores, cells, adata.nCells)),
    ...reasonColumns(reasons, cells, adata.nCells, genes),
  }
  return { latent: latent.means, columns }
}

const numberColumns = (columns: ScoreColumns): Record<string, Column> =>
  Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, numberColumn(values)]))

/** How many cells are flagged, and why; flags on a good part of them say more about the file than about its cells. */
function sayOutliers(reasons: OutlierReasons, log: Log): void {
  const n = reasons.codes.length
  const counts = Object.entries(reasonCounts(reasons)).filter(([, count]) => count > 0)
  const flagged = counts.reduce((sum, [, count]) => sum + count, 0)
  const why = counts.map(([reason, count]) => `${reason} ${formatCount(count)}`).join(', ')
  log.info(
    `outliers: ${formatCount(flagged)} of ${formatCount(n)} cells (${formatPercent(flagged / n)})${why && `: ${why}`}`,
  )
  if (flagged <= MOST_OUTLIERS * n) return
  log.warn({
    what: `${formatCount(flagged)} of ${formatCount(n)} cells are flagged as unlike the reference`,
    why: 'the file as a whole differs from it',
    measure: 'share of cells flagged',
    value: flagged / n,
    threshold: MOST_OUTLIERS,
    advice:
      'check the genes that were found and the chemistry, or fit both files together with the file as the batch (docs/integration.md)',
  })
}

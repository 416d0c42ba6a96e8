import { leiden } from '../../analysis/clustering/leiden.js'
import { type CellScores, scoreCells } from '../../analysis/outliers/cell-scores.js'
import { MOST_OUTLIERS } from '../../analysis/outliers/outlier-score.js'
import type { OutlierReasons } from '../../analysis/outliers/reasons/outlier-reasons.js'
import type { LatentPosterior } from '../../analysis/posterior/inference.js'
import { umap } from '../../analysis/umap/umap.js'
import { umapByUmapJs } from '../../analysis/umap/umap-js.js'
import { mitochondrialShare } from '../../cells/mitochondrial.js'
import type { Device } from '../../device/device.js'
import type { Model } from '../../models/model.js'
import type { Matrix } from '../../numeric/matrix.js'
import { formatCount, formatPlural } from '../../report/format.js'
import { type ClusteredCells, clusterCells } from '../clusters.js'
import type { Log } from '../log.js'
import { stageBar } from '../stage-bar.js'
import type { FitData } from './fit-data.js'
import type { FitSettings } from './fit-settings.js'
import { startProfile } from './kernel-table.js'
import type { Run } from './run.js'

/** What a trained model says about the fitted cells. */
export interface ScoredCells {
  latent: LatentPosterior
  scores: CellScores
  /** Why flagged cells are unusual. */
  reasons: OutlierReasons
  /** Cells × 2, when a layout is wanted. */
  layout: Matrix | undefined
  /** When clusters are wanted. */
  clustered: ClusteredCells | undefined
}

/** What of a run the scores depend on. */
type ScoringRun = Pick<Run, 'log' | 'timer'> & {
  settings: Pick<FitSettings, 'umap' | 'resolutions' | 'profile'> & { train: { seed: number } }
}

/** Encodes, scores and lays out the fitted cells. */
export async function scoreModel(
  run: ScoringRun,
  { adata, cells }: Pick<FitData, 'adata' | 'cells'>,
  model: Model,
  device: Device,
): Promise<ScoredCells> {
  const { settings, log, timer } = run
  const { seed } = settings.train
  const profile = settings.profile ? startProfile(device, 'scores and layout', log) : undefined
  const latent = await timer.time('latent', () => model.getLatentPosterior())
  const surprise = await timer.time('surprise', () =>
    model.surpriseScores({ seed, onCells: stageBar(log, 'surprise') }),
  )
  const share = mitochondrialShare(adata, cells)
  const scores = await timer.time('outliers', () =>
    scoreCells(latent, surprise, {
      device,
      seed,
      ...(share && { mitochondrialShare: share }),
      onCells: stageBar(log, 'outliers'),
    }),
  )
  log.clearBar()
  warnOfManyOutliers(scores, log)
  const backend = settings.umap
  const layout = backend && (await timer.time('umap', () => layOut(run, device, scores, backend)))
  const { resolutions } = settings
  const clustered =
    resolutions.length === 0
      ? undefined
      : await timer.time('clusters', () => clusterCells(scores.neighbors, { resolutions, seed, device }, log))
  const reasons = await timer.time('reasons', async () => {
    const [clusters] = clustered?.clusters ?? [await leiden(scores.neighbors, { seed, device })]
    return model.outlierReasons(scores, clusters!.labels)
  })
  await profile?.end()
  return { latent, scores, reasons, layout, clustered }
}

/** Flags on a good part of the cells say more about the model than about the cells. */
export function warnOfManyOutliers(
  { outliers }: { outliers: Pick<CellScores['outliers'], 'flag'> },
  log: Pick<Log, 'warn'>,
): void {
  const n = outliers.flag.length
  const flagged = outliers.flag.reduce((sum, flag) => sum + flag, 0)
  if (flagged <= MOST_OUTLIERS * n) return
  log.warn({
    what: `${formatCount(flagged)} of ${formatPlural(n, 'cell')} are flagged as outliers`,
    why: 'the model does not fit the data yet',
    measure: 'share of cells flagged',
    value: flagged / n,
    threshold: MOST_OUTLIERS,
    advice: 'train for more epochs or check that the matrix holds raw counts',
  })
}

async function layOut(
  { settings, log }: ScoringRun,
  device: Device,
  { neighbors }: CellScores,
  backend: NonNullable<FitSettings['umap']>,
): Promise<Matrix> {
  const by = backend === 'scvae' ? '' : ` (${backend})`
  log.info(`laying out ${formatPlural(neighbors.n, 'cell')} by UMAP${by}`)
  const layOutBy = backend === 'scvae' ? umap : umapByUmapJs
  const layout = await layOutBy(neighbors, {
    seed: settings.train.seed,
    device,
    onEpoch: stageBar(log, 'UMAP'),
  })
  log.clearBar()
  return layout
}

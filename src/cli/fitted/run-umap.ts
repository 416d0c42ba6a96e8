import { neighborsOn } from '../../analysis/neighbors/device-neighbors.js'
import { umap } from '../../analysis/umap/umap.js'
import { writeFileCopy } from '../../anndata/write/copy.js'
import { spreadRows } from '../../numeric/matrix.js'
import { OBS_PREFIX, outputKeys } from '../fit/output-keys.js'
import { Log, type Verbosity } from '../log.js'
import { type FittedSettings, readFitted } from './fitted-file.js'

/** What a run of `scvae umap` was asked to do. */
export interface UmapSettings extends FittedSettings {
  nNeighbors: number
  minDist: number
  spread: number
  seed: number
  verbosity: Verbosity
}

/** Lays out the cells of a file by their positions, and writes a copy with the layout. */
export async function runUmap(settings: UmapSettings): Promise<void> {
  const { useRep, output, overwrite, nNeighbors, minDist, spread, seed } = settings
  const log = new Log(settings.verbosity)
  const fitted = await readFitted(settings)
  const { cells, points, nCells } = fitted
  const graph = await neighborsOn(undefined, points, { k: Math.min(nNeighbors, points.rows) })
  const layout = await umap(graph, {
    ...{ nNeighbors, minDist, spread, seed },
    onEpoch: (epoch, total) => log.bar(`UMAP ${epoch}/${total}`),
  })
  log.clearBar()
  const { umap: key } = outputKeys(fitted.keys, { obsmKey: useRep, obsPrefix: OBS_PREFIX })
  const additions = { obsm: { [key]: spreadRows(layout, cells, nCells) } }
  const record = {
    umap: { n_neighbors: nNeighbors, min_dist: minDist, spread, use_rep: useRep, seed },
  }
  for (const change of await writeFileCopy(fitted, output, additions, { overwrite, settings: record })) {
    log.warn(change)
  }
  log.info(`wrote ${output}: obsm/${key}`)
}

import { neighborsOn } from '../../analysis/neighbors/device-neighbors.js'
import { writeFileCopy } from '../../anndata/write/copy.js'
import { clusterCells, clusterColumns, graphAdditions } from '../clusters.js'
import { outputKeys } from '../fit/output-keys.js'
import { Log, type Verbosity } from '../log.js'
import { type FittedSettings, readFitted } from './fitted-file.js'

/** What a run of `scvae cluster` was asked to do. */
export interface ClusterSettings extends FittedSettings {
  resolutions: number[]
  nNeighbors: number
  seed: number
  obsPrefix: string
  verbosity: Verbosity
}

/** Clusters the cells of a file by their positions, and writes a copy with clusters and graph. */
export async function runCluster(settings: ClusterSettings): Promise<void> {
  const { useRep, output, overwrite, resolutions, nNeighbors, seed, obsPrefix } = settings
  const log = new Log(settings.verbosity)
  const fitted = await readFitted(settings)
  const { cells, points, nCells } = fitted
  const graph = await neighborsOn(undefined, points, { k: Math.min(nNeighbors, points.rows) })
  const clustered = await clusterCells(graph, { resolutions, seed, nNeighbors }, log)
  const names = outputKeys(fitted.keys, { obsmKey: useRep, obsPrefix })
  const columns = Object.entries(clusterColumns(clustered.clusters, cells, nCells))
  const additions = {
    obs: Object.fromEntries(columns.map(([name, column]) => [names.score(name), column])),
    ...graphAdditions(clustered, { cells, firstCell: 0, nCells }, { names, useRep, seed }),
  }
  const record = {
    clusters: {
      ...{ resolutions: Float64Array.from(resolutions), n_neighbors: nNeighbors, use_rep: useRep, seed },
    },
  }
  for (const change of await writeFileCopy(fitted, output, additions, { overwrite, settings: record })) {
    log.warn(change)
  }
  log.info(`wrote ${output}: ${Object.keys(additions.obs).join(', ')} in obs`)
}

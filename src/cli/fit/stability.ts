import type { Clusters } from '../../analysis/clustering/leiden.js'
import { meanOf } from '../../analysis/diagnose/estimate.js'
import type { Device } from '../../device/device.js'
import { fitStability, type SeedFits, type Stability } from '../../models/seeds.js'
import type { StabilitySummary } from '../../report/report-data.js'
import type { ClusteredCells } from '../clusters.js'
import type { Log } from '../log.js'
import { listed } from '../text.js'
import type { Run } from './run.js'

/** Clusters whose best Jaccard index is below this on average are not the same clusters any more (Hennig 2007). */
export const FOUND_AGAIN = 0.6

/** The usual name of the column of obs with the share of a cell's neighbours that all seeds agree on. */
export const STABILITY = 'scvae_stability'

/** What several fits agree on, and which they were. */
export interface SeedStability extends Stability {
  seeds: SeedFits
}

/** Compares the fits of a run. */
export async function stabilityOf(
  { settings, log, timer }: Run,
  seeds: SeedFits,
  clustered: ClusteredCells | undefined,
  device: Device,
): Promise<SeedStability> {
  const clusters = clustered?.clusters[0]
  const found = await timer.time('stability', () =>
    fitStability(seeds, { device, seed: settings.train.seed, ...(clusters && { clusters }) }),
  )
  const stability = { ...found, seeds }
  log.info(stabilitySentence(stability))
  warnOfLostClusters(stability, log)
  return stability
}

/** Warns of clusters that the other fits do not have. */
export function warnOfLostClusters(stability: Pick<Stability, 'clusters'>, log: Pick<Log, 'warn'>): void {
  const lost = lostClusters(stability)
  if (lost.length === 0) return
  log.warn({
    what: `${lost.length === 1 ? 'cluster' : 'clusters'} ${listed(lost.map(String), 10)} ${lost.length === 1 ? 'is' : 'are'} not found again by fits with other seeds`,
    measure: 'Jaccard index of the least stable cluster, mean over the other fits',
    value: Math.min(...lost.map((cluster) => stability.clusters![cluster]!)),
    threshold: FOUND_AGAIN,
    advice: `do not build on ${lost.length === 1 ? 'it' : 'them'}, or ask for fewer clusters with a lower --resolution`,
  })
}

/** Clusters that other fits do not have. */
const lostClusters = ({ clusters }: Pick<Stability, 'clusters'>): number[] =>
  Array.from(clusters ?? []).flatMap((value, cluster) => (value < FOUND_AGAIN ? [cluster] : []))

/** The verdict. */
export function stabilitySentence(stability: SeedStability): string {
  const { cells, clusters, seeds } = stability
  const { value, error } = meanOf(cells)
  const share = `${(100 * value).toFixed(1)} ± ${(100 * error).toFixed(1)} %`
  const neighbors = `All ${seeds.fits.length} seeds agree on ${share} of a cell's 15 nearest neighbours`
  if (!clusters) return `${neighbors}.`
  const found = clusters.length - lostClusters(stability).length
  return `${neighbors}; ${found} of ${clusters.length} clusters are found again by the others (Jaccard index of ${FOUND_AGAIN} or more).`
}

/** What the metrics say of it. */
export function stabilityFigures(stability: SeedStability) {
  const { cells, clusters, seeds } = stability
  const { value, error } = meanOf(cells)
  return {
    kept_seed: seeds.fits[seeds.kept]!.seed,
    seeds: seeds.fits.map(({ seed, bound, summary }) => ({
      seed,
      bound: bound.value,
      bound_error: bound.error,
      n_bound_cells: bound.cells.length,
      heldout_elbo: summary.heldoutElbo ?? null,
      epochs: summary.epochs,
      best_epoch: summary.bestEpoch,
    })),
    shared_neighbors: value,
    shared_neighbors_error: error,
    cluster_reproducibility: clusters ? Array.from(clusters) : null,
    verdict: stabilitySentence(stability),
  }
}

/** Clusters of the kept fit as the report shows them. */
export function clusterStability({ cells, clusters }: Stability, { labels, sizes }: Clusters) {
  const shared = new Float64Array(sizes.length)
  for (const [cell, label] of labels.entries()) shared[label]! += cells[cell]! / sizes[label]!
  return { stability: { reproducibility: clusters!, sharedNeighbors: shared } }
}

/** The fits as the report shows them. */
export function seedTable(stability: SeedStability): StabilitySummary {
  const { fits, kept } = stability.seeds
  return {
    verdict: stabilitySentence(stability),
    fits: fits.map(({ seed, bound, summary }, i) => ({
      ...{ seed, bound: bound.value, error: bound.error },
      ...{ epochs: summary.epochs, kept: i === kept },
    })),
  }
}

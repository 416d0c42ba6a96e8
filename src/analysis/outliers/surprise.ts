import type { CellSource } from '../../device/device.js'
import type { Network } from '../../network/network.js'
import { generateCells } from '../posterior/generate.js'
import { expectedCounts, type Posterior, posteriorOf } from '../posterior/inference.js'
import { missingOf } from '../posterior/missing-counts.js'
import { LikelihoodMoments } from './likelihood-moments.js'
import { SurpriseNull } from './surprise-null.js'

/** Simulated cells behind the p-values. */
const NULL_CELLS = 10_000

/** How surprising each cell's counts are to the model. */
export interface Surprise {
  /** Log-likelihood of the counts at the posterior mean, against its own distribution: low is surprising. */
  z: Float64Array
  /** Share of cells from the model that are at least as surprising. */
  p: Float64Array
  /** Log-likelihood of the counts at the posterior mean, in nats. */
  logLikelihood: Float64Array
}

/**
 * z-scores of cells' reconstruction log-likelihoods: with z the posterior mean and ℓ the size, counts drawn from the decoder's
 * distributions have log-likelihood Σ_g log p(X_g) with a mean and a variance that {@link LikelihoodMoments} give gene by gene. Sums
 * are over the genes whose counts are known.
 */
export async function surpriseZ(
  network: Network,
  source: CellSource,
  posterior: Posterior,
): Promise<{ z: Float64Array; logLikelihood: Float64Array }> {
  const theta = await network.dispersions()
  const { nGenes } = source
  const tables: LikelihoodMoments[] = []
  const byBatch = network.config.dispersion === 'gene-batch'
  const z = new Float64Array(source.nCells)
  const all = new Float64Array(source.nCells)
  const expected = new Float64Array(network.capacity)
  const variance = new Float64Array(network.capacity)
  const moments = { mean: 0, variance: 0 }
  for await (const { cells, mean, zeroLogits, logLikelihood } of expectedCounts(
    network,
    source,
    posterior.mean,
  )) {
    const batches = Int32Array.from(cells, (cell) => source.categorical[0]?.[cell] ?? 0)
    const missing = source.counts.missing ? await missingOf(source, cells) : undefined
    expected.fill(0)
    variance.fill(0)
    // gene by gene, so that a gene's table is read while it lies in the cache
    for (let g = 0; g < nGenes; g++) {
      for (let i = 0; i < cells.length; i++) {
        const at = i * nGenes + g
        if (missing?.[at]) continue
        const key = byBatch ? batches[i]! * nGenes + g : g
        tables[key] ??= new LikelihoodMoments(theta(g, batches[i]!), zeroLogits !== undefined)
        tables[key].at(mean[at]!, zeroLogits ? 1 / (1 + Math.exp(-zeroLogits[at]!)) : 0, moments)
        expected[i]! += moments.mean
        variance[i]! += moments.variance
      }
    }
    for (let i = 0; i < cells.length; i++) {
      all[cells[i]!] = logLikelihood[i]!
      z[cells[i]!] = (logLikelihood[i]! - expected[i]!) / Math.sqrt(variance[i]!)
    }
  }
  return { z, logLikelihood: all }
}

/**
 * The null of {@link surpriseZ}: the same scores on cells that the model makes, encoded anew. The posterior mean has seen the
 * counts that it explains, so the scores are not standard normal even when the model is true; simulation takes that,
 * the amortised encoder and the observed library size into account (a parametric bootstrap). What a cell's parent lacks, it lacks.
 */
export async function surpriseNull(
  network: Network,
  source: CellSource,
  posterior: Posterior,
  seed: number,
): Promise<SurpriseNull> {
  const simulated = await generateCells(network, source, posterior, NULL_CELLS, seed, { keepMissing: true })
  const { z } = await surpriseZ(network, simulated, await posteriorOf(network, simulated))
  return new SurpriseNull(z, simulated.size)
}

/** Scores and calibrated p-values of every cell of a source. */
export async function surpriseScores(
  network: Network,
  source: CellSource,
  posterior: Posterior,
  seed: number,
): Promise<Surprise> {
  const { z, logLikelihood } = await surpriseZ(network, source, posterior)
  const null_ = await surpriseNull(network, source, posterior, seed)
  return { z, p: z.map((value, i) => null_.p(value, source.size[i]!)), logLikelihood }
}

import { setImmediate } from 'node:timers/promises'
import { NOISE } from '../../numeric/philox.js'
import { quantile } from '../../numeric/quantile.js'
import { Random } from '../../numeric/random.js'
import type { Posterior } from '../posterior/inference.js'
import { NormalMixture } from '../posterior/normal-mixture.js'
import { type Estimate, meanDifference, shareOf } from './estimate.js'

/** Posteriors that the aggregated one is made of: of more cells, a sample. */
const MOST_COMPONENTS = 20_000
/** Draws behind each figure. */
const DRAWS = 2000
/** Rows between two returns to the event loop. */
const BLOCK = 50
/** Below the density that so many cells' positions fall short of, no cell lies. */
const EMPTY_SHARE = 0.01

/** Between which two numbers a quantity of the aggregated posterior lies. */
export interface BoundedEstimate {
  low: Estimate
  high: Estimate
}

/** How the posteriors of all cells together lie in the prior. */
export interface AggregatedFit {
  /** Cells whose posteriors make it up. */
  nCells: number
  /**
   * Mutual information of cells and latent under the encoder, in nats. Low: that with these cells, at most ln n. High: each cell held to the
   * posteriors of the others.
   */
  information: BoundedEstimate
  /** KL divergence of the aggregated posterior to the prior, in nats. Low: each cell held to the others. High: that of these cells. */
  divergence: BoundedEstimate
  /** Share of the prior's mass where no cell lies. */
  empty: Estimate
  /** Draws from the prior where no cell lies, rows × latent: at most {@link DRAWS}. */
  emptyPlaces: Float32Array
}

/**
 * Mutual information and divergence by Monte Carlo over draws from the posteriors (Hoffman and Johnson 2016; Poole et al. 2019 for the bounds on either
 * side), and where the prior has mass that the cells do not: draws from the prior whose density under the aggregated posterior is below that of 99 %
 * of the cells under the posteriors of the others.
 *
 * @param posterior cells × latent
 * @param done called as the work goes on
 */
export async function aggregatedFit(
  posterior: Posterior,
  prior: NormalMixture,
  seed: number,
  done?: (rows: number, total: number) => void,
): Promise<AggregatedFit> {
  const d = prior.dimensions
  const nAll = posterior.mean.length / d
  const random = new Random(seed, NOISE.diagnosed)
  const members = random.permutation(nAll).subarray(0, MOST_COMPONENTS)
  const mixture = new NormalMixture(taken(posterior, members, d), d)
  const n = mixture.size
  // every cell once, or several times where there are few
  const own = Int32Array.from({ length: DRAWS }, (_, i) => i % n)
  const z = mixture.drawFrom(own, random)
  const other = prior.drawFrom(prior.components(DRAWS, random), random)
  const total = 2 * DRAWS
  const atCells = await densities(mixture, z, own, (rows) => done?.(rows, total))
  const atPrior = await densities(mixture, other, undefined, (rows) => done?.(DRAWS + rows, total))
  const conditional = Float64Array.from(own, (component, i) => mixture.logComponent(z, i, component))
  const logPrior = prior.logDensities(z).all
  const threshold = quantile(atCells.others, EMPTY_SHARE)
  const places = Int32Array.from({ length: DRAWS }, (_, i) => i).filter((i) => atPrior.all[i]! < threshold)
  return {
    nCells: n,
    information: {
      low: meanDifference(conditional, atCells.all),
      high: meanDifference(conditional, atCells.others),
    },
    divergence: {
      low: meanDifference(atCells.others, logPrior),
      high: meanDifference(atCells.all, logPrior),
    },
    empty: shareOf(places.length, DRAWS),
    emptyPlaces: Float32Array.from({ length: places.length * d }, (_, i) => {
      return other[places[Math.floor(i / d)]! * d + (i % d)]!
    }),
  }
}

/** In blocks, so that a signal is heard. */
async function densities(
  mixture: NormalMixture,
  z: Float32Array,
  own: Int32Array | undefined,
  done: (rows: number) => void,
): Promise<{ all: Float64Array; others: Float64Array }> {
  const rows = z.length / mixture.dimensions
  const found = { all: new Float64Array(rows), others: new Float64Array(rows) }
  for (let from = 0; from < rows; from += BLOCK) {
    const end = Math.min(rows, from + BLOCK)
    const part = z.subarray(from * mixture.dimensions, end * mixture.dimensions)
    const { all, others } = mixture.logDensities(part, own?.subarray(from, end))
    found.all.set(all, from)
    found.others.set(others, from)
    done(end)
    await setImmediate()
  }
  return found
}

function taken({ mean, variance }: Posterior, cells: Int32Array, d: number): Posterior {
  const take = (values: Float32Array) =>
    Float32Array.from(
      { length: cells.length * d },
      (_, i) => values[cells[Math.floor(i / d)]! * d + (i % d)]!,
    )
  return { mean: take(mean), variance: take(variance) }
}

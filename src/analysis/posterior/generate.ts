import { countsInMemory } from '../../cells/counts-in-memory.js'
import { type CellSource, MISSING } from '../../device/device.js'
import type { Network } from '../../network/network.js'
import { NOISE } from '../../numeric/philox.js'
import { Random } from '../../numeric/random.js'
import { expectedCounts, type Posterior } from './inference.js'
import { missingOf } from './missing-counts.js'

/** Means above this are drawn as a Poisson of a gamma; below, by going up the distribution from zero. */
const LARGEST_MEAN_BY_INVERSION = 30

/**
 * Cells made by a fitted model: each takes a real cell's covariates and size and a latent drawn from its posterior, then counts
 * are drawn gene by gene. The posteriors together are the aggregated posterior, so these are cells that the model believes in.
 *
 * @param nCells how many to make
 * @param seed the same cells for the same seed
 * @param options.keepMissing leaves missing in each cell what is missing in its parent; else it is drawn like all other counts
 * @returns a source of the simulated cells; `parent` names the real cell behind each
 */
export async function generateCells(
  network: Network,
  source: CellSource,
  posterior: Posterior,
  nCells: number,
  seed: number,
  { keepMissing = false }: { keepMissing?: boolean } = {},
): Promise<CellSource & { parent: Int32Array }> {
  const { nLatent, library } = network.config
  const random = new Random(seed, NOISE.sample)
  const parent = Int32Array.from({ length: nCells }, () => random.integer(source.nCells))
  const latent = new Float32Array(nCells * nLatent)
  for (let i = 0; i < nCells; i++) {
    for (let k = 0; k < nLatent; k++) {
      const at = parent[i]! * nLatent + k
      latent[i * nLatent + k] = posterior.mean[at]! + Math.sqrt(posterior.variance[at]!) * random.normal()
    }
  }
  const parents = sourceOf(source, parent)
  const theta = await network.dispersions()
  const rows: { genes: Int32Array; counts: Float32Array }[] = []
  const lacks = keepMissing && source.counts.missing === true
  for await (const { cells, mean, zeroLogits } of expectedCounts(network, parents, latent)) {
    const missing = lacks ? await missingOf(parents, cells) : undefined
    for (let i = 0; i < cells.length; i++) {
      const batch = parents.categorical[0]?.[cells[i]!] ?? 0
      const row = { genes: [] as number[], counts: [] as number[] }
      for (let g = 0; g < source.nGenes; g++) {
        const at = i * source.nGenes + g
        if (missing?.[at]) {
          row.genes.push(g)
          row.counts.push(MISSING)
          continue
        }
        if (zeroLogits && random.next() < 1 / (1 + Math.exp(-zeroLogits[at]!))) continue
        const count = drawCount(random, mean[at]!, theta(g, batch))
        if (count === 0) continue
        row.genes.push(g)
        row.counts.push(count)
      }
      rows.push({ genes: Int32Array.from(row.genes), counts: Float32Array.from(row.counts) })
    }
  }
  // an observed library size is that of the counts that were drawn
  const size =
    library === 'size-factor'
      ? parents.size
      : Float32Array.from(rows, ({ counts }) => Math.max(1, sumOf(counts)))
  const counts = countsInMemory(nCells, source.nGenes, (cell) => rows[cell]!, lacks)
  const { rows: _, ...covariates } = parents
  return { ...covariates, counts, size, parent }
}

/** The cells of a source at the given positions. */
export function sourceOf(source: CellSource, cells: Int32Array): CellSource {
  return {
    nCells: cells.length,
    nGenes: source.nGenes,
    counts: source.counts,
    rows: source.rows ? cells.map((cell) => source.rows![cell]!) : cells,
    categorical: source.categorical.map((codes) => cells.map((cell) => codes[cell]!)),
    continuous: source.continuous.map((values) => Float32Array.from(cells, (cell) => values[cell]!)),
    size: Float32Array.from(cells, (cell) => source.size[cell]!),
  }
}

/** Of the counts that were drawn. */
const sumOf = (counts: Float32Array): number =>
  counts.reduce((sum, count) => (count === MISSING ? sum : sum + count), 0)

/** One count of a negative binomial (theta = Infinity: Poisson). */
function drawCount(random: Random, mean: number, theta: number): number {
  const poisson = theta === Number.POSITIVE_INFINITY
  if (mean > LARGEST_MEAN_BY_INVERSION)
    return poisson ? random.poisson(mean) : random.negativeBinomial(mean, theta)
  let u = random.next()
  // p(0) ≥ exp(−mean) ≥ 1 − mean: most draws are zeros that need no logarithm; the margin is for rounding
  if (u < 1 - mean - 1e-12) return 0
  let p = Math.exp(poisson ? -mean : -theta * Math.log1p(mean / theta))
  u -= p
  const ratio = poisson ? mean : mean / (theta + mean)
  let x = 0
  // up the distribution, to where the next probability no longer shows
  while (u >= 0 && x < 1e6) {
    p *= (ratio * (poisson ? 1 : x + theta)) / (x + 1)
    x++
    u -= p
    if (p < 1e-18 && x > mean) break
  }
  return x
}

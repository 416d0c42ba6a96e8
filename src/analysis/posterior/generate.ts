import { countsInMemory } from '../../cells/counts-in-memory.js'
import { type CellRow, type CellSource, MISSING } from '../../device/device.js'
import type { HostKernels } from '../../device/host-kernels.js'
import type { Network } from '../../network/network.js'
import { NOISE } from '../../numeric/philox.js'
import { Random } from '../../numeric/random.js'
import { CountDraws } from './count-draws.js'
import { decodedCells } from './decoded-cells.js'
import type { CellsDone, Posterior } from './inference.js'

export interface GenerateOptions {
  /** Leaves missing in each cell what is missing in its parent; else it is drawn like all other counts. */
  keepMissing?: boolean
  done?: CellsDone
}

/**
 * Cells made by a fitted model: each takes a real cell's covariates and size and a latent drawn from its posterior, then counts
 * are drawn gene by gene. The posteriors together are the aggregated posterior, so these are cells that the model believes in.
 *
 * @param nCells how many to make
 * @param seed the same cells for the same seed
 * @returns a source of the simulated cells; `parent` names the real cell behind each
 */
export async function generateCells(
  network: Network,
  host: HostKernels,
  source: CellSource,
  posterior: Posterior,
  nCells: number,
  seed: number,
  { keepMissing = false, done }: GenerateOptions = {},
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
  const lacks = keepMissing && source.counts.missing === true
  const draws = new CountDraws(host, await thetaOf(network, source.nGenes), seed)
  const rows: CellRow[] = []
  try {
    for await (const decoded of decodedCells(network, host, parents, latent, { markMissing: lacks })) {
      const codes = parents.categorical[0]
      rows.push(...draws.of(decoded, (cell) => codes?.[cell] ?? 0))
      done?.(decoded.cells.length)
    }
  } finally {
    draws.release()
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

/** Inverse dispersions, a row for each batch that has its own. */
export async function thetaOf(network: Network, nGenes: number): Promise<Float32Array[]> {
  const theta = await network.dispersions()
  const batches = network.config.dispersion === 'gene-batch' ? network.shape.categories[0]! : 1
  return Array.from({ length: batches }, (_, batch) =>
    Float32Array.from({ length: nGenes }, (_, gene) => theta(gene, batch)),
  )
}

import type { CellSource, Device } from '../../device/device.js'
import type { HostKernels } from '../../device/host-kernels.js'
import type { Network } from '../../network/network.js'
import type { Matrix } from '../../numeric/matrix.js'
import { nearestToPoints } from '../neighbors/nearest-to-points.js'
import type { Neighbors } from '../neighbors/neighbors.js'
import { decodedCells } from '../posterior/decoded-cells.js'
import { generateCells } from '../posterior/generate.js'
import { type CellsDone, type Posterior, posteriorOf } from '../posterior/inference.js'
import { type BesideNeighbors, besideNeighbors, neighborPlaces, OTHERS } from './beside-neighbors.js'
import { cellsByBatch } from './cells-by-batch.js'
import { mixedCells, mixedDistances } from './likeness.js'
import { MomentSums } from './moment-sums.js'
import { amongReference, posteriorsAt, type Reference, withNearestCovariates } from './reference.js'
import type { Companions } from './shared-misfit.js'
import { SIMULATED_CELLS, SurpriseNull } from './surprise-null.js'

/** How surprising each cell's counts are to the model. */
export interface Surprise {
  /** Log-likelihood of the counts at the posterior mean, against its own distribution: low is surprising. */
  z: Float64Array
  /** Share of cells from the model that are at least as surprising. */
  p: Float64Array
  /** Log-likelihood of the counts at the posterior mean, in nats. */
  logLikelihood: Float64Array
  /** The counts beside what the cells' neighbours lead one to expect. */
  beside: BesideNeighbors
}

/**
 * z-scores of cells' reconstruction log-likelihoods: with z the posterior mean and ℓ the size, counts drawn from the decoder's
 * distributions have log-likelihood Σ_g log p(X_g) with a mean and a variance that {@link MomentSums} give. Sums are over the
 * genes whose counts are known.
 *
 * @param host of the network's device, or another to which expected counts are copied
 */
export async function surpriseZ(
  network: Network,
  host: HostKernels,
  source: CellSource,
  posterior: Posterior,
  done?: CellsDone,
): Promise<{ z: Float64Array; logLikelihood: Float64Array }> {
  const theta = await network.dispersions()
  const z = new Float64Array(source.nCells)
  const all = new Float64Array(source.nCells)
  // where dispersions go by batch, so do the tables: one batch after another
  const byBatch = network.config.dispersion === 'gene-batch'
  const groups = byBatch ? cellsByBatch(source) : new Map([[0, undefined]])
  for (const [batch, cells] of groups) {
    const ofGenes = Float32Array.from({ length: source.nGenes }, (_, g) => theta(g, batch))
    const sums = new MomentSums(host, ofGenes, network.capacity)
    const asked = { ...(cells && { cells }), withLikelihood: true, markMissing: true }
    try {
      for await (const decoded of decodedCells(network, host, source, posterior.mean, asked)) {
        const { expected, variance } = sums.of(decoded.cells.length, decoded.mean, decoded.zeroLogits)
        for (const [i, cell] of decoded.cells.entries()) {
          const logLikelihood = decoded.logLikelihood![i]!
          all[cell] = logLikelihood
          z[cell] = (logLikelihood - expected[i]!) / Math.sqrt(variance[i]!)
        }
        done?.(decoded.cells.length)
      }
    } finally {
      sums.release()
    }
  }
  return { z, logLikelihood: all }
}

/**
 * Cells that the model made from cells of a source, for the null of {@link surpriseZ} and of all else that is said of cells. What a
 * cell's parent lacks, it lacks.
 */
export async function simulatedOf(
  network: Network,
  host: HostKernels,
  source: CellSource,
  posterior: Posterior,
  seed: number,
  done?: CellsDone,
): Promise<SimulatedCells> {
  const n = SIMULATED_CELLS
  const options = { keepMissing: true, ...(done && { done }) }
  const cells = await generateCells(network, host, source, posterior, n, seed, options)
  return { cells, posterior: await posteriorOf(network, cells, done) }
}

/** Cells made by a model and encoded anew. */
export interface SimulatedCells {
  cells: CellSource & { parent: Int32Array }
  posterior: Posterior
}

/**
 * The null of {@link surpriseZ}: the same scores on cells that the model makes, encoded anew. The posterior mean has seen the
 * counts that it explains, so the scores are not standard normal even when the model is true; simulation takes that,
 * the amortised encoder and the observed library size into account (a parametric bootstrap).
 */
export async function surpriseNull(
  network: Network,
  host: HostKernels,
  source: CellSource,
  posterior: Posterior,
  seed: number,
): Promise<SurpriseNull> {
  const simulated = await simulatedOf(network, host, source, posterior, seed)
  const { z } = await surpriseZ(network, host, simulated.cells, simulated.posterior)
  return new SurpriseNull(z, simulated.cells.size)
}

/** What scores of cells go by. */
export interface SurpriseRequest {
  seed: number
  /** May search for the neighbours. */
  device: Device | undefined
  /** What cells are held against; each other when left out. */
  reference?: Reference
  /** Called with the share of the work that is done, as cells that have been scored, made or encoded, of all of them. */
  onCells?: (done: number, total: number) => void
}

/** Scores and calibrated p-values of every cell of a source, and what the counts say beside its neighbours. */
export async function surpriseScores(
  network: Network,
  host: HostKernels,
  asked: CellSource,
  posterior: Posterior,
  { seed, device, reference, onCells }: SurpriseRequest,
): Promise<Surprise> {
  const total = 2 * asked.nCells + 4 * SIMULATED_CELLS + 2 * mixedCells(asked.nCells)
  let sum = 0
  const done = (cells: number) => {
    sum += cells
    onCells?.(sum, total)
  }
  const table = (values: Float32Array): Matrix => {
    const columns = network.config.nLatent
    return { values, rows: values.length / columns, columns }
  }
  const means = table(posterior.mean)
  const among = reference && { reference, ...(await amongReference(host, means, reference, OTHERS, seed)) }
  const source = among?.reference.lendsCovariates
    ? withNearestCovariates(asked, among.reference.source, among.nearest)
    : asked
  const own = await surpriseZ(network, host, source, posterior, done)
  const parents = among ? posteriorsAt(among.reference.posterior, among.model) : posterior
  const simulated = await simulatedOf(network, host, source, parents, seed, done)
  const { cells } = simulated
  const ofMade = await surpriseZ(network, host, cells, simulated.posterior, done)
  const null_ = new SurpriseNull(ofMade.z, cells.size)
  const made = table(simulated.posterior.mean)
  const leftOut = among ? cells.parent.map((cell) => among.model[cell]!) : cells.parent
  const held = among && { reference: among.reference.posterior.means, nearest: among.nearest }
  const places = await neighborPlaces(device, host, means, { made, leftOut }, held)
  const companions = among && (await companionsOf(host, source, means, places.neighbors, { made, cells }))
  const beside = { network, host, done }
  const mixed = await mixedDistances(beside, source, means, [means, made], seed)
  return {
    z: own.z,
    p: own.z.map((value, i) => null_.p(value, source.size[i]!)),
    logLikelihood: own.logLikelihood,
    beside: {
      size: source.size,
      neighbors: places.neighbors,
      cells: {
        ...(await besideNeighbors(beside, source, places.cells.latent, own.logLikelihood, companions?.cells)),
        distance: places.cells.distance,
        ...(mixed && { mixed: mixed[0]! }),
      },
      simulated: {
        ...(await besideNeighbors(
          beside,
          cells,
          places.simulated.latent,
          ofMade.logLikelihood,
          companions?.simulated,
        )),
        size: cells.size,
        parent: cells.parent,
        leftOut,
        means: made,
        distance: places.simulated.distance,
        ...(mixed && { mixed: mixed[1]! }),
      },
      ...(among && { reference: { posterior: among.reference.posterior, twins: among.twins } }),
    },
  }
}

/** The cells next to each, and next to cells made of them. */
async function companionsOf(
  host: HostKernels,
  source: CellSource,
  means: Matrix,
  { indices, k: named }: Neighbors,
  { made, cells }: { made: Matrix; cells: { parent: Int32Array } },
): Promise<{ cells: Companions; simulated: Companions }> {
  const k = named - 1
  const others = Int32Array.from(
    { length: source.nCells * k },
    (_, at) => indices[Math.floor(at / k) * named + 1 + (at % k)]!,
  )
  const ofMade = await nearestToPoints(host, made, cells.parent, means, k)
  return {
    cells: { source, indices: others, k },
    simulated: { source, indices: ofMade.indices, k },
  }
}

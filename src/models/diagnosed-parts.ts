import { type PredictiveFit, predictiveFit } from '../analysis/diagnose/predictive-checks.js'
import { shareInGenes, type TechnicalShare, technicalShare } from '../analysis/diagnose/technical.js'
import type { CellPosterior } from '../analysis/posterior/cell-posterior.js'
import { sourceOf } from '../analysis/posterior/generate.js'
import type { CellsDone } from '../analysis/posterior/inference.js'
import { partOf } from '../analysis/posterior/part-of.js'
import { MITOCHONDRIAL_SYMBOL } from '../cells/mitochondrial.js'
import { withHostKernels } from '../device/host-kernels.js'
import type { ModelDescription } from '../files/model-description.js'
import type { Network } from '../network/network.js'
import { takeRows } from '../numeric/matrix.js'
import type { CellQuestion } from './own-cells.js'

/** Draws of each cell that its counts are held against. */
const PREDICTED = 20

/** Some cells of a question beside what the model predicts for them. */
export function predictiveChecks(
  network: Network,
  { asked, keys, seed }: CellQuestion,
  posterior: CellPosterior,
  cells: Int32Array,
  done: CellsDone,
): Promise<PredictiveFit> {
  const question = partOf({ source: asked.source, posterior, keys, seed, nSamples: PREDICTED }, cells)
  return withHostKernels(network.device, (host) => predictiveFit(network, host, question, done))
}

/** How the latent of some cells goes along with their depth, their share of mitochondrial counts, and their batch. */
export async function technicalShares(
  { genes, geneSymbols, categorical }: ModelDescription,
  { asked, posterior }: CellQuestion,
  nLatent: number,
  cells: Int32Array,
): Promise<TechnicalShare[]> {
  const source = sourceOf(asked.source, cells)
  const latent = takeRows({ values: posterior.mean, rows: asked.source.nCells, columns: nLatent }, cells)
  const found: (TechnicalShare | undefined)[] = []
  const numbers = (name: string, values: Float64Array) =>
    found.push(technicalShare(name, latent, { numbers: values }))
  const sizes = Float64Array.from(source.size, (size) => Math.log(Math.max(size, 1e-6)))
  numbers('log of the size', sizes)
  const mitochondrial = new Set(
    Array.from(genes.keys()).filter((gene) => MITOCHONDRIAL_SYMBOL.test((geneSymbols ?? genes)[gene]!)),
  )
  if (mitochondrial.size > 0) numbers('mitochondrial share', await shareInGenes(source, mitochondrial))
  if (categorical[0]?.key)
    found.push(technicalShare(categorical[0].key, latent, { codes: source.categorical[0]! }))
  return found.filter((one) => one !== undefined)
}

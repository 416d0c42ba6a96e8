import { generateCells } from '../analysis/posterior/generate.js'
import type { Posterior } from '../analysis/posterior/inference.js'
import type { CountMatrix } from '../anndata/counts/counts.js'
import type { CellSource } from '../device/device.js'
import type { HostKernels } from '../device/host-kernels.js'
import type { Network } from '../network/network.js'
import { matrixOf } from './rows-of-draws.js'

/** Cells that a model made. */
export interface GeneratedCells {
  /** Their counts, cells × the model's genes. */
  counts: CountMatrix
  /** Position of the real cell whose size and covariates each of them has, among the cells that were asked of. */
  parent: Int32Array
}

/** Cells of a fitted network, see {@link generateCells}. */
export async function generatedCells(
  network: Network,
  host: HostKernels,
  source: CellSource,
  posterior: Posterior,
  nCells: number,
  seed: number,
): Promise<GeneratedCells> {
  const made = await generateCells(network, host, source, posterior, nCells, seed)
  const all = Int32Array.from({ length: made.nCells }, (_, cell) => cell)
  return { counts: matrixOf(made.nGenes, await made.counts.load(all)), parent: made.parent }
}

import { generateCells } from '../analysis/posterior/generate.js'
import type { Posterior } from '../analysis/posterior/inference.js'
import { type CountBlock, CountMatrix } from '../anndata/counts/counts.js'
import type { CellSource } from '../device/device.js'
import type { HostKernels } from '../device/host-kernels.js'
import type { Network } from '../network/network.js'

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
  return { counts: await matrixOf(made), parent: made.parent }
}

/** A source's rows as one block. */
async function matrixOf(source: CellSource): Promise<CountMatrix> {
  const rows = await source.counts.load(Int32Array.from({ length: source.nCells }, (_, cell) => cell))
  const offsets = new Int32Array(rows.length + 1)
  for (const [i, { genes }] of rows.entries()) offsets[i + 1] = offsets[i]! + genes.length
  const block: CountBlock = {
    firstCell: 0,
    nCells: rows.length,
    offsets,
    genes: new Int32Array(offsets[rows.length]!),
    counts: new Float32Array(offsets[rows.length]!),
  }
  for (const [i, row] of rows.entries()) {
    block.genes.set(row.genes, offsets[i]!)
    block.counts.set(row.counts, offsets[i]!)
  }
  return new CountMatrix(source.nGenes, [block])
}

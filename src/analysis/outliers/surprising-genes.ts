import type { CellSource } from '../../device/device.js'
import { withHostKernels } from '../../device/host-kernels.js'
import { rowsOf } from '../../device/loaded-rows.js'
import type { Network } from '../../network/network.js'
import { largest } from '../../numeric/largest.js'
import type { Matrix } from '../../numeric/matrix.js'
import { decodedCells } from '../posterior/decoded-cells.js'
import { thetaOf } from '../posterior/generate.js'
import { VARIANCE_FLOOR } from './pearson-sums.js'

/** Genes of some cells whose counts are farthest from what a model expects of these cells. */
export interface SurprisingGenes {
  /** Positions of the cells among all. */
  cells: Int32Array
  /** Genes of each cell. */
  perCell: number
  /** Positions of the genes, cells × `perCell`, the farthest first; −1 where so many counts of a cell are not known. */
  genes: Int32Array
  /** The counts, and their means under the model at the cell's posterior mean, likewise. */
  observed: Float32Array
  expected: Float32Array
}

/**
 * The genes with the largest (x − E x)² / (Var x + 0.1): the terms of the statistic by which cells are held against their neighbours, here at
 * each cell's own latent. Counts above and below what is expected are taken alike.
 *
 * @param latent cells × latent, of all cells of the source
 * @param cells positions of those that are asked about
 */
export async function surprisingGenes(
  network: Network,
  source: CellSource,
  latent: Matrix,
  cells: Int32Array,
  perCell = 5,
): Promise<SurprisingGenes> {
  const { nGenes } = source
  const k = Math.min(perCell, nGenes)
  const found = {
    genes: new Int32Array(cells.length * k).fill(-1),
    observed: new Float32Array(cells.length * k),
    expected: new Float32Array(cells.length * k),
  }
  const theta = await thetaOf(network, nGenes)
  const codes = source.categorical[0]
  const counts = new Float32Array(nGenes)
  const means = new Float32Array(nGenes)
  const distances = new Float64Array(nGenes)
  await withHostKernels(network.device, async (host) => {
    let at = 0
    const asked = { cells, markMissing: true }
    for await (const decoded of decodedCells(network, host, source, latent.values, asked)) {
      const { mean, zeroLogits } = decoded
      const { floats } = host.arena
      for (const [i, row] of (await rowsOf(source, decoded.cells)).entries()) {
        const ofBatch = theta[theta.length > 1 ? (codes?.[decoded.cells[i]!] ?? 0) : 0]!
        counts.fill(0)
        for (const [n, gene] of row.genes.entries()) counts[gene] = row.counts[n]!
        for (let gene = 0; gene < nGenes; gene++) {
          const known = floats[mean.offset + i * mean.stride + gene]!
          const logit = zeroLogits && floats[zeroLogits.offset + i * zeroLogits.stride + gene]!
          const { expected, variance } = momentsOf(known, ofBatch[gene]!, logit)
          means[gene] = expected
          // the mean of a missing count is negative
          distances[gene] = known < 0 ? -1 : (counts[gene]! - expected) ** 2 / (variance + VARIANCE_FLOOR)
        }
        for (let rank = 0; rank < k; rank++, at++) {
          const gene = largest(distances)
          if (distances[gene]! < 0) continue
          distances[gene] = -1
          found.genes[at] = gene
          found.observed[at] = counts[gene]!
          found.expected[at] = means[gene]!
        }
      }
    }
  })
  return { cells, perCell: k, ...found }
}

/** Mean and variance of a count: of a negative binomial, or of one whose zeros are inflated. */
function momentsOf(
  mean: number,
  theta: number,
  zeroLogit: number | undefined,
): { expected: number; variance: number } {
  if (zeroLogit === undefined) return { expected: mean, variance: mean * (1 + mean / theta) }
  const drop = 1 / (1 + Math.exp(-zeroLogit))
  const expected = (1 - drop) * mean
  return { expected, variance: expected * (1 + mean / theta + drop * mean) }
}

import type { CellSource } from '../../device/device.js'
import type { Network } from '../../network/network.js'
import type { RandomKeys } from '../../numeric/keyed-random.js'
import { CellDraws } from '../posterior/cell-draws.js'
import type { CellPosterior } from '../posterior/cell-posterior.js'
import { type ScaleDecoder, withDecoders } from '../posterior/scale-decoder.js'

/** Bytes of a block's sums. */
const BLOCK_BYTES = 16 * 2 ** 20

/** What is asked of a network. */
export interface ExpressionQuestion {
  source: CellSource
  posterior: CellPosterior
  keys: RandomKeys
  seed: number
  /** Draws of each cell; 0 for its posterior mean alone. */
  nSamples: number
  /** Codes of batches that each cell is decoded in, which is averaged over; undefined for its own. */
  batches: readonly (number | undefined)[]
  /** Which genes, by their positions; all when left out. */
  genes?: Int32Array
  /** Size of every cell, or one for all; `latent` for the one that is drawn with the latent. */
  size: number | Float32Array | 'latent'
  /** Which draw alone is taken, in place of the mean over all. */
  only?: number
}

/** Expression of a run of cells. */
export interface ExpressionBlock {
  /** Position of the first of them among those that were asked for. */
  firstCell: number
  nCells: number
  /** Cells × genes. */
  values: Float32Array
}

/**
 * Normalized expression, a block of cells at a time: scale × size, averaged over draws of the latent and over batches. Within a cell
 * sums are taken in one order, so that neither blocks nor threads show in the result.
 *
 * @param visit gets the blocks in the order of the cells, and is waited for
 */
export async function eachExpressionBlock(
  network: Network,
  question: ExpressionQuestion,
  visit: (block: ExpressionBlock) => void | Promise<void>,
): Promise<void> {
  const { source, genes, batches } = question
  const draws = drawsOf(question)
  const width = genes?.length ?? source.nGenes
  const blockCells = Math.max(1, Math.floor(BLOCK_BYTES / (8 * Math.max(1, width))))
  await withDecoders(network, source, batches, async (decoders) => {
    for (let firstCell = 0; firstCell < source.nCells; firstCell += blockCells) {
      const nCells = Math.min(blockCells, source.nCells - firstCell)
      const sums = new Float64Array(nCells * width)
      for (const decoder of decoders) await addExpression(decoder, question, draws, firstCell, sums)
      const share = 1 / (draws.length * decoders.length)
      await visit({ firstCell, nCells, values: Float32Array.from(sums, (sum) => sum * share) })
    }
  })
}

function drawsOf({ nSamples, only }: ExpressionQuestion): readonly number[] {
  if (only !== undefined) return [only]
  return nSamples === 0 ? [-1] : Array.from({ length: nSamples }, (_, draw) => draw)
}

/** Adds what cells express in each of their draws to sums of cells × genes. */
async function addExpression(
  decoder: ScaleDecoder,
  { source, posterior, keys, seed, genes, size }: ExpressionQuestion,
  draws: readonly number[],
  firstCell: number,
  sums: Float64Array,
): Promise<void> {
  const { nGenes } = source
  const width = genes?.length ?? nGenes
  const rows = (sums.length / width) * draws.length
  const noise = new CellDraws(posterior, keys, seed)
  for (let at = 0; at < rows; at += decoder.capacity) {
    const n = Math.min(decoder.capacity, rows - at)
    const cells = Int32Array.from({ length: n }, (_, i) => firstCell + Math.floor((at + i) / draws.length))
    const which = Int32Array.from(cells, (_, i) => draws[(at + i) % draws.length]!)
    const logSizes = size === 'latent' ? noise.logSizes(cells, which) : undefined
    const { mean } = await decoder.decode(cells, noise.latents(cells, which), logSizes)
    for (const [row, cell] of cells.entries()) {
      const factor = rowFactor(size, source, cell, logSizes !== undefined)
      const to = (cell - firstCell) * width
      const from = row * nGenes
      if (genes) for (let k = 0; k < width; k++) sums[to + k]! += factor * mean[from + genes[k]!]!
      else for (let k = 0; k < width; k++) sums[to + k]! += factor * mean[from + k]!
    }
  }
}

/** What a row of the decoder is to be multiplied by. */
function rowFactor(
  size: ExpressionQuestion['size'],
  source: CellSource,
  cell: number,
  hasSize: boolean,
): number {
  if (size !== 'latent') return typeof size === 'number' ? size : size[cell]!
  // a network without latent sizes takes those that were observed
  return hasSize ? 1 : source.size[cell]!
}

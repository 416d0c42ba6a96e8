import { setImmediate } from 'node:timers/promises'
import type { CellSource } from '../../device/device.js'
import { type HostKernels, withHostKernels } from '../../device/host-kernels.js'
import type { Network } from '../../network/network.js'
import type { RandomKeys } from '../../numeric/keyed-random.js'
import { CellDraws } from '../posterior/cell-draws.js'
import type { CellPosterior } from '../posterior/cell-posterior.js'
import { type ScaleDecoder, withDecoders } from '../posterior/scale-decoder.js'
import { ScaleSums } from './scale-sums.js'

/** Bytes of a block's sums. */
const BLOCK_BYTES = 4 * 2 ** 20

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
  const blockCells = Math.max(1, Math.min(source.nCells, Math.floor(BLOCK_BYTES / (4 * Math.max(1, width)))))
  await withHostKernels(network.device, (host) =>
    withDecoders(network, host, source, batches, async (decoders) => {
      const sums = new ScaleSums(host, source.nGenes, blockCells, network.capacity, genes)
      try {
        const share = 1 / (draws.length * decoders.length)
        for (let firstCell = 0; firstCell < source.nCells; firstCell += blockCells) {
          const nCells = Math.min(blockCells, source.nCells - firstCell)
          for (const decoder of decoders)
            await addExpression(host, decoder, question, draws, share, firstCell, nCells, sums)
          await visit({ firstCell, nCells, values: sums.take(nCells) })
        }
      } finally {
        sums.release()
      }
    }),
  )
}

function drawsOf({ nSamples, only }: ExpressionQuestion): readonly number[] {
  if (only !== undefined) return [only]
  return nSamples === 0 ? [-1] : Array.from({ length: nSamples }, (_, draw) => draw)
}

/** Adds what cells express in each of their draws to sums, times the share of a draw. */
async function addExpression(
  host: HostKernels,
  decoder: ScaleDecoder,
  { source, posterior, keys, seed, size }: ExpressionQuestion,
  draws: readonly number[],
  share: number,
  firstCell: number,
  nCells: number,
  sums: ScaleSums,
): Promise<void> {
  const noise = new CellDraws(posterior, keys, seed, host)
  for (const { to, which } of rowsInTurn(nCells, draws, decoder.capacity)) {
    const cells = to.map((cell) => firstCell + cell)
    const logSizes = size === 'latent' ? noise.logSizes(cells, which) : undefined
    const mean = await decoder.decodeByGene(cells, noise.latents(cells, which), logSizes)
    const hasSize = logSizes !== undefined
    const factors = new Float32Array(cells.length)
    // Float32Array.from takes as long as some kernels
    for (let i = 0; i < cells.length; i++) factors[i] = share * rowFactor(size, source, cells[i]!, hasSize)
    sums.add(mean, to, factors)
    // so that a signal is heard
    await setImmediate()
  }
}

/** Cells of which each draw is decoded together: whole vectors of the kernels. */
const SIDE_BY_SIDE = 16

/** All draws of cells, in runs of at most `size` rows: the cell and the draw of each. */
function* rowsInTurn(
  nCells: number,
  draws: readonly number[],
  size: number,
): Generator<{ to: Int32Array; which: Int32Array }> {
  const to = new Int32Array(size)
  const which = new Int32Array(size)
  let n = 0
  for (let first = 0; first < nCells; first += SIDE_BY_SIDE) {
    const end = Math.min(nCells, first + SIDE_BY_SIDE)
    for (const draw of draws) {
      for (let cell = first; cell < end; cell++) {
        to[n] = cell
        which[n++] = draw
        if (n < size) continue
        yield { to: to.slice(), which: which.slice() }
        n = 0
      }
    }
  }
  if (n > 0) yield { to: to.slice(0, n), which: which.slice(0, n) }
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

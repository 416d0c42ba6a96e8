import { setImmediate } from 'node:timers/promises'
import type { CellSource, Device } from '../../device/device.js'
import { withHostKernels } from '../../device/host-kernels.js'
import type { Network } from '../../network/network.js'
import type { RandomKeys } from '../../numeric/keyed-random.js'
import { CellDraws } from '../posterior/cell-draws.js'
import type { CellPosterior } from '../posterior/cell-posterior.js'
import { type ScaleDecoder, withDecoders } from '../posterior/scale-decoder.js'
import { CellSums, type SummedRows, summedRows } from './cell-sums.js'

/** Bytes of a block's sums, and what its cells are a multiple of. */
const BLOCK_BYTES = 4 * 2 ** 20
const BLOCK_UNIT = 16

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
 * @param into where the values of all cells go, of which blocks are then parts; an array for each block when left out
 */
export async function eachExpressionBlock(
  network: Network,
  question: ExpressionQuestion,
  visit: (block: ExpressionBlock) => void | Promise<void>,
  into?: Float32Array,
): Promise<void> {
  const { source, genes, batches } = question
  const draws = drawsOf(question)
  const width = genes?.length ?? source.nGenes
  const blockCells = Math.min(
    source.nCells,
    BLOCK_UNIT * Math.max(1, Math.floor(BLOCK_BYTES / (4 * BLOCK_UNIT * Math.max(1, width)))),
  )
  await withHostKernels(network.device, (host) =>
    withDecoders(network, host, source, batches, async (decoders) => {
      const { capacity } = decoders[0]!
      const sums = new CellSums(host, source.nGenes, blockCells, capacity, genes)
      const noise = new CellDraws(question.posterior, question.keys, question.seed, host)
      try {
        const share = 1 / (draws.length * decoders.length)
        for (let firstCell = 0; firstCell < source.nCells; firstCell += blockCells) {
          const nCells = Math.min(blockCells, source.nCells - firstCell)
          for (const decoder of decoders)
            for (const rows of summedRows(nCells, draws, capacity, host.threads)) {
              await addRows(network.device, decoder, question, noise, { rows, share, firstCell, sums })
              // so that a signal is heard
              await setImmediate()
            }
          const end = (firstCell + nCells) * width
          const values = into?.subarray(firstCell * width, end) ?? new Float32Array(nCells * width)
          sums.take(nCells, values)
          await visit({ firstCell, nCells, values })
        }
      } finally {
        noise.release()
        sums.release()
      }
    }),
  )
}

function drawsOf({ nSamples, only }: ExpressionQuestion): readonly number[] {
  if (only !== undefined) return [only]
  return nSamples === 0 ? [-1] : Array.from({ length: nSamples }, (_, draw) => draw)
}

/** Adds what cells express in some of their draws to sums, times the share of a draw. */
async function addRows(
  device: Device,
  decoder: ScaleDecoder,
  { source, size }: ExpressionQuestion,
  noise: CellDraws,
  { rows, share, firstCell, sums }: { rows: SummedRows; share: number; firstCell: number; sums: CellSums },
): Promise<void> {
  const { to, which } = rows
  const cells = to.map((cell) => firstCell + cell)
  const logSizes = size === 'latent' ? noise.logSizes(cells, which) : undefined
  const hasSize = logSizes !== undefined
  const factors = new Float32Array(cells.length)
  // Float32Array.from takes as long as some kernels
  for (let i = 0; i < cells.length; i++) factors[i] = share * rowFactor(size, source, cells[i]!, hasSize)
  await sums.add(decoder, rows, cells, factors, noise.fed(device, cells, which), logSizes)
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

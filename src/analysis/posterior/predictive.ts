import { setImmediate } from 'node:timers/promises'
import type { CellRow, CellSource } from '../../device/device.js'
import type { HostKernels } from '../../device/host-kernels.js'
import type { Network } from '../../network/network.js'
import { KeyedRandom, type RandomKeys } from '../../numeric/keyed-random.js'
import { NOISE } from '../../numeric/philox.js'
import { CellDraws } from './cell-draws.js'
import type { CellPosterior } from './cell-posterior.js'
import { CountDraws } from './count-draws.js'
import { thetaOf } from './generate.js'
import { type DecodedRows, withDecoders } from './scale-decoder.js'

/** Cells whose counts a network is to predict. */
export interface PredictiveQuestion {
  source: CellSource
  posterior: CellPosterior
  keys: RandomKeys
  seed: number
  /** Draws of each cell; 0 for its posterior mean. */
  nSamples: number
  /** Code of a batch in place of the cells' own. */
  batch?: number
}

/** Draws of cells, decoded at the cells' sizes; the tensors hold until the next ones are decoded. */
export interface PredictiveRows extends DecodedRows {
  /** The cell of each row. */
  cells: Int32Array
  /** The number of its draw; −1 for the posterior mean. */
  draws: Int32Array
}

/**
 * Decodes draws of cells, all of a cell one after another.
 *
 * @param visit is waited for
 */
export async function eachPredictive(
  network: Network,
  host: HostKernels,
  { source, posterior, keys, seed, batch, nSamples }: PredictiveQuestion,
  visit: (rows: PredictiveRows) => void | Promise<void>,
): Promise<void> {
  const noise = new CellDraws(posterior, keys, seed, host)
  const each = Math.max(1, nSamples)
  const all = source.nCells * each
  try {
    await withDecoders(
      network,
      host,
      source,
      [batch],
      async ([decoder]) => {
        for (let at = 0; at < all; at += decoder!.capacity) {
          const n = Math.min(decoder!.capacity, all - at)
          const cells = Int32Array.from({ length: n }, (_, i) => Math.floor((at + i) / each))
          const draws = cells.map((_, i) => (nSamples === 0 ? -1 : (at + i) % each))
          const latents = noise.fed(network.device, cells, draws)
          const decoded = await decoder!.decode(cells, latents, noise.logSizes(cells, draws))
          await visit({ ...decoded, cells, draws })
          // so that a signal is heard
          await setImmediate()
        }
      },
      source.size,
    )
  } finally {
    noise.release()
  }
}

/**
 * Counts drawn from the posterior predictive of cells: a latent from the posterior, then counts from the decoder's distributions.
 * What a draw of a cell gives depends on the cell's key and the number of the draw.
 *
 * @param visit gets the rows in the order of {@link eachPredictive}, and is waited for
 */
export async function eachPredictedCounts(
  network: Network,
  host: HostKernels,
  question: PredictiveQuestion,
  visit: (rows: readonly CellRow[], cells: Int32Array, draws: Int32Array) => void | Promise<void>,
): Promise<void> {
  const { source, keys, seed, batch } = question
  const codes = source.categorical[0]
  const random = new KeyedRandom(seed, NOISE.countNumber)
  const counts = new CountDraws(host, await thetaOf(network, source.nGenes), seed)
  try {
    await eachPredictive(network, host, question, async (rows) => {
      const { cells, draws } = rows
      const numberOf = (row: number) => random.words(keys, cells[row]!, draws[row]!, 0)[0]!
      const drawn = [...counts.of(rows, (cell) => batch ?? codes?.[cell] ?? 0, numberOf)]
      await visit(drawn, cells, draws)
    })
  } finally {
    counts.release()
  }
}

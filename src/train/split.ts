import { NOISE } from '../numeric/philox.js'
import { Random } from '../numeric/random.js'

/** Cells to train on and cells held out. */
export interface Split {
  train: Int32Array
  heldout: Int32Array
}

/**
 * Splits cells by a seeded permutation: the first cells of it are held out, as in scvi-tools (⌈share·n⌉ are trained on).
 */
export function splitCells(nCells: number, trainSize: number, seed: number): Split {
  const nTrain = Math.min(nCells, Math.ceil(nCells * trainSize))
  const order = new Random(seed, NOISE.split).permutation(nCells)
  return { heldout: order.slice(0, nCells - nTrain), train: order.slice(nCells - nTrain) }
}

/** The order of the training cells in an epoch; a function of seed and epoch alone, so that a resumed run goes on in it. */
export function epochOrder(train: Int32Array, seed: number, epoch: number): Int32Array {
  const random = new Random((seed + Math.imul(epoch + 1, 0x9e3779b9)) >>> 0, NOISE.shuffle)
  const order = random.permutation(train.length)
  return order.map((i) => train[i]!)
}

/** Fewest cells of a minibatch: batch normalisation of one or two cells says nothing. */
export const FEWEST_CELLS = 3

/** Where the minibatches of an epoch start and end; a remainder of fewer than three cells joins the batch before it. */
export function minibatchBounds(nCells: number, batchSize: number): number[] {
  const bounds = [0]
  for (let at = batchSize; nCells - at >= FEWEST_CELLS; at += batchSize) bounds.push(at)
  bounds.push(nCells)
  return bounds
}

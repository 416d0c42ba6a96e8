import { NOISE } from '../numeric/philox.js'
import { Random } from '../numeric/random.js'

/** Cells to train on and cells held out. */
export interface Split {
  train: Int32Array
  heldout: Int32Array
}

/**
 * Splits cells by a seeded permutation: the first cells of it are held out, as in scvi-tools (⌈share·n⌉ are trained on).
 *
 * A batch none of whose cells is trained on has weights that never change, and its held-out cells would choose the epoch. Its
 * first cell of the permutation changes places with a training cell of a batch that has another; all else stays as it is.
 *
 * @param batches the batch of every cell
 */
export function splitCells(nCells: number, trainSize: number, seed: number, batches?: Int32Array): Split {
  const nTrain = Math.min(nCells, Math.ceil(nCells * trainSize))
  const order = new Random(seed, NOISE.split).permutation(nCells)
  if (batches) trainOnEachBatch(order, nCells - nTrain, batches)
  return { heldout: order.slice(0, nCells - nTrain), train: order.slice(nCells - nTrain) }
}

/** Changes places in an order whose first `nHeldout` cells are held out. */
function trainOnEachBatch(order: Int32Array, nHeldout: number, batches: Int32Array): void {
  const trained = new Map<number, number>()
  const count = (batch: number, by: number) => trained.set(batch, (trained.get(batch) ?? 0) + by)
  for (const cell of order.subarray(nHeldout)) count(batches[cell]!, 1)
  for (let i = 0; i < nHeldout; i++) {
    const cell = order[i]!
    const batch = batches[cell]!
    if (trained.get(batch)) continue
    const k = order.findIndex((other, at) => at >= nHeldout && trained.get(batches[other]!)! > 1)
    // every batch that is trained on has one cell
    if (k < 0) return
    count(batches[order[k]!]!, -1)
    count(batch, 1)
    order[i] = order[k]!
    order[k] = cell
  }
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

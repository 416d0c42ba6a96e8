import { LOT } from '../../device/cpu/lot-decoder.js'
import { isCpu } from '../../device/host-kernels.js'
import type { Network } from '../../network/network.js'

/** Cells of a pass for each thread, and at the least: fewer calls to make, and to wait for each other after. */
const THREAD_CELLS = 256
const LEAST_CELLS = 1152
/** Numbers of a tensor of cells × genes. */
const MOST_NUMBERS = 2 ** 21

/** Most cells that a network takes at a time when it is asked: on a CPU more than in training, where their genes go into memory. */
export function cellsOfQuestions({ block, capacity, device, shape }: Network): number {
  if (!isCpu(device)) return block
  const wanted = Math.max(LEAST_CELLS, THREAD_CELLS * device.host.threads)
  const cells = Math.min(wanted, LOT * Math.floor(MOST_NUMBERS / shape.nGenes / LOT))
  return cells > capacity ? cells : block
}

/**
 * The network that questions are put to, with room for {@link cellsOfQuestions}; released by {@link releaseRoom}.
 *
 * @param most cells that are of use at a time
 */
export function roomForQuestions(network: Network, most = Number.POSITIVE_INFINITY): Network {
  const cells = Math.min(most, cellsOfQuestions(network))
  return cells > network.capacity ? network.withRoom(cells) : network
}

/** Gives back what a network of {@link roomForQuestions} took: of the network itself, values as large as cells × genes. */
export function releaseRoom(asked: Network, network: Network): void {
  const { means, geneMeans } = network.model
  if (asked !== network) asked.release()
  else network.forget([...means.outputs, ...geneMeans.outputs])
}

import { setImmediate } from 'node:timers/promises'
import type { CellSource } from '../../device/device.js'
import { withHostKernels } from '../../device/host-kernels.js'
import type { Network } from '../../network/network.js'
import type { OutputWeights } from '../../network/ops/count-head.js'
import { largest } from '../../numeric/largest.js'
import type { Matrix } from '../../numeric/matrix.js'
import { cellChunks } from './inference.js'
import { withDecoders } from './scale-decoder.js'

/**
 * For each cell the log of what the softmax of its logits divides by, at given latents: with it, any gene's share of the cell's counts follows from
 * the gene's logit alone. It is the logit of the gene that the cell has most of, less the log of that gene's share.
 *
 * @param latent cells × latent
 * @returns zeros for a network whose rates are no softmax
 */
export async function logDenominators(
  network: Network,
  source: CellSource,
  { values, columns: nLatent }: Matrix,
): Promise<Float32Array> {
  const { nCells, nGenes } = source
  const logs = new Float32Array(nCells)
  const { head, means } = network.model
  const { scale, from } = head.shape
  if (scale === 'softplus') return logs
  const below = 'hidden' in from ? from.hidden : from.logits
  const output = 'hidden' in from ? await weightsOf(network, from.weights) : undefined
  await withHostKernels(network.device, (host) =>
    withDecoders(network, host, source, [undefined], async ([decoder]) => {
      for (const cells of cellChunks(nCells, decoder!.capacity)) {
        const at = values.subarray(cells[0]! * nLatent, (cells.at(-1)! + 1) * nLatent)
        const [mean, units] = await decoder!.values([means.mean, below], cells, at)
        const { floats } = host.arena
        for (const [i, cell] of cells.entries()) {
          const row = mean!.offset + i * mean!.stride
          const shares = floats.subarray(row, row + nGenes)
          const first = units!.offset + i * units!.stride
          const gene = largest(shares)
          const logit = output ? output(floats, first, gene) : floats[first + gene]!
          logs[cell] = logit - Math.log(shares[gene]!)
        }
        // so that a signal is heard
        await setImmediate()
      }
    }),
  )
  return logs
}

/** Gives the logit of a gene from hidden units that start somewhere in an array. */
async function weightsOf(
  { device, parameters }: Network,
  { weight, bias }: OutputWeights,
): Promise<(units: Float32Array, first: number, gene: number) => number> {
  const weights = await device.read(parameters.of(weight).value)
  const biases = await device.read(parameters.of(bias).value)
  const { columns } = weight
  return (units, first, gene) => {
    let logit = biases[gene]!
    for (let k = 0; k < columns; k++) logit += units[first + k]! * weights[gene * columns + k]!
    return logit
  }
}

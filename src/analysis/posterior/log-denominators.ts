import { setImmediate } from 'node:timers/promises'
import type { CellSource } from '../../device/device.js'
import { withHostKernels } from '../../device/host-kernels.js'
import { HostTensors } from '../../device/host-tensors.js'
import type { Network } from '../../network/network.js'
import type { OutputWeights } from '../../network/ops/count-head.js'
import type { Value } from '../../network/value.js'
import type { Matrix } from '../../numeric/matrix.js'
import { cellChunks } from './inference.js'
import { noCounts } from './scale-decoder.js'

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
  const { head, latent, library, means } = network.model
  const { scale, from } = head.shape
  if (scale === 'softplus') return logs
  const below = 'hidden' in from ? from.hidden : from.logits
  const output = 'hidden' in from ? await weightsOf(network, from.weights) : undefined
  const of: CellSource = {
    ...{ nCells, nGenes, categorical: source.categorical, continuous: source.continuous },
    counts: noCounts(nCells, nGenes),
    size: new Float32Array(nCells).fill(1),
  }
  const batch = await network.minibatch(of)
  try {
    await withHostKernels(network.device, async (host) => {
      const onHost = new HostTensors(network.device, host)
      for (const cells of cellChunks(nCells, network.capacity)) {
        await network.load(batch, cells)
        network.gather(batch, cells)
        const at = values.subarray(cells[0]! * nLatent, (cells.at(-1)! + 1) * nLatent)
        const fed = new Map<Value, Float32Array>([[latent.draw, at]])
        if (library) fed.set(library.draw, new Float32Array(cells.length))
        const tensors = network.tensors(batch, [means.outputs[0]!, below], { fed })
        const mean = await onHost.of(tensors[0]!)
        const units = await onHost.of(tensors[1]!)
        const { floats } = host.arena
        for (const [i, cell] of cells.entries()) {
          const shares = floats.subarray(
            mean.offset + i * mean.stride,
            mean.offset + i * mean.stride + nGenes,
          )
          const first = units.offset + i * units.stride
          const gene = largest(shares)
          const logit = output ? output(floats, first, gene) : floats[first + gene]!
          logs[cell] = logit - Math.log(shares[gene]!)
        }
        // so that a signal is heard
        await setImmediate()
      }
      onHost.release()
    })
  } finally {
    network.releaseMinibatch(batch)
    network.forget(means.outputs)
  }
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

function largest(values: Float32Array): number {
  let at = 0
  for (let i = 1; i < values.length; i++) if (values[i]! > values[at]!) at = i
  return at
}

import { setImmediate } from 'node:timers/promises'
import type { CpuTensor } from '../../device/cpu/cpu-tensor.js'
import { type CellSource, MISSING, type Minibatch } from '../../device/device.js'
import type { HostKernels } from '../../device/host-kernels.js'
import { HostTensors } from '../../device/host-tensors.js'
import { rowsOf } from '../../device/loaded-rows.js'
import type { Network } from '../../network/network.js'
import { cellChunks } from './inference.js'

/** Expected counts of some cells where the kernels of the host read them: valid until the next ones are asked for. */
export interface DecodedCells {
  /** Positions of the cells in the source: the first rows of the tensors. */
  cells: Int32Array
  /** Cells × genes; {@link MISSING} in place of the mean of a count that is missing, where that was asked for. */
  mean: CpuTensor
  /** Cells × genes: logits of dropout; zinb only. */
  zeroLogits?: CpuTensor
  /** Log-likelihood of each cell's counts, where it was asked for. */
  logLikelihood?: Float32Array
}

export interface DecodeOptions {
  /** Positions of the cells that are decoded; all when left out. */
  cells?: Int32Array
  withLikelihood?: boolean
  /** Marks the means of missing counts. */
  markMissing?: boolean
}

/**
 * Decodes cells of a source at given latents, a minibatch at a time. On a CPU device the tensors are the network's own; from
 * other devices they are copied.
 *
 * @param latent a row for each cell of the source
 */
export async function* decodedCells(
  network: Network,
  host: HostKernels,
  source: CellSource,
  latent: Float32Array,
  { cells: only, withLikelihood = false, markMissing = false }: DecodeOptions = {},
): AsyncGenerator<DecodedCells> {
  const { nLatent } = network.config
  const lacks = markMissing && source.counts.missing === true
  const onHost = new HostTensors(network.device, host)
  let batch: Minibatch | undefined
  try {
    batch = await network.minibatch(source)
    for (const places of cellChunks(only?.length ?? source.nCells, network.block)) {
      const cells = only ? places.map((place) => only[place]!) : places
      await network.load(batch, cells)
      network.gather(batch, cells)
      const at = Float32Array.from(
        { length: cells.length * nLatent },
        (_, k) => latent[cells[Math.floor(k / nLatent)]! * nLatent + (k % nLatent)]!,
      )
      const decoded = network.decode(batch, at, withLikelihood)
      const mean = await onHost.of(decoded.mean)
      if (lacks) await mark(host, mean, source, cells)
      yield {
        cells,
        mean,
        ...(decoded.zeroLogits && { zeroLogits: await onHost.of(decoded.zeroLogits) }),
        ...(decoded.logLikelihood && { logLikelihood: await network.device.read(decoded.logLikelihood) }),
      }
      // so that a signal is heard
      await setImmediate()
    }
  } finally {
    onHost.release()
    if (batch) network.releaseMinibatch(batch)
    // as large as cells × genes
    network.forget(network.model.means.outputs)
  }
}

async function mark(
  { arena }: HostKernels,
  mean: CpuTensor,
  source: CellSource,
  cells: Int32Array,
): Promise<void> {
  for (const [i, { genes, counts }] of (await rowsOf(source, cells)).entries()) {
    const row = mean.offset + i * mean.stride
    for (let k = 0; k < genes.length; k++) if (counts[k] === MISSING) arena.floats[row + genes[k]!] = MISSING
  }
}

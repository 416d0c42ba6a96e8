import { setImmediate } from 'node:timers/promises'
import { CpuTensor, padded } from '../../device/cpu/cpu-tensor.js'
import { type CellSource, MISSING, type Minibatch, type Tensor } from '../../device/device.js'
import { type HostKernels, sharesMemory } from '../../device/host-kernels.js'
import { HostSpace } from '../../device/host-space.js'
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
  const copies = sharesMemory(network.device, host) ? undefined : new Copies(network, host)
  const onHost = async (tensor: Tensor) => (copies ? copies.of(tensor) : (tensor as CpuTensor))
  let batch: Minibatch | undefined
  try {
    batch = await network.minibatch(source)
    for (const places of cellChunks(only?.length ?? source.nCells, network.capacity)) {
      const cells = only ? places.map((place) => only[place]!) : places
      await network.load(batch, cells)
      network.gather(batch, cells)
      const at = Float32Array.from(
        { length: cells.length * nLatent },
        (_, k) => latent[cells[Math.floor(k / nLatent)]! * nLatent + (k % nLatent)]!,
      )
      const decoded = network.decode(batch, at, withLikelihood)
      const mean = await onHost(decoded.mean)
      if (lacks) await mark(host, mean, source, cells)
      yield {
        cells,
        mean,
        ...(decoded.zeroLogits && { zeroLogits: await onHost(decoded.zeroLogits) }),
        ...(decoded.logLikelihood && { logLikelihood: await network.device.read(decoded.logLikelihood) }),
      }
      // so that a signal is heard
      await setImmediate()
    }
  } finally {
    copies?.release()
    if (batch) network.releaseMinibatch(batch)
    // as large as cells × genes
    network.forget(network.model.means.outputs)
  }
}

/** Tensors of another device, copied to where the host's kernels read. */
class Copies {
  readonly #network: Network
  readonly #host: HostKernels
  readonly #space: HostSpace
  readonly #tensors = new Map<Tensor, CpuTensor>()

  constructor(network: Network, host: HostKernels) {
    this.#network = network
    this.#host = host
    this.#space = new HostSpace(host.arena)
  }

  async of(tensor: Tensor): Promise<CpuTensor> {
    let copy = this.#tensors.get(tensor)
    if (!copy) {
      const { rows, columns } = tensor
      copy = new CpuTensor(rows, columns, this.#space.take(rows * padded(columns)))
      this.#tensors.set(tensor, copy)
    }
    copy.write(this.#host.arena, await this.#network.device.read(tensor))
    return copy
  }

  release(): void {
    this.#space.release()
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

import { countsInMemory } from '../../cells/counts-in-memory.js'
import type { CpuTensor } from '../../device/cpu/cpu-tensor.js'
import type { CellSource, CountSource, Minibatch, Tensor } from '../../device/device.js'
import type { HostKernels } from '../../device/host-kernels.js'
import { HostTensors } from '../../device/host-tensors.js'
import type { Network } from '../../network/network.js'
import type { Value } from '../../network/value.js'

/** What latents decode to, where the kernels of the host read it: valid until the next decoding. */
export interface DecodedRows {
  /** Rows × genes: expected counts of cells of size 1, which is the scale; of another size where one was given. */
  mean: CpuTensor
  /** Rows × genes: logits of dropout; zinb only. */
  zeroLogits?: CpuTensor
}

/** Counts of cells that are decoded, of which the decoder sees none. */
export function noCounts(nCells: number, nGenes: number): CountSource {
  const none = { genes: new Int32Array(), counts: new Float32Array() }
  return countsInMemory(nCells, nGenes, () => none)
}

/**
 * Decodes latents of cells, with covariates of their own but for a batch that may be put in place of theirs. What a row gives does not depend
 * on the rows beside it.
 */
export class ScaleDecoder {
  readonly #network: Network
  readonly #batch: Minibatch
  readonly #onHost: HostTensors

  private constructor(network: Network, batch: Minibatch, onHost: HostTensors) {
    this.#network = network
    this.#batch = batch
    this.#onHost = onHost
  }

  /**
   * @param source the cells, whose counts are not asked for
   * @param counts from {@link noCounts}; the same for all decoders of the same cells, which a device then holds once
   * @param onHost tensors of the network's device
   * @param batch code of a batch in place of the cells' own
   * @param size of every cell; 1 when left out
   */
  static async open(
    network: Network,
    source: CellSource,
    counts: CountSource,
    onHost: HostTensors,
    batch?: number,
    size: Float32Array = new Float32Array(source.nCells).fill(1),
  ): Promise<ScaleDecoder> {
    const { nCells, nGenes, continuous } = source
    const [own, ...others] = source.categorical
    const codes = batch === undefined ? own! : new Int32Array(nCells).fill(batch)
    const decoded = { nCells, nGenes, counts, categorical: [codes, ...others], continuous, size }
    return new ScaleDecoder(network, await network.minibatch(decoded), onHost)
  }

  /** Most rows of a call. */
  get capacity(): number {
    return this.#network.block
  }

  /**
   * @param cells positions of the cells in the source; a cell may come several times
   * @param latent rows × latent, of these cells in this order
   * @param logSize log of each row's size, for a network that has latent ones; the logs of 1 when left out
   */
  async decode(cells: Int32Array, latent: Float32Array, logSize?: Float32Array): Promise<DecodedRows> {
    const [mean, zeroLogits] = await this.values(this.#network.model.means.outputs, cells, latent, logSize)
    return { mean: mean!, ...(zeroLogits && { zeroLogits }) }
  }

  /** Other values of the network at given latents, the means among them where they are asked for: rows of each. */
  async values(
    values: readonly Value[],
    cells: Int32Array,
    latent: Float32Array,
    logSize?: Float32Array,
  ): Promise<CpuTensor[]> {
    const found: CpuTensor[] = []
    for (const tensor of await this.#tensors(values, cells, latent, logSize))
      found.push(await this.#onHost.of(tensor))
    return found
  }

  /** The same means gene by gene: genes × rows. */
  async decodeByGene(cells: Int32Array, latent: Float32Array, logSize?: Float32Array): Promise<CpuTensor> {
    const { means, geneMeans } = this.#network.model
    if (this.#network.device.kernels.geneMeans) {
      const [mean] = await this.#tensors([geneMeans.mean], cells, latent, logSize)
      return this.#onHost.of(mean!)
    }
    const [mean] = await this.#tensors([means.mean], cells, latent, logSize)
    return this.#onHost.turned(mean!, cells.length)
  }

  async #tensors(
    values: readonly Value[],
    cells: Int32Array,
    latent: Float32Array,
    logSize: Float32Array | undefined,
  ): Promise<Tensor[]> {
    const { latent: posterior, library } = this.#network.model
    await this.#network.load(this.#batch, cells)
    this.#network.gather(this.#batch, cells)
    const fed = new Map<Value, Float32Array>([[posterior.draw, latent]])
    if (library) fed.set(library.draw, logSize ?? new Float32Array(cells.length))
    return this.#network.tensors(this.#batch, values, { fed })
  }

  release(): void {
    this.#network.releaseMinibatch(this.#batch)
  }
}

/**
 * Runs work with decoders, and gives back what they took, cells × genes of the network too.
 *
 * @param size of every cell; 1 when left out
 */
export async function withDecoders<T>(
  network: Network,
  host: HostKernels,
  source: CellSource,
  batches: readonly (number | undefined)[],
  work: (decoders: readonly ScaleDecoder[]) => Promise<T>,
  size?: Float32Array,
): Promise<T> {
  const counts = noCounts(source.nCells, source.nGenes)
  const onHost = new HostTensors(network.device, host)
  const decoders: ScaleDecoder[] = []
  try {
    for (const batch of batches)
      decoders.push(await ScaleDecoder.open(network, source, counts, onHost, batch, size))
    return await work(decoders)
  } finally {
    for (const decoder of decoders) decoder.release()
    onHost.release()
    const { means, geneMeans } = network.model
    network.forget([...means.outputs, ...geneMeans.outputs])
  }
}

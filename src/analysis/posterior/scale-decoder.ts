import { countsInMemory } from '../../cells/counts-in-memory.js'
import type { CpuTensor } from '../../device/cpu/cpu-tensor.js'
import type { DecoderArguments } from '../../device/cpu/kernel-arguments.js'
import type { CellSource, CountSource, Minibatch, Tensor } from '../../device/device.js'
import type { HostKernels } from '../../device/host-kernels.js'
import { HostTensors } from '../../device/host-tensors.js'
import type { Fed, Network } from '../../network/network.js'
import type { Value } from '../../network/value.js'
import { LotMeans } from './lot-means.js'
import { releaseRoom, roomForQuestions } from './room-for-questions.js'

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
  readonly #host: HostKernels
  readonly #onHost: HostTensors
  readonly #lots: LotMeans | undefined

  private constructor(
    network: Network,
    batch: Minibatch,
    host: HostKernels,
    onHost: HostTensors,
    lots: LotMeans | undefined,
  ) {
    this.#network = network
    this.#batch = batch
    this.#host = host
    this.#onHost = onHost
    this.#lots = lots
  }

  /**
   * @param source the cells, whose counts are not asked for
   * @param counts from {@link noCounts}; the same for all decoders of the same cells, which a device then holds once
   * @param onHost tensors of the network's device
   * @param lots of the network, where it has them
   * @param batch code of a batch in place of the cells' own
   * @param size of every cell; 1 when left out
   */
  static async open(
    network: Network,
    source: CellSource,
    counts: CountSource,
    host: HostKernels,
    onHost: HostTensors,
    lots: LotMeans | undefined,
    batch?: number,
    size: Float32Array = new Float32Array(source.nCells).fill(1),
  ): Promise<ScaleDecoder> {
    const { nCells, nGenes, continuous } = source
    const [own, ...others] = source.categorical
    const codes = batch === undefined ? own! : new Int32Array(nCells).fill(batch)
    const decoded = { nCells, nGenes, counts, categorical: [codes, ...others], continuous, size }
    return new ScaleDecoder(network, await network.minibatch(decoded), host, onHost, lots)
  }

  /** Most rows of a call. */
  get capacity(): number {
    return this.#network.block
  }

  /**
   * @param cells positions of the cells in the source; a cell may come several times
   * @param latent rows × latent, of these cells in this order, or what writes them
   * @param logSize log of each row's size, for a network that has latent ones; the logs of 1 when left out
   */
  async decode(cells: Int32Array, latent: Fed, logSize?: Float32Array): Promise<DecodedRows> {
    const [mean, zeroLogits] = await this.values(this.#network.model.means.outputs, cells, latent, logSize)
    return { mean: mean!, ...(zeroLogits && { zeroLogits }) }
  }

  /** Other values of the network at given latents, the means among them where they are asked for: rows of each. */
  async values(
    values: readonly Value[],
    cells: Int32Array,
    latent: Fed,
    logSize?: Float32Array,
  ): Promise<CpuTensor[]> {
    const found: CpuTensor[] = []
    for (const tensor of await this.#tensors(values, cells, latent, logSize))
      found.push(await this.#onHost.of(tensor))
    return found
  }

  /** The same means gene by gene: genes × rows. */
  async decodeByGene(cells: Int32Array, latent: Fed, logSize?: Float32Array): Promise<CpuTensor> {
    const decoder = await this.lots(cells, latent, logSize)
    if (decoder) {
      const { byGene } = this.#lots!
      this.#host.call('decodeGenes', { decoder, mean: byGene.offset, meanWidth: byGene.stride })
      return byGene
    }
    const { means, geneMeans } = this.#network.model
    if (this.#network.device.kernels.geneMeans) {
      const [mean] = await this.#tensors([geneMeans.mean], cells, latent, logSize)
      return this.#onHost.of(mean!)
    }
    const [mean] = await this.#tensors([means.mean], cells, latent, logSize)
    return this.#onHost.turned(mean!, cells.length)
  }

  /** What kernels make the same means of as they use them; undefined for networks of which they cannot. */
  async lots(cells: Int32Array, latent: Fed, logSize?: Float32Array): Promise<DecoderArguments | undefined> {
    if (!this.#lots) return undefined
    const tensors = await this.#tensors(this.#lots.values, cells, latent, logSize)
    return this.#lots.arguments(this.#batch, tensors)
  }

  async #tensors(
    values: readonly Value[],
    cells: Int32Array,
    latent: Fed,
    logSize: Float32Array | undefined,
  ): Promise<Tensor[]> {
    const { latent: posterior, library } = this.#network.model
    await this.#network.load(this.#batch, cells)
    this.#network.gather(this.#batch, cells)
    const fed = new Map<Value, Fed>([[posterior.draw, latent]])
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
  const asked = roomForQuestions(network)
  const lots = LotMeans.of(asked, host)
  const decoders: ScaleDecoder[] = []
  try {
    for (const batch of batches)
      decoders.push(await ScaleDecoder.open(asked, source, counts, host, onHost, lots, batch, size))
    return await work(decoders)
  } finally {
    for (const decoder of decoders) decoder.release()
    lots?.release()
    onHost.release()
    releaseRoom(asked, network)
  }
}

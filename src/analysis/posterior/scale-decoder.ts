import { countsInMemory } from '../../cells/counts-in-memory.js'
import type { CellSource, CountSource, Minibatch } from '../../device/device.js'
import type { Network } from '../../network/network.js'
import type { Value } from '../../network/value.js'

/** What latents decode to. */
export interface Decoded {
  /** Rows × genes: expected counts of cells of size 1, which is the scale; of another size where one was given. */
  mean: Float32Array
  /** Rows × genes: logits of dropout; zinb only. */
  zeroLogits?: Float32Array
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

  private constructor(network: Network, batch: Minibatch) {
    this.#network = network
    this.#batch = batch
  }

  /**
   * @param source the cells, whose counts are not asked for
   * @param counts from {@link noCounts}; the same for all decoders of the same cells, which a device then holds once
   * @param batch code of a batch in place of the cells' own
   */
  static async open(
    network: Network,
    source: CellSource,
    counts: CountSource,
    batch?: number,
  ): Promise<ScaleDecoder> {
    const { nCells, nGenes, continuous } = source
    const [own, ...others] = source.categorical
    const codes = batch === undefined ? own! : new Int32Array(nCells).fill(batch)
    const size = new Float32Array(nCells).fill(1)
    const decoded = { nCells, nGenes, counts, categorical: [codes, ...others], continuous, size }
    return new ScaleDecoder(network, await network.minibatch(decoded))
  }

  /** Most rows of a call. */
  get capacity(): number {
    return this.#network.capacity
  }

  /**
   * @param cells positions of the cells in the source; a cell may come several times
   * @param latent rows × latent, of these cells in this order
   * @param logSize log of each row's size, for a network that has latent ones; the logs of 1 when left out
   */
  async decode(cells: Int32Array, latent: Float32Array, logSize?: Float32Array): Promise<Decoded> {
    const { latent: posterior, library, means } = this.#network.model
    await this.#network.load(this.#batch, cells)
    this.#network.gather(this.#batch, cells)
    const fed = new Map<Value, Float32Array>([[posterior.draw, latent]])
    if (library) fed.set(library.draw, logSize ?? new Float32Array(cells.length))
    const [mean, zeroLogits] = await this.#network.values(this.#batch, means.outputs, { fed })
    return { mean: mean!, ...(zeroLogits && { zeroLogits }) }
  }

  release(): void {
    this.#network.releaseMinibatch(this.#batch)
  }
}

/** Runs work with decoders, and gives back what they took, cells × genes of the network too. */
export async function withDecoders<T>(
  network: Network,
  source: CellSource,
  batches: readonly (number | undefined)[],
  work: (decoders: readonly ScaleDecoder[]) => Promise<T>,
): Promise<T> {
  const counts = noCounts(source.nCells, source.nGenes)
  const decoders: ScaleDecoder[] = []
  try {
    for (const batch of batches) decoders.push(await ScaleDecoder.open(network, source, counts, batch))
    return await work(decoders)
  } finally {
    for (const decoder of decoders) decoder.release()
    network.forget(network.model.means.outputs)
  }
}

import type { CpuMinibatch } from '../../device/cpu/cpu-minibatch.js'
import { CpuTensor, cpu, padded } from '../../device/cpu/cpu-tensor.js'
import type { DecoderArguments } from '../../device/cpu/kernel-arguments.js'
import { LotDecoder } from '../../device/cpu/lot-decoder.js'
import type { Minibatch, Tensor } from '../../device/device.js'
import { type HostKernels, sharesMemory } from '../../device/host-kernels.js'
import { HostSpace } from '../../device/host-space.js'
import type { Network } from '../../network/network.js'
import type { OutputWeights } from '../../network/ops/count-head.js'
import type { Value } from '../../network/value.js'

/**
 * Means of a network gene by gene, which kernels make of its hidden units as they use them: for networks on the CPU whose genes share a
 * softmax, of which no cell lacks one.
 */
export class LotMeans {
  /** What a pass leaves for the kernels. */
  readonly values: readonly Value[]
  readonly #network: Network
  readonly #weights: OutputWeights
  readonly #decoder: LotDecoder
  readonly #space: HostSpace
  #byGene: CpuTensor | undefined

  private constructor(network: Network, host: HostKernels, hidden: Value, weights: OutputWeights) {
    const { logSize, nGenes } = network.model.head.shape
    this.#network = network
    this.#weights = weights
    this.values = logSize ? [hidden, logSize] : [hidden]
    this.#decoder = new LotDecoder(host, nGenes, hidden.columns as number)
    this.#space = new HostSpace(host.arena)
  }

  /** Undefined for other networks, and for genes that would take too much memory. */
  static of(network: Network, host: HostKernels): LotMeans | undefined {
    const { from, scale, absent, nGenes } = network.model.head.shape
    if (!('hidden' in from) || scale !== 'softmax' || absent || !sharesMemory(network.device, host))
      return undefined
    const { hidden, weights } = from
    return LotDecoder.fits(host, nGenes, hidden.columns as number)
      ? new LotMeans(network, host, hidden, weights)
      : undefined
  }

  /** What kernels decode a minibatch's cells from: valid until the next pass. */
  arguments(batch: Minibatch, [hidden, logSize]: readonly Tensor[]): DecoderArguments {
    const { parameters } = this.#network
    return this.#decoder.arguments({
      rows: batch.nCells,
      hidden: cpu(hidden!),
      weight: parameters.of(this.#weights.weight).value,
      bias: parameters.of(this.#weights.bias).value,
      logSize,
      size: (batch as CpuMinibatch).size,
    })
  }

  /** Room for the means of a pass, genes × rows. */
  get byGene(): CpuTensor {
    const { shape, capacity } = this.#network
    this.#byGene ??= new CpuTensor(shape.nGenes, capacity, this.#space.room(shape.nGenes * padded(capacity)))
    return this.#byGene
  }

  release(): void {
    this.#decoder.release()
    this.#space.release()
  }
}

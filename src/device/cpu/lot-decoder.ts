import type { Tensor } from '../device.js'
import { HostSpace } from '../host-space.js'
import { type CpuTensor, cpu } from './cpu-tensor.js'
import { geneBlocks } from './gene-blocks.js'
import type { HostKernels } from './host.js'
import type { DecoderArguments } from './kernel-arguments.js'

/** Cells that a thread decodes at a time (`LOT` in kernels/decode.c). */
export const LOT = 64

/** Words that all threads' lots may take. */
const MOST_WORDS = 2 ** 26

/** Words that a thread's lot takes. */
const lotWords = (genes: number, hidden: number): number =>
  LOT * (hidden + genes + 3 * geneBlocks(genes).blocks)

/** The hidden units of cells and the weights of a softmax over genes. */
export interface LotInput {
  rows: number
  /** Rows × hidden. */
  hidden: CpuTensor
  /** Genes × hidden and 1 × genes. */
  weight: Tensor
  bias: Tensor
  /** Rows × 1: logs of the sizes; those of {@link LotInput.size} when left out. */
  logSize: Tensor | undefined
  /** Word of the arena where the rows' sizes start. */
  size: number
}

/** Expected counts gene by gene from hidden units, a lot of cells on each thread, for networks whose genes share a softmax. */
export class LotDecoder {
  readonly #genes: number
  readonly #space: HostSpace
  readonly #scratch: number
  readonly #scratchStride: number

  constructor(host: HostKernels, genes: number, hidden: number) {
    this.#genes = genes
    this.#scratchStride = lotWords(genes, hidden)
    this.#space = new HostSpace(host.arena)
    this.#scratch = this.#space.take(host.threads * this.#scratchStride)
  }

  /** Whether the lots of all threads go into memory. */
  static fits({ threads }: HostKernels, genes: number, hidden: number): boolean {
    return threads * lotWords(genes, hidden) <= MOST_WORDS
  }

  /** What the kernels `decodeGenes` and `addDecoded` take. */
  arguments({ rows, hidden, weight, bias, logSize, size }: LotInput): DecoderArguments {
    return {
      rows,
      genes: this.#genes,
      hidden: hidden.columns,
      width: cpu(weight).stride,
      input: hidden,
      inputWidth: hidden.stride,
      weight,
      bias,
      ...geneBlocks(this.#genes),
      logSize,
      size,
      scratch: this.#scratch,
      scratchStride: this.#scratchStride,
    }
  }

  release(): void {
    this.#space.release()
  }
}

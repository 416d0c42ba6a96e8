import { type CpuTensor, padded } from '../../device/cpu/cpu-tensor.js'
import type { HostKernels } from '../../device/host-kernels.js'
import { HostSpace } from '../../device/host-space.js'

/** Genes whose moments are summed by one thread (`MOMENT_GENES` in kernels/moments.c). */
const BLOCK_GENES = 64
/** Nodes of a gene's table: 16 to each doubling of the mean from 2⁻²⁰ to 2²⁴, and one past the end. */
const NODES = 44 * 16 + 2
/** Words of a gene's table. */
export const MOMENT_WORDS = 2 * NODES

/** What a cell's log-likelihood would be, and how scattered, were its counts drawn from the decoder. */
export interface LogLikelihoodMoments {
  expected: Float64Array
  variance: Float64Array
}

/**
 * Moments of log p(X) under its own distribution, summed over the genes of each cell by a kernel. Every gene has a table of
 *
 *     M_k = Σ_x p(x) (log p(x))^k,   k = 1, 2
 *
 * at nodes of the mean that are filled when first asked for; between them M_k is linear in the mean. With zero inflation the
 * tables are over x > 0, and x = 0 is added for each count.
 */
export class MomentSums {
  readonly #host: HostKernels
  readonly #nGenes: number
  readonly #blocks: number
  readonly #padded: number
  readonly #space: HostSpace
  readonly #theta: number
  readonly #nodes: number
  readonly #expected: number
  readonly #variance: number
  readonly #pending: number

  /**
   * @param theta inverse dispersion of each gene; Infinity for a Poisson
   * @param capacity most cells that are asked for at a time
   */
  constructor(host: HostKernels, theta: Float32Array, capacity: number) {
    this.#host = host
    this.#nGenes = theta.length
    this.#blocks = Math.ceil(theta.length / BLOCK_GENES)
    this.#padded = padded(capacity)
    this.#space = new HostSpace(host.arena)
    // a vector may reach past the last gene
    this.#theta = this.#space.take(padded(theta.length))
    this.#nodes = this.#space.take(theta.length * MOMENT_WORDS)
    this.#expected = this.#space.take(this.#blocks * this.#padded)
    this.#variance = this.#space.take(this.#blocks * this.#padded)
    this.#pending = this.#space.take(this.#blocks)
    host.arena.floats.set(theta, this.#theta)
  }

  /**
   * Sums of some cells.
   *
   * @param nCells cells that the first rows of the tensors hold
   * @param mean expected counts, cells × genes; below zero for a count that is not known, which is left out
   * @param zeroLogits logits of dropout, where zeros are inflated: in all calls or in none
   */
  of(nCells: number, mean: CpuTensor, zeroLogits?: CpuTensor): LogLikelihoodMoments {
    const { arena, call } = this.#host
    const args = {
      cells: nCells,
      padded: this.#padded,
      genes: this.#nGenes,
      mean,
      zeroLogits,
      width: mean.stride,
      theta: this.#theta,
      nodes: this.#nodes,
      nodesOfGene: NODES,
      expected: this.#expected,
      variance: this.#variance,
      pending: this.#pending,
    }
    const pending = arena.ints.subarray(this.#pending, this.#pending + this.#blocks)
    pending.fill(1)
    // tables of many new nodes take more than one call
    while (pending.some((wanted) => wanted === 1)) call('likelihoodMoments', args)
    return { expected: this.#sum(this.#expected, nCells), variance: this.#sum(this.#variance, nCells) }
  }

  #sum(blocks: number, nCells: number): Float64Array {
    const { floats } = this.#host.arena
    const sums = new Float64Array(nCells)
    for (let b = 0; b < this.#blocks; b++) {
      const row = blocks + b * this.#padded
      for (let i = 0; i < nCells; i++) sums[i]! += floats[row + i]!
    }
    return sums
  }

  /** Gives the memory of the tables back. */
  release(): void {
    this.#space.release()
  }
}

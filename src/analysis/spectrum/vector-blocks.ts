import type { HostKernels } from '../../device/host-kernels.js'
import type { HostSpace } from '../../device/host-space.js'

/** Vectors of a block, as the kernels have it. */
export const BLOCK = 8
/** Words of 32 bits of a float64. */
const WORDS = 2
/** Rows are filled up with zeros to a multiple of this. */
const ROWS = 4

/** A symmetric matrix as the ties of a graph. */
export interface SymmetricGraph {
  /** Rows of the matrix, 0 … n − 1. */
  n: number
  /** n + 1 offsets: the entries of row i are from `starts[i]` to `starts[i + 1]`. */
  starts: Int32Array
  /** Column of each entry. */
  targets: Int32Array
  entries: Float64Array
}

/**
 * Blocks of 8 float64 vectors in the memory of kernels, [block][row][8], and a matrix that they are multiplied by. Sums are taken in an order
 * that does not depend on the number of threads.
 */
export class VectorBlocks {
  readonly n: number
  readonly #host: HostKernels
  readonly #rows: number
  readonly #first: number
  readonly #matrix: { starts: number; targets: number; weights: number }
  /** Room for the small factors that kernels read and the products that they write. */
  readonly #small: number

  /**
   * @param count blocks there is room for, all zeros
   * @param space given back by the caller
   */
  constructor(host: HostKernels, space: HostSpace, graph: SymmetricGraph, count: number) {
    this.#host = host
    this.n = graph.n
    this.#rows = Math.ceil(graph.n / ROWS) * ROWS
    this.#first = space.take(count * this.#rows * BLOCK * WORDS)
    this.#small = space.take(count * BLOCK ** 2 * WORDS)
    const weights = space.take(graph.entries.length * WORDS)
    this.#matrix = { starts: space.ints(graph.starts), targets: space.ints(graph.targets), weights }
    this.#doubles(weights, graph.entries.length).set(graph.entries)
  }

  /** The vectors of a block, [row][8]: the memory itself, until kernels are next called. */
  vectors(block: number): Float64Array {
    return this.#doubles(this.#at(block), this.n * BLOCK)
  }

  /**
   * `to` becomes the matrix times a block, times a factor, less the block `before` where one is given, which may be `to`.
   *
   * @param factor is rounded to float32
   */
  multiply(block: number, to: number, factor = 1, before?: number): void {
    this.#host.call('graphTimesBlock', {
      ...this.#matrix,
      ...{ nodes: this.n, block: this.#at(block), factor, out: this.#at(to) },
      before: before === undefined ? 0 : this.#at(before),
    })
  }

  /** Products of the vectors of `count` blocks from `first` on with those of one: (8 count) × 8, row-major. */
  products(first: number, count: number, block: number): Float64Array {
    this.#host.call('blockProducts', {
      ...{ rows: this.#rows, blocks: count, vectors: this.#at(first) },
      ...{ block: this.#at(block), products: this.#small },
    })
    return this.#doubles(this.#small, count * BLOCK ** 2).slice()
  }

  /**
   * `to` becomes the sum of the vectors of `count` blocks from `first` on, each times its row of factors, on top of the block `from` where one is
   * given. `from` and `to` may be the same or among those that are summed.
   *
   * @param factors (8 count) × 8, row-major
   */
  add(first: number, count: number, factors: Float64Array, to: number, from?: number): void {
    this.#doubles(this.#small, count * BLOCK ** 2).set(factors)
    this.#host.call('addBlocks', {
      ...{ rows: this.#rows, blocks: count, vectors: this.#at(first), factors: this.#small },
      ...{ from: from === undefined ? 0 : this.#at(from), to: this.#at(to) },
    })
  }

  /** The word where a block starts. */
  #at(block: number): number {
    return this.#first + block * this.#rows * BLOCK * WORDS
  }

  #doubles(word: number, length: number): Float64Array {
    return new Float64Array(this.#host.arena.memory.buffer, 4 * word, length)
  }
}

import { ScvaeError } from '../../errors.js'

const PAGE = 65536
const MAX_PAGES = 65536
/** Every tensor starts at a multiple of 64 bytes, the widest vector and a cache line. */
const ALIGN = 16

/** Bytes of WebAssembly stack that each thread has. */
export const STACK_BYTES = 65536

/**
 * One shared memory for everything that kernels touch, handed out in words of 32 bits.
 *
 * It grows as it is asked to, up to WebAssembly's 4 GiB; freed runs are kept by size and used again. The data set is not in
 * here: only the weights, the minibatch and what lies between.
 */
export class Arena {
  readonly memory: WebAssembly.Memory
  floats: Float32Array
  ints: Int32Array
  #top: number
  readonly #free = new Map<number, number[]>()

  /** @param reservedBytes bytes at the start that are not handed out (static data and stacks) */
  constructor(reservedBytes: number) {
    const initial = Math.ceil(reservedBytes / PAGE) + 16
    this.memory = new WebAssembly.Memory({ initial, maximum: MAX_PAGES, shared: true })
    this.floats = new Float32Array(this.memory.buffer)
    this.ints = new Int32Array(this.memory.buffer)
    this.#top = Math.ceil(reservedBytes / 4 / ALIGN) * ALIGN
  }

  /**
   * Words of zeros; gives their offset.
   *
   * @throws ScvaeError (failed) past 4 GiB.
   */
  allocate(words: number): number {
    const size = Math.max(ALIGN, Math.ceil(words / ALIGN) * ALIGN)
    const reused = this.#free.get(size)?.pop()
    if (reused !== undefined) {
      this.floats.fill(0, reused, reused + size)
      return reused
    }
    const offset = this.#top
    const end = (offset + size) * 4
    const missing = Math.ceil((end - this.memory.buffer.byteLength) / PAGE)
    if (missing > 0) {
      // an eighth more than asked for, so that many small tensors do not each grow the memory
      const room = MAX_PAGES - this.memory.buffer.byteLength / PAGE
      if (missing > room) {
        throw new ScvaeError(
          'failed',
          `The model and its minibatch need more than the 4 GiB that the CPU device has.`,
          {
            hint: 'Use fewer genes (--n-top-genes), fewer hidden units or a smaller batch.',
          },
        )
      }
      this.memory.grow(Math.min(room, missing + Math.ceil(this.memory.buffer.byteLength / PAGE / 8)))
      this.floats = new Float32Array(this.memory.buffer)
      this.ints = new Int32Array(this.memory.buffer)
    }
    this.#top += size
    return offset
  }

  /** Gives words back, of the size they were asked for with. */
  free(offset: number, words: number): void {
    const size = Math.max(ALIGN, Math.ceil(words / ALIGN) * ALIGN)
    const runs = this.#free.get(size)
    if (runs) runs.push(offset)
    else this.#free.set(size, [offset])
  }
}

import { ScvaeError } from '../../errors.js'
import { lowerBound } from '../../numeric/lower-bound.js'

const PAGE = 65536
const MAX_PAGES = 65536
/** Every tensor starts at a multiple of 64 bytes, the widest vector and a cache line. */
const ALIGN = 16

const aligned = (words: number): number => Math.ceil(words / ALIGN) * ALIGN

/** Bytes of WebAssembly stack that each thread has. */
export const STACK_BYTES = 65536

/**
 * One shared memory for everything that kernels touch, handed out in words of 32 bits.
 *
 * It grows as it is asked to, up to WebAssembly's 4 GiB. What is given back joins the free words beside it and is used again for
 * whatever fits. The data set is not in here: only the weights, the minibatch and what lies between.
 */
export class Arena {
  readonly memory: WebAssembly.Memory
  floats: Float32Array
  ints: Int32Array
  /** Nothing from this word on is handed out. */
  #top: number
  /** Nothing from this word on has ever been handed out: it is still zero. */
  #untouched: number
  /** Free runs below the top, ascending: where they start and how long they are. No two of them touch, nor the top. */
  readonly #starts: number[] = []
  readonly #sizes: number[] = []

  /** @param reservedBytes bytes at the start that are not handed out (static data and stacks) */
  constructor(reservedBytes: number) {
    const initial = Math.ceil(reservedBytes / PAGE) + 16
    this.memory = new WebAssembly.Memory({ initial, maximum: MAX_PAGES, shared: true })
    this.floats = new Float32Array(this.memory.buffer)
    this.ints = new Int32Array(this.memory.buffer)
    this.#top = aligned(reservedBytes / 4)
    this.#untouched = this.#top
  }

  /** Bytes up to the last one in use. */
  get bytes(): number {
    return this.#top * 4
  }

  /**
   * Words of zeros; gives their offset.
   *
   * @param zeroed whether they are to be zeros; without, they hold anything
   * @throws ScvaeError (failed) past 4 GiB.
   */
  allocate(words: number, zeroed = true): number {
    const size = Math.max(ALIGN, aligned(words))
    const offset = this.#takeFree(size) ?? this.#takeTop(size)
    const end = offset + size
    if (zeroed && offset < this.#untouched) this.floats.fill(0, offset, Math.min(end, this.#untouched))
    if (end > this.#untouched) this.#untouched = end
    return offset
  }

  /**
   * Gives words back, of the size they were asked for with, or a part of them that starts and ends at multiples of 16.
   *
   * @throws RangeError for words that are free already.
   */
  free(offset: number, words: number): void {
    const end = offset + Math.max(ALIGN, aligned(words))
    const starts = this.#starts
    const sizes = this.#sizes
    const next = this.#runsBefore(offset)
    const before = next - 1
    const endBefore = before >= 0 ? starts[before]! + sizes[before]! : 0
    const startAfter = next < starts.length ? starts[next]! : this.#top
    if (endBefore > offset || startAfter < end) {
      throw new RangeError(`Words ${offset} to ${end} of the arena are given back twice.`)
    }
    const joinsBefore = before >= 0 && endBefore === offset
    const start = joinsBefore ? starts[before]! : offset
    const first = joinsBefore ? before : next
    if (end === this.#top) {
      this.#top = start
      starts.length = first
      sizes.length = first
      return
    }
    const joinsAfter = next < starts.length && startAfter === end
    const size = (joinsAfter ? end + sizes[next]! : end) - start
    const replaced = (joinsBefore ? 1 : 0) + (joinsAfter ? 1 : 0)
    starts.splice(first, replaced, start)
    sizes.splice(first, replaced, size)
  }

  /** How many free runs start before a word. */
  #runsBefore(word: number): number {
    return lowerBound(this.#starts, word)
  }

  /** The start of the smallest free run that is large enough. */
  #takeFree(size: number): number | undefined {
    const sizes = this.#sizes
    let best = -1
    for (let i = 0; i < sizes.length; i++) {
      if (sizes[i]! >= size && (best < 0 || sizes[i]! < sizes[best]!)) best = i
    }
    if (best < 0) return undefined
    const start = this.#starts[best]!
    if (sizes[best] === size) {
      this.#starts.splice(best, 1)
      sizes.splice(best, 1)
    } else {
      this.#starts[best] = start + size
      sizes[best]! -= size
    }
    return start
  }

  #takeTop(size: number): number {
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
}

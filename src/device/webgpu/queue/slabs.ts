import { aligned, View } from './view.js'

/** Words of a buffer that several tensors share. */
export const SLAB_WORDS = 2 ** 22
/** A tensor with more words has a buffer of its own. */
const MOST_WORDS = SLAB_WORDS / 4

interface Slab {
  buffer: GPUBuffer
  used: number
  /** Places that have not been given back. */
  live: number
}

/**
 * Buffers that are handed out in places, so that the kernels of a step have few of them bound. A place is never handed out
 * twice: it is zero, as the buffer was made. The buffer goes with its last place.
 */
export class Slabs {
  readonly #make: (words: number) => GPUBuffer
  readonly #slabs = new Map<GPUBuffer, Slab>()
  /** The one that places are taken from. */
  #open: Slab | undefined

  constructor(make: (words: number) => GPUBuffer) {
    this.#make = make
  }

  take(words: number): View {
    if (words > MOST_WORDS) return this.#place(this.#add(words), words)
    if (!this.#open || this.#open.used + words > SLAB_WORDS) this.#open = this.#add(SLAB_WORDS)
    return this.#place(this.#open, words)
  }

  #add(words: number): Slab {
    const slab = { buffer: this.#make(words), used: 0, live: 0 }
    this.#slabs.set(slab.buffer, slab)
    return slab
  }

  #place(slab: Slab, words: number): View {
    const view = new View(slab.buffer, slab.used, words)
    slab.used += aligned(words)
    slab.live++
    return view
  }

  /** Takes a place back; whether its buffer is of no further use. Buffers that are none of these are of none. */
  giveBack({ buffer }: View): boolean {
    const slab = this.#slabs.get(buffer)
    if (!slab) return true
    slab.live--
    if (slab.live > 0) return false
    this.#slabs.delete(buffer)
    if (this.#open === slab) this.#open = undefined
    return true
  }

  dispose(): void {
    for (const { buffer } of this.#slabs.values()) buffer.destroy()
  }
}

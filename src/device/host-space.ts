import type { Arena } from './cpu/arena.js'

/** Words of the kernels' memory that some work needs for a time. */
export class HostSpace {
  readonly #arena: Arena
  readonly #taken: { offset: number; words: number }[] = []

  constructor(arena: Arena) {
    this.#arena = arena
  }

  /** Words of zeros; gives their offset. */
  take(words: number): number {
    return this.#take(words, true)
  }

  /** Words that hold anything, for what is written before it is read. */
  room(words: number): number {
    return this.#take(words, false)
  }

  #take(words: number, zeroed: boolean): number {
    const offset = this.#arena.allocate(words, zeroed)
    this.#taken.push({ offset, words })
    return offset
  }

  /** Words with the given floats. */
  floats(values: ArrayLike<number>): number {
    const offset = this.room(values.length)
    this.#arena.floats.set(values, offset)
    return offset
  }

  /** Words with the given whole numbers. */
  ints(values: ArrayLike<number>): number {
    const offset = this.room(values.length)
    this.#arena.ints.set(values, offset)
    return offset
  }

  /** Gives everything back. */
  release(): void {
    for (const { offset, words } of this.#taken.splice(0)) this.#arena.free(offset, words)
  }
}

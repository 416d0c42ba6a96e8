import type { CellSource } from '../../device.js'

type Row = ReturnType<CellSource['row']>

/** How the nonzero entries of a data set are written down for the GPU (`entryReads` in wgsl/minibatch.ts). */
export interface EntryForm {
  /** Gene and count share a word: whole counts below 65,536, and as many genes. */
  readonly packed: boolean
  /** Words of an entry. */
  readonly words: 1 | 2
}

/** Room for entries in the host's memory, seen as both of the types that an entry has. */
export class EntryWords {
  readonly words: Uint32Array<ArrayBuffer>
  readonly floats: Float32Array<ArrayBuffer>

  constructor(length: number) {
    this.words = new Uint32Array(length)
    this.floats = new Float32Array(this.words.buffer)
  }

  /** Writes a row without its stored zeros; where the next one goes. */
  write({ genes, counts }: Row, packed: boolean, at: number): number {
    const { words, floats } = this
    const n = genes.length
    let next = at
    if (packed) {
      for (let k = 0; k < n; k++) {
        const count = counts[k]!
        if (count !== 0) words[next++] = genes[k]! | (count << 16)
      }
      return next
    }
    for (let k = 0; k < n; k++) {
      const count = counts[k]!
      if (count === 0) continue
      words[next++] = genes[k]!
      floats[next++] = count
    }
    return next
  }
}

import { PackedRow } from '../../../numeric/packed-row.js'
import { type CellRow, MISSING } from '../../device.js'

/** How the entries of a data set are written down for the GPU (`entryReads` in wgsl/minibatch.ts). */
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

  /**
   * Writes a row without its stored zeros: first what is known, then the genes whose counts are missing, with counts of 0. Where the
   * next one goes.
   */
  write(row: CellRow, packed: boolean, at: number): number {
    if (packed && row instanceof PackedRow && !row.escaped) return this.#putWords(row.words, at)
    const { genes, counts } = row
    const n = genes.length
    let next = at
    let missing = 0
    for (let k = 0; k < n; k++) {
      const count = counts[k]!
      if (count === MISSING) missing++
      else if (count !== 0) next = this.#put(genes[k]!, count, packed, next)
    }
    if (missing === 0) return next
    for (let k = 0; k < n; k++) if (counts[k] === MISSING) next = this.#put(genes[k]!, 0, packed, next)
    return next
  }

  /** Entries as they are held, but for stored zeros. */
  #putWords(words: Int32Array, at: number): number {
    let next = at
    for (const word of words) if (word >>> 16 !== 0) this.words[next++] = word
    return next
  }

  #put(gene: number, count: number, packed: boolean, at: number): number {
    if (packed) {
      this.words[at] = gene | (count << 16)
      return at + 1
    }
    this.words[at] = gene
    this.floats[at + 1] = count
    return at + 2
  }
}

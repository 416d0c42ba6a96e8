/** Genes that a packed entry can name. */
const PACKED_GENES = 2 ** 16

/** In place of a count that does not fit: a large one, a fraction, a missing one. */
const ESCAPED = 0xffff

/** Whether a count is written into its entry's word: whole, from 0 to 65,534. */
const fitsWord = (count: number): boolean => count >>> 0 === count && count < ESCAPED

/** Entries of which each has its gene in the low half of a word, and in the high one its count where that fits. */
export interface PackedEntries {
  words: Int32Array
  /** Positions of the entries whose counts do not fit, ascending. */
  escapedAt: Int32Array
  /** These counts. */
  escaped: Float32Array
}

/**
 * Entries in words.
 *
 * @returns nothing where genes are too high, or more than a share of the counts do not fit
 */
export function packEntries(
  genes: Int32Array,
  counts: Float32Array,
  mostEscaped = 1,
): PackedEntries | undefined {
  const n = genes.length
  let nEscaped = 0
  for (let k = 0; k < n; k++) {
    if (genes[k]! >= PACKED_GENES) return
    if (!fitsWord(counts[k]!)) nEscaped++
  }
  if (nEscaped > mostEscaped * n) return
  const words = new Int32Array(n)
  const escapedAt = new Int32Array(nEscaped)
  const escaped = new Float32Array(nEscaped)
  let next = 0
  for (let k = 0; k < n; k++) {
    const count = counts[k]!
    const fits = fitsWord(count)
    words[k] = genes[k]! | ((fits ? count : ESCAPED) << 16)
    if (fits) continue
    escapedAt[next] = k
    escaped[next++] = count
  }
  return { words, escapedAt, escaped }
}

/** Writes counts of packed entries to `counts` from `at` on; `escaped` holds those that did not fit, in order. */
export function unpackCounts(
  words: Int32Array,
  escaped: Float32Array | undefined,
  counts: Float32Array,
  at: number,
): void {
  const n = words.length
  if (!escaped) {
    for (let k = 0; k < n; k++) counts[at + k] = words[k]! >>> 16
    return
  }
  let next = 0
  for (let k = 0; k < n; k++) {
    const count = words[k]! >>> 16
    counts[at + k] = count === ESCAPED ? escaped[next++]! : count
  }
}

/** Writes genes of packed entries to `genes` from `at` on. */
export function unpackGenes(words: Int32Array, genes: Int32Array, at: number): void {
  for (let k = 0; k < words.length; k++) genes[at + k] = words[k]! & (PACKED_GENES - 1)
}

/** A cell's entries in a word each, which half the memory of genes and counts holds. These are made where they are asked for. */
export class PackedRow {
  readonly words: Int32Array
  /** Counts that do not fit into their words, in order; left out where there are none. */
  readonly escaped: Float32Array | undefined
  #genes: Int32Array | undefined
  #counts: Float32Array | undefined

  constructor(words: Int32Array, escaped?: Float32Array) {
    this.words = words
    this.escaped = escaped
  }

  get genes(): Int32Array {
    if (!this.#genes) {
      this.#genes = new Int32Array(this.words.length)
      unpackGenes(this.words, this.#genes, 0)
    }
    return this.#genes
  }

  get counts(): Float32Array {
    if (!this.#counts) {
      this.#counts = new Float32Array(this.words.length)
      unpackCounts(this.words, this.escaped, this.#counts, 0)
    }
    return this.#counts
  }
}

/** A row with its entries in words where its genes allow it. */
export function packRow<Row extends { readonly genes: Int32Array; readonly counts: Float32Array }>(
  row: Row,
): Row | PackedRow {
  const packed = packEntries(row.genes, row.counts)
  if (!packed) return row
  return new PackedRow(packed.words, packed.escaped.length > 0 ? packed.escaped : undefined)
}

/** Where counts of rows are unpacked, one row after another, with no new memory for each. */
export class CountRoom {
  #room = new Float32Array(1024)

  /** A row's counts, until the next one's are asked for. */
  countsOf(row: { readonly counts: Float32Array }): Float32Array {
    if (!(row instanceof PackedRow)) return row.counts
    const { length } = row.words
    if (length > this.#room.length) this.#room = new Float32Array(2 * length)
    unpackCounts(row.words, row.escaped, this.#room, 0)
    return this.#room.subarray(0, length)
  }
}

/** Entries of a row, without unpacking it. */
export const entriesIn = (row: { readonly genes: Int32Array }): number =>
  row instanceof PackedRow ? row.words.length : row.genes.length

/** Whether a row has an entry of a gene, without unpacking it. */
export function hasEntry(row: { readonly genes: Int32Array }, gene: number): boolean {
  const [list, mask] = row instanceof PackedRow ? [row.words, PACKED_GENES - 1] : [row.genes, -1]
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((list[middle]! & mask) < gene) low = middle + 1
    else high = middle
  }
  return low < list.length && (list[low]! & mask) === gene
}

/** Bins that floats above zero fall into by their leading bits: 32 for each power of two. */
const SHIFT = 18
const BINS = (0x7f800000 >>> SHIFT) + 1
/** What is below the least normal float is tied with zero: a gamma of a small shape has hardly more there than its underflow. */
const LEAST = 2 ** -126

/**
 * Ranks of values above zero, column by column, that are not kept: counts in bins as fine as a thirty-second of a power of two, and between
 * the ends of a bin as if its values lay evenly.
 */
export class RankBins {
  readonly #counts: Uint32Array
  readonly #value = new Float32Array(1)
  readonly #bits = new Uint32Array(this.#value.buffer)
  #n = 0

  constructor(columns: number) {
    this.#counts = new Uint32Array(columns * BINS)
  }

  /** Takes a row of values. */
  add(floats: Float32Array, from: number, columns: number): void {
    for (let k = 0; k < columns; k++) this.#counts[k * BINS + this.#bin(floats[from + k]!)]!++
    this.#n++
  }

  /** What {@link RankBins.rank} needs, once all rows are there: counts become counts of what is below. */
  close(): void {
    for (let from = 0; from < this.#counts.length; from += BINS) {
      let below = 0
      for (let bin = from; bin < from + BINS; bin++) {
        const count = this.#counts[bin]!
        this.#counts[bin] = below
        below += count
      }
    }
  }

  /** The share of a column's values below one, less a half. */
  rank(value: number, column: number): number {
    const bin = this.#bin(value)
    const at = column * BINS + bin
    const below = this.#counts[at]!
    const above = bin + 1 < BINS ? this.#counts[at + 1]! : this.#n
    const place = value < LEAST ? 0.5 : (this.#bits[0]! & ((1 << SHIFT) - 1)) / (1 << SHIFT)
    return (below + (above - below) * place) / this.#n - 0.5
  }

  #bin(value: number): number {
    this.#value[0] = value < LEAST ? 0 : value
    return this.#bits[0]! >>> SHIFT
  }
}

import type { NumericArray } from '../store/store.js'

/** A stored value that is no count: its position in storage order and what it is. */
export interface OddEntry {
  entry: number
  value: number
}

/** The kinds of values that counts cannot have. */
export const ODD_KINDS = ['nonFinite', 'negative', 'nonInteger'] as const

/** What a scan of some values found; as plain data where it comes from another thread. */
export type ScannedValues = Pick<
  ValueScan,
  'stored' | 'nonzeros' | 'min' | 'max' | (typeof ODD_KINDS)[number]
>

/** What all stored values of a matrix are like, gathered slice by slice at the precision of the file. */
export class ValueScan {
  stored = 0
  nonzeros = 0
  /** Of the finite stored values; Infinity and −Infinity where there is none. */
  min = Number.POSITIVE_INFINITY
  max = Number.NEGATIVE_INFINITY
  /** The first NaN or infinity in storage order. */
  nonFinite: OddEntry | undefined
  /** The first value below zero. */
  negative: OddEntry | undefined
  /** The first value that is no integer. */
  nonInteger: OddEntry | undefined

  /** Whether every stored value is a nonnegative integer. */
  get areCounts(): boolean {
    return !this.nonFinite && !this.negative && !this.nonInteger
  }

  /** Takes in the values from position `start` in storage order. */
  add(values: NumericArray, start: number): void {
    let { nonzeros, min, max } = this
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!
      if (value !== 0) nonzeros++
      // false for NaN too
      if (!(value > Number.NEGATIVE_INFINITY && value < Number.POSITIVE_INFINITY)) {
        this.nonFinite ??= { entry: start + i, value }
        continue
      }
      if (value < min) min = value
      if (value > max) max = value
      if (value < 0) this.negative ??= { entry: start + i, value }
      if (value !== Math.floor(value)) this.nonInteger ??= { entry: start + i, value }
    }
    this.stored += values.length
    this.nonzeros = nonzeros
    this.min = min
    this.max = max
  }

  /**
   * Takes in what a scan of other values found.
   *
   * @param entryOf the position in storage order of an entry that the other scan found
   */
  merge(part: ScannedValues, entryOf: (entry: number) => number = (entry) => entry): void {
    this.stored += part.stored
    this.nonzeros += part.nonzeros
    this.min = Math.min(this.min, part.min)
    this.max = Math.max(this.max, part.max)
    for (const kind of ODD_KINDS) {
      const found = part[kind]
      if (!found) continue
      const entry = entryOf(found.entry)
      const known = this[kind]
      if (!known || entry < known.entry) this[kind] = { entry, value: found.value }
    }
  }

  /** Takes in zeros, so many. */
  addZeros(n: number): void {
    if (n === 0) return
    this.stored += n
    this.min = Math.min(this.min, 0)
    this.max = Math.max(this.max, 0)
  }
}

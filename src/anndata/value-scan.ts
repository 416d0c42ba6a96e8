import type { NumericArray } from './store.js'

/** A stored value that is no count: its position in storage order and what it is. */
export interface OddEntry {
  entry: number
  value: number
}

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
}

import type { NumericArray } from '../store/store.js'

/** A stored value that is no count: its position in storage order and what it is. */
export interface OddEntry {
  entry: number
  value: number
}

/** The kinds of values that counts cannot have, but for `nearInteger`, which stands for one. */
export const ODD_KINDS = ['nonFinite', 'negative', 'nonInteger', 'nearInteger', 'tooLarge'] as const

/** float32 holds every integer up to this one, and not the next. */
export const LARGEST_COUNT = 2 ** 24

/** How far arithmetic in floats takes an integer: some units in the last place of float32, which are relative. */
const NEAR = 1e-6
/** However large a value is, no further than this. */
const NEAR_AT_MOST = 1e-3

/** Whether a finite value that is no integer stands for one. */
function isNearInteger(value: number): boolean {
  const size = Math.max(1, Math.abs(value))
  return Math.abs(value - Math.round(value)) <= Math.min(NEAR * size, NEAR_AT_MOST)
}

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
  /** The first value that is no integer and stands for none. */
  nonInteger: OddEntry | undefined
  /** The first value that is an integer but for the arithmetic that it went through. */
  nearInteger: OddEntry | undefined
  /** The first value above {@link LARGEST_COUNT}. */
  tooLarge: OddEntry | undefined

  /** Whether every stored value is a nonnegative integer that a float32 holds. */
  get areCounts(): boolean {
    return !this.nonFinite && !this.negative && !this.nonInteger && !this.tooLarge
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
      const whole = value === Math.floor(value)
      if (value < 0 && (whole || value < -NEAR)) this.negative ??= { entry: start + i, value }
      if (value > LARGEST_COUNT) this.tooLarge ??= { entry: start + i, value }
      if (whole) continue
      if (isNearInteger(value)) this.nearInteger ??= { entry: start + i, value }
      else this.nonInteger ??= { entry: start + i, value }
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

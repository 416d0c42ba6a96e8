import type { NumericArray } from '../store/store.js'
import type { LocatedValue, StoredValues } from './stored-values.js'
import { ODD_KINDS, type ScannedValues, ValueScan } from './value-scan.js'

/** A {@link ValueScan} of entries whose cells and genes are at hand, so that nothing is looked up afterwards. */
export class LocatedScan {
  readonly #scan = new ValueScan()
  readonly #odd: Pick<StoredValues, (typeof ODD_KINDS)[number]> = {}

  /**
   * Takes in entries.
   *
   * @param locate cell and gene of the entry at a position of `values`
   */
  add(values: NumericArray, locate: (k: number) => Omit<LocatedValue, 'value'>): void {
    const scan = this.#scan
    const start = scan.stored
    scan.add(values, start)
    this.#locateNew((entry) => locate(entry - start))
  }

  /** Takes in what a scan found whose entries are positions of their own. */
  take(scanned: ScannedValues, locate: (entry: number) => Omit<LocatedValue, 'value'>): void {
    this.#scan.merge(scanned)
    this.#locateNew(locate)
  }

  get values(): StoredValues {
    const { min, max } = this.#scan
    return {
      min: min === Number.POSITIVE_INFINITY ? Number.NaN : min,
      max: max === Number.NEGATIVE_INFINITY ? Number.NaN : max,
      ...this.#odd,
    }
  }

  #locateNew(locate: (entry: number) => Omit<LocatedValue, 'value'>): void {
    const scan = this.#scan
    const odd = this.#odd
    for (const kind of ODD_KINDS) {
      const found = scan[kind]
      if (found && !odd[kind]) odd[kind] = { ...locate(found.entry), value: found.value }
    }
  }
}

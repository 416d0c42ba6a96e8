import type { StoredValues } from './read.js'
import type { NumericArray } from './store.js'
import { ValueScan } from './value-scan.js'

const ODD = ['nonFinite', 'negative', 'nonInteger'] as const

/** A {@link ValueScan} of entries that come with their cells and genes, so that nothing is looked up afterwards. */
export class LocatedScan {
  private readonly scan = new ValueScan()
  private readonly odd: Pick<StoredValues, (typeof ODD)[number]> = {}

  /** Takes in entries: three arrays of one length. */
  add(values: NumericArray, cells: Int32Array, genes: Int32Array): void {
    const { scan, odd } = this
    const start = scan.stored
    scan.add(values, start)
    for (const kind of ODD) {
      const found = scan[kind]
      if (!found || odd[kind]) continue
      const at = found.entry - start
      odd[kind] = { cell: cells[at]!, gene: genes[at]!, value: found.value }
    }
  }

  get values(): StoredValues {
    const { min, max } = this.scan
    return {
      min: min === Number.POSITIVE_INFINITY ? Number.NaN : min,
      max: max === Number.NEGATIVE_INFINITY ? Number.NaN : max,
      ...this.odd,
    }
  }
}

import { logFactorial } from '../../numeric/special.js'
import type { CellRow, CountSource } from '../device.js'

/** Worked out once a cell. */
const constants = new WeakMap<CountSource, Float32Array>()

/** Sum of ln x! over a cell's counts: the part of the log-likelihood that no parameter moves. */
export function constantOf(source: CountSource, cell: number, counts: Float32Array): number {
  let all = constants.get(source)
  if (!all) {
    all = new Float32Array(source.nCells).fill(Number.NaN)
    constants.set(source, all)
  }
  if (Number.isNaN(all[cell]!)) {
    let sum = 0
    for (let k = 0; k < counts.length; k++) sum += logFactorial(counts[k]!)
    all[cell] = sum
  }
  return all[cell]!
}

/** A cell's counts of one kind: those that are known, or the others. */
export function pick({ genes, counts }: CellRow, keep: (count: number) => boolean): CellRow {
  return { genes: genes.filter((_, k) => keep(counts[k]!)), counts: counts.filter(keep) }
}

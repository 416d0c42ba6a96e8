import type { CountBlock, CountMatrix } from '../../anndata/counts/counts.js'
import type { LocatedValue, StoredValues } from '../../anndata/counts/stored-values.js'
import { ODD_KINDS, type OddEntry, ValueScan } from '../../anndata/counts/value-scan.js'
import { MISSING } from '../../numeric/missing.js'

/** What the values of counts in memory are like, but for missing ones. */
export function scanCounts(counts: CountMatrix): StoredValues {
  const all = new ValueScan()
  const values: StoredValues = { min: Number.NaN, max: Number.NaN }
  for (const block of counts.blocks) {
    const scan = new ValueScan()
    const [start, end] = [block.offsets[0]!, block.offsets[block.nCells]!]
    const stored = block.counts.subarray(start, end)
    // a missing one is as good as zero here
    scan.add(counts.missing ? stored.map((count) => (count === MISSING ? 0 : count)) : stored, start)
    scan.addZeros(block.nCells * counts.nGenes - stored.length)
    for (const kind of ODD_KINDS) {
      const found = scan[kind]
      if (found) values[kind] ??= located(block, found)
    }
    all.merge(scan)
  }
  if (all.max >= all.min) Object.assign(values, { min: all.min, max: all.max })
  return values
}

function located({ firstCell, offsets, genes }: CountBlock, { entry, value }: OddEntry): LocatedValue {
  const after = offsets.findIndex((offset) => offset > entry)
  return { cell: firstCell + after - 1, gene: genes[entry]!, value }
}

import type { CountMatrix } from '../../anndata/counts/counts.js'
import { MISSING } from '../../numeric/missing.js'
import { median } from '../../numeric/quantile.js'
import type { Factor } from './crossing.js'

/** Cells in which a gene must be seen before where it is not seen means something. */
const FEWEST_CELLS_OF_GENE = 20
/** Chance below which a gene that one batch has alone is no accident. */
const CHANCE = 1e-6

/** What a batch holds. */
export interface BatchRow {
  name: string
  cells: number
  /** Median total count of its cells. */
  counts: number
  /** Median number of genes seen in its cells. */
  genes: number
  /** Genes that are seen in this batch alone, more often than chance allows. */
  ownGenes: number[]
}

/** Cells, counts and genes by batch; cells without a batch are left out. */
export function batchTable(
  counts: CountMatrix,
  { codes, categories }: Factor,
  cells: Int32Array,
): BatchRow[] {
  const nBatches = categories.length
  const totals: number[][] = categories.map(() => [])
  const seen: number[][] = categories.map(() => [])
  const detected = new Int32Array(nBatches * counts.nGenes)
  for (const cell of cells) {
    const batch = codes[cell]!
    if (batch < 0) continue
    const row = counts.storedRow(cell)
    let total = 0
    let genes = 0
    for (let k = 0; k < row.genes.length; k++) {
      const count = row.counts[k]!
      if (count === MISSING || count === 0) continue
      total += count
      genes++
      detected[batch * counts.nGenes + row.genes[k]!]!++
    }
    totals[batch]!.push(total)
    seen[batch]!.push(genes)
  }
  const all = totals.reduce((sum, { length }) => sum + length, 0)
  const own: number[][] = categories.map(() => [])
  for (let gene = 0; gene < counts.nGenes; gene++) {
    let only = -1
    let batches = 0
    for (let batch = 0; batch < nBatches; batch++) {
      if (detected[batch * counts.nGenes + gene]! === 0) continue
      only = batch
      batches++
    }
    if (batches !== 1) continue
    const cellsWith = detected[only * counts.nGenes + gene]!
    const share = totals[only]!.length / all
    if (cellsWith >= FEWEST_CELLS_OF_GENE && share ** cellsWith < CHANCE) own[only]!.push(gene)
  }
  return categories.flatMap((name, batch) =>
    totals[batch]!.length === 0
      ? []
      : [
          {
            name,
            cells: totals[batch]!.length,
            counts: median(Float64Array.from(totals[batch]!)),
            genes: median(Float64Array.from(seen[batch]!)),
            ownGenes: own[batch]!,
          },
        ],
  )
}

import { absentOf } from '../anndata/counts/absent-genes.js'
import type { CountMatrix } from '../anndata/counts/counts.js'
import { MISSING } from '../numeric/missing.js'

/** Total of the known counts of every cell over the given genes, or over all. */
export function totalsOver(counts: CountMatrix, genes: Int32Array | undefined): Float64Array {
  if (!genes) return counts.cellTotals()
  const used = markedGenes(counts, genes)
  const totals = new Float64Array(counts.nCells)
  for (const { firstCell, nCells, offsets, genes: columns, counts: values } of counts.blocks) {
    for (let i = 0; i < nCells; i++) {
      let sum = 0
      for (let k = offsets[i]!; k < offsets[i + 1]!; k++) {
        const isKnown = !counts.missing || values[k] !== MISSING
        if (isKnown && used[columns[k]!]) sum += values[k]!
      }
      totals[firstCell + i] = sum
    }
  }
  return totals
}

/** How many of the counts of some cells in the given genes, or in all, are not zero, how many are missing, and how many of these absent. */
export function entriesOf(
  counts: CountMatrix,
  cells: Int32Array,
  genes: Int32Array | undefined,
): { nonzeros: number; missing: number; absent: number } {
  const used = markedGenes(counts, genes)
  let stored = 0
  let missing = 0
  let absent = 0
  for (const cell of cells) {
    const row = counts.storedRow(cell)
    for (const gene of row.genes) stored += used[gene]!
    if (!counts.missing) continue
    for (const [k, gene] of row.genes.entries()) if (row.counts[k] === MISSING) missing += used[gene]!
    for (const gene of absentOf(counts.absent, cell)) absent += used[gene]!
  }
  return { nonzeros: stored - missing, missing: missing + absent, absent }
}

/** 1 for each of the given genes, or for all. */
function markedGenes({ nGenes }: CountMatrix, genes: Int32Array | undefined): Uint8Array {
  const marked = new Uint8Array(nGenes).fill(genes ? 0 : 1)
  for (const gene of genes ?? []) marked[gene] = 1
  return marked
}

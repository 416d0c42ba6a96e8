import type { CountMatrix } from '../anndata/counts/counts.js'

/** Total count of every cell over the given genes, or over all. */
export function totalsOver(counts: CountMatrix, genes: Int32Array | undefined): Float64Array {
  if (!genes) return counts.cellTotals()
  const used = markedGenes(counts, genes)
  const totals = new Float64Array(counts.nCells)
  for (const { firstCell, nCells, offsets, genes: columns, counts: values } of counts.blocks) {
    for (let i = 0; i < nCells; i++) {
      let sum = 0
      for (let k = offsets[i]!; k < offsets[i + 1]!; k++) if (used[columns[k]!]) sum += values[k]!
      totals[firstCell + i] = sum
    }
  }
  return totals
}

/** Stored counts of some cells in the given genes, or in all. */
export function nonzerosOf(counts: CountMatrix, cells: Int32Array, genes: Int32Array | undefined): number {
  const used = markedGenes(counts, genes)
  let nonzeros = 0
  for (const cell of cells) for (const gene of counts.row(cell).genes) nonzeros += used[gene]!
  return nonzeros
}

/** 1 for each of the given genes, or for all. */
function markedGenes({ nGenes }: CountMatrix, genes: Int32Array | undefined): Uint8Array {
  const marked = new Uint8Array(nGenes).fill(genes ? 0 : 1)
  for (const gene of genes ?? []) marked[gene] = 1
  return marked
}

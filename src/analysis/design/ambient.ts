import type { CountMatrix } from '../../anndata/counts/counts.js'

/** Share of the cells that hold most of a gene. */
const TOP_CELLS = 0.1
/** Share of a gene's counts that they must hold for it to be a marker. */
const CONCENTRATED = 0.6
/** Share of all other cells in which a marker must be seen nevertheless. */
const EVERYWHERE = 0.3

/** A gene whose counts lie mostly in a few cells, and that almost all others have a little of. */
export interface AmbientGene {
  gene: number
  /** Share of its counts in the tenth of the cells that have most of it. */
  concentrated: number
  /** Share of the other cells that have it. */
  elsewhere: number
}

/**
 * Genes that look as if they were in the soup: markers of some cells (the tenth of the cells with most of a gene holds at least 60 % of
 * its counts) that at least 30 % of all other cells show too. RNA of burst cells is caught with every cell and looks so.
 *
 * @returns the most widespread first
 */
export function ambientGenes(counts: CountMatrix, cells: Int32Array): AmbientGene[] {
  const ofGene: number[][] = Array.from({ length: counts.nGenes }, () => [])
  for (const cell of cells) {
    const row = counts.storedRow(cell)
    for (let k = 0; k < row.genes.length; k++)
      if (row.counts[k]! > 0) ofGene[row.genes[k]!]!.push(row.counts[k]!)
  }
  const top = Math.ceil(TOP_CELLS * cells.length)
  const rest = cells.length - top
  return ofGene
    .flatMap((values, gene): AmbientGene[] => {
      const elsewhere = rest > 0 ? (values.length - top) / rest : 0
      if (elsewhere < EVERYWHERE) return []
      values.sort((a, b) => b - a)
      const sum = (list: readonly number[]) => list.reduce((total, value) => total + value, 0)
      const concentrated = sum(values.slice(0, top)) / sum(values)
      return concentrated >= CONCENTRATED ? [{ gene, concentrated, elsewhere }] : []
    })
    .sort((a, b) => b.elsewhere - a.elsewhere || a.gene - b.gene)
}

import { CountMatrix } from '../src/anndata/counts/counts.js'
import { countsInMemory } from '../src/cells/counts-in-memory.js'
import { type CellRow, type CellSource, MISSING } from '../src/device/device.js'
import { rowOf } from './row-of.js'

/** Which counts are missing. */
export type Lacks = (cell: number, gene: number) => boolean

function rowWithGaps({ genes, counts }: CellRow, cell: number, nGenes: number, lacks: Lacks): CellRow {
  const row = new Map(Array.from(genes, (gene, k) => [gene, counts[k]!]))
  const entries = Array.from({ length: nGenes }, (_, gene) => gene).flatMap((gene): [number, number][] => {
    if (lacks(cell, gene)) return [[gene, MISSING]]
    const count = row.get(gene)
    return count === undefined ? [] : [[gene, count]]
  })
  return {
    genes: Int32Array.from(entries, ([gene]) => gene),
    counts: Float32Array.from(entries, ([, count]) => count),
  }
}

/** A matrix without some of its counts. */
export function withGaps(counts: CountMatrix, lacks: Lacks): CountMatrix {
  const { nCells, nGenes } = counts
  const rows = Array.from({ length: nCells }, (_, cell) => rowWithGaps(counts.row(cell), cell, nGenes, lacks))
  const offsets = Int32Array.of(0, ...rows.map(({ genes }) => genes.length))
  for (let i = 1; i <= nCells; i++) offsets[i]! += offsets[i - 1]!
  const genes = Int32Array.from(rows.flatMap((row) => [...row.genes]))
  const values = Float32Array.from(rows.flatMap((row) => [...row.counts]))
  return new CountMatrix(nGenes, [{ firstCell: 0, nCells, offsets, genes, counts: values }], true)
}

/** Cells without some of their counts, and with the library size of the others. */
export function cellsWithGaps(source: CellSource, lacks: Lacks): CellSource {
  const { nCells, nGenes } = source
  const rows = Array.from({ length: nCells }, (_, cell) =>
    rowWithGaps(rowOf(source, cell), cell, nGenes, lacks),
  )
  const totals = rows.map(({ counts }) => counts.reduce((sum, count) => sum + Math.max(0, count), 0))
  return {
    ...source,
    counts: countsInMemory(nCells, nGenes, (cell) => rows[cell]!, true),
    size: Float32Array.from(totals),
  }
}

import { CountMatrix } from '../anndata/counts/counts.js'
import type { CellRow } from '../device/device.js'

/** Rows of counts, some draws of each cell one after another, as a matrix for each draw. */
export class RowsOfDraws {
  readonly #nGenes: number
  readonly #rows: CellRow[][]
  readonly #places: Int32Array | undefined

  /** @param genes which genes in which order, by their positions; all when left out */
  constructor(nGenes: number, nDraws: number, genes: Int32Array | undefined) {
    this.#nGenes = genes?.length ?? nGenes
    this.#rows = Array.from({ length: nDraws }, () => [])
    if (genes) {
      this.#places = new Int32Array(nGenes).fill(-1)
      for (const [place, gene] of genes.entries()) this.#places[gene] = place
    }
  }

  /** @param draws the number of each row's draw */
  add(rows: readonly CellRow[], draws: Int32Array): void {
    for (const [i, row] of rows.entries()) this.#rows[draws[i]!]!.push(this.#taken(row))
  }

  matrices(): CountMatrix[] {
    return this.#rows.map((rows) => matrixOf(this.#nGenes, rows))
  }

  #taken(row: CellRow): CellRow {
    const places = this.#places
    if (!places) return row
    const kept = [...row.genes.entries()]
      .map(([k, gene]) => ({ gene: places[gene]!, count: row.counts[k]! }))
      .filter(({ gene }) => gene >= 0)
      .sort((a, b) => a.gene - b.gene)
    return {
      genes: Int32Array.from(kept, ({ gene }) => gene),
      counts: Float32Array.from(kept, ({ count }) => count),
    }
  }
}

/** Rows as a matrix of one block. */
export function matrixOf(nGenes: number, rows: readonly CellRow[]): CountMatrix {
  const offsets = new Int32Array(rows.length + 1)
  for (const [i, { genes }] of rows.entries()) offsets[i + 1] = offsets[i]! + genes.length
  const genes = new Int32Array(offsets[rows.length]!)
  const counts = new Float32Array(offsets[rows.length]!)
  for (const [i, row] of rows.entries()) {
    genes.set(row.genes, offsets[i]!)
    counts.set(row.counts, offsets[i]!)
  }
  return new CountMatrix(nGenes, [{ firstCell: 0, nCells: rows.length, offsets, genes, counts }])
}

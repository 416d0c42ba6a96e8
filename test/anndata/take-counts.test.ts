import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countMatrixFromCsr, type toCsr } from '../../src/anndata/counts/csr-arrays.js'
import { takeCounts } from '../../src/anndata/counts/take-counts.js'

/** Rows of a matrix in full. */
function dense(counts: Parameters<typeof toCsr>[0]): number[][] {
  return Array.from({ length: counts.nCells }, (_, cell) => {
    const values = new Array<number>(counts.nGenes).fill(0)
    const row = counts.row(cell)
    for (const [i, gene] of row.genes.entries()) values[gene] = row.counts[i]!
    return values
  })
}

function sparse(rows: readonly number[][], nGenes: number) {
  const indptr = [0]
  const indices: number[] = []
  const data: number[] = []
  for (const row of rows) {
    for (const [gene, count] of row.entries()) if (count > 0) indices.push(gene) && data.push(count)
    indptr.push(indices.length)
  }
  return countMatrixFromCsr({
    shape: [rows.length, nGenes],
    indptr: Int32Array.from(indptr),
    indices: Int32Array.from(indices),
    data: Float32Array.from(data),
  })
}

describe('takeCounts', () => {
  it('gives cells and genes in the orders asked for', () => {
    const counts = sparse(
      [
        [1, 0, 3],
        [0, 5, 6],
      ],
      3,
    )
    const some = takeCounts(counts, Int32Array.of(1, 0, 1), Int32Array.of(2, 0))
    expect(dense(some)).toEqual([
      [6, 0],
      [3, 1],
      [6, 0],
    ])
    expect(Array.from(some.row(1).genes)).toEqual([0, 1])
  })

  it('has ascending genes in every row, whatever the order', () => {
    const matrix = fc.integer({ min: 1, max: 7 }).chain((nGenes) =>
      fc.record({
        rows: fc.array(fc.array(fc.nat(3), { minLength: nGenes, maxLength: nGenes }), { minLength: 1 }),
        genes: fc.shuffledSubarray(Array.from({ length: nGenes }, (_, i) => i)),
      }),
    )
    fc.assert(
      fc.property(matrix, ({ rows, genes }) => {
        const cells = Int32Array.from(rows.keys()).reverse()
        const counts = sparse(rows, rows[0]!.length)
        const before = dense(counts)
        const taken = takeCounts(counts, cells, Int32Array.from(genes))
        expect(dense(taken)).toEqual(Array.from(cells, (cell) => genes.map((gene) => rows[cell]![gene])))
        for (let cell = 0; cell < taken.nCells; cell++) {
          const row = Array.from(taken.row(cell).genes)
          expect(row).toEqual(row.toSorted((a, b) => a - b))
        }
        expect(dense(counts)).toEqual(before)
      }),
    )
  })
})

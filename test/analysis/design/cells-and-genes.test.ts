import { describe, expect, it } from 'vitest'
import { ambientGenes } from '../../../src/analysis/design/ambient.js'
import { batchTable } from '../../../src/analysis/design/batch-table.js'
import { alikeCells } from '../../../src/analysis/design/duplicates.js'
import { CountMatrix } from '../../../src/anndata/counts/counts.js'
import { Random } from '../../../src/numeric/random.js'

const GENES = 400

/** Counts by the mean of each cell and gene. */
function countsOf(nCells: number, meanOf: (cell: number, gene: number) => number, seed = 1): CountMatrix {
  const random = new Random(seed, 1)
  return matrix(
    Array.from({ length: nCells }, (_, cell) =>
      Float32Array.from({ length: GENES }, (_, gene) => random.poisson(meanOf(cell, gene))),
    ),
  )
}

function matrix(rows: readonly Float32Array[]): CountMatrix {
  const offsets = new Int32Array(rows.length + 1)
  const genes: number[] = []
  const counts: number[] = []
  for (const [i, row] of rows.entries()) {
    for (const [gene, count] of row.entries()) {
      if (count === 0) continue
      genes.push(gene)
      counts.push(count)
    }
    offsets[i + 1] = genes.length
  }
  const block = {
    firstCell: 0,
    nCells: rows.length,
    offsets,
    genes: Int32Array.from(genes),
    counts: Float32Array.from(counts),
  }
  return new CountMatrix(GENES, [block])
}

const dense = (counts: CountMatrix, cell: number) => {
  const row = new Float32Array(GENES)
  const { genes, counts: values } = counts.row(cell)
  for (const [k, gene] of genes.entries()) row[gene] = values[k]!
  return row
}
const all = (n: number) => Int32Array.from({ length: n }, (_, i) => i)

describe('cells that are nearly the same', () => {
  it('are found among cells of one type, whole or with a few other counts; cells of few genes are not judged', () => {
    const counts = countsOf(300, () => 1)
    const rows = Array.from(all(300), (cell) => dense(counts, cell))
    rows[250] = rows[17]!.slice()
    const nearly = rows[30]!.slice()
    for (let gene = 0; gene < 8; gene++) nearly[gene * 50]! += 1
    rows[270] = nearly
    rows[280] = Float32Array.from({ length: GENES }, (_, gene) => (gene < 20 ? 1 : 0))
    rows[281] = rows[280]!.slice()
    const pairs = alikeCells(matrix(rows), all(300))
    expect(pairs.map(({ first, second }) => [first, second])).toEqual([
      [17, 250],
      [30, 270],
    ])
    expect(pairs[0]!.jaccard).toBe(1)
    expect(pairs[1]!.jaccard).toBeGreaterThan(0.9)
    expect(pairs[1]!.jaccard).toBeLessThan(1)
  })
})

describe('genes that may be ambient', () => {
  it('are markers that others show a little of; not markers alone, nor genes of all cells', () => {
    const counts = countsOf(400, (cell, gene) => {
      const few = cell < 40
      if (gene === 3) return few ? 60 : 0.8
      if (gene === 4) return few ? 60 : 0
      return 2
    })
    const found = ambientGenes(counts, all(400))
    expect(found.map(({ gene }) => gene)).toEqual([3])
    expect(found[0]!.elsewhere).toBeCloseTo(1 - Math.exp(-0.8), 1)
    expect(found[0]!.concentrated).toBeGreaterThan(0.8)
  })
})

describe('the table of batches', () => {
  it('has cells, medians and the genes that a batch has alone', () => {
    const counts = countsOf(300, (cell, gene) => {
      if (gene === 5) return cell < 100 ? 1 : 0
      // seen so rarely that it may be chance
      if (gene === 6) return cell < 100 ? 0.05 : 0
      return cell < 100 ? 1 : 2
    })
    const codes = all(300).map((cell) => (cell === 299 ? -1 : cell < 100 ? 1 : 0))
    const rows = batchTable(counts, { name: 'b', codes, categories: ['x', 'y', 'none'] }, all(300))
    expect(rows.map(({ name, cells, ownGenes }) => ({ name, cells, ownGenes }))).toEqual([
      { name: 'x', cells: 199, ownGenes: [] },
      { name: 'y', cells: 100, ownGenes: [5] },
    ])
    expect(rows[0]!.counts / rows[1]!.counts).toBeCloseTo(2, 1)
    expect(rows[0]!.genes).toBeGreaterThan(rows[1]!.genes)
  })
})

import { describe, expect, it } from 'vitest'
import { dropEmptyCells } from '../../src/cells/empty-cells.js'
import { entriesOf, totalsOver } from '../../src/cells/totals.js'
import { rowsOf } from '../anndata/fixtures.js'
import { withGaps } from '../gaps.js'
import { smallData } from '../train/small-data.js'

const { counts, path, nCells, nGenes } = smallData()
const data = { path, counts, countsSource: 'layers/counts' } as const
const dense = rowsOf(counts)
const ALL = Int32Array.from({ length: nCells }, (_, cell) => cell)
const GENES = Int32Array.of(3, 8)
const totalOf = (cell: number) => dense[cell]![3]! + dense[cell]![8]!

describe('totals over genes', () => {
  it('are sums of the counts of the genes', () => {
    expect(Array.from(totalsOver(counts, GENES))).toEqual(Array.from(ALL, totalOf))
    expect(totalsOver(counts, undefined)).toEqual(counts.cellTotals())
  })

  it('are alike over a matrix of several blocks', () => {
    expect(totalsOver(counts.select(undefined, undefined, 7), GENES)).toEqual(totalsOver(counts, GENES))
  })

  it('come with the number of stored counts', () => {
    const cells = Int32Array.of(5, 11, 2)
    const stored = Array.from(cells)
      .flatMap((cell) => [dense[cell]![3]!, dense[cell]![8]!])
      .filter(Boolean)
    expect(entriesOf(counts, cells, GENES)).toEqual({ nonzeros: stored.length, missing: 0, absent: 0 })
    expect(entriesOf(counts, ALL, undefined)).toEqual({ nonzeros: counts.nonzeros, missing: 0, absent: 0 })
  })
})

describe('counts that are missing', () => {
  const gappy = withGaps(counts, (cell, gene) => gene === 3 || cell === 4)

  it('do not add to totals', () => {
    const totals = Array.from(ALL, (cell) => (cell === 4 ? 0 : dense[cell]![8]!))
    expect(Array.from(totalsOver(gappy, GENES))).toEqual(totals)
    const all = dense.map((row, cell) => (cell === 4 ? 0 : row.reduce((a, b) => a + b, 0) - row[3]!))
    expect(Array.from(totalsOver(gappy, undefined))).toEqual(all)
  })

  it('are counted apart from those that are not zero', () => {
    const cells = Int32Array.of(4, 11, 2)
    const nonzeros = [11, 2].filter((cell) => dense[cell]![8]).length
    expect(entriesOf(gappy, cells, GENES)).toEqual({ nonzeros, missing: 4, absent: 0 })
    expect(entriesOf(gappy, ALL, undefined).missing).toBe(nCells - 1 + nGenes)
  })

  it('make a cell empty that has no others', () => {
    expect(Array.from(dropEmptyCells({ ...data, counts: gappy }, ALL).empty)).toEqual([4])
  })
})

describe('dropEmptyCells', () => {
  it('parts cells by whether they have a count in the genes', () => {
    const cells = ALL.filter((cell) => cell % 2 === 0)
    const parted = dropEmptyCells(data, cells, GENES)
    expect(Array.from(parted.cells)).toEqual(Array.from(cells.filter((cell) => totalOf(cell) > 0)))
    expect(Array.from(parted.empty)).toEqual(Array.from(cells.filter((cell) => totalOf(cell) === 0)))
    expect(parted.empty.length).toBeGreaterThan(0)
    expect(parted.totals).toEqual(totalsOver(counts, GENES))
  })

  it('keeps all cells that have counts', () => {
    expect(dropEmptyCells(data, ALL)).toMatchObject({ cells: ALL, empty: new Int32Array(0) })
  })

  it('refuses to be left without cells, or with too few', () => {
    const empty = ALL.filter((cell) => totalOf(cell) === 0)
    expect(() => dropEmptyCells(data, empty, GENES)).toThrow(
      expect.objectContaining({
        kind: 'bad-input',
        message: '"small.h5ad": no cell has a count in the genes that are used in layers/counts.',
      }),
    )
    const nine = ALL.slice(0, 9)
    expect(dropEmptyCells(data, nine, undefined, 9).cells).toEqual(nine)
    expect(() => dropEmptyCells(data, nine, undefined, 10)).toThrow(
      '"small.h5ad": cells with a count: 9; scvae needs at least 10.',
    )
  })
})

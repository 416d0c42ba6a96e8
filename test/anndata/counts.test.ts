import { tableFromIPC, tableToIPC } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import { CountMatrix } from '../../src/anndata/counts/counts.js'
import { matrixOf, ROWS, rowsOf } from './fixtures.js'

describe('CountMatrix', () => {
  const matrix = matrixOf(ROWS)

  test('finds rows across blocks', () => {
    expect(matrix.blocks).toHaveLength(3)
    expect(rowsOf(matrix)).toEqual(ROWS)
    expect(matrix.blockOf(4).firstCell).toBe(4)
    expect(matrix.nonzeros).toBe(8)
  })

  test('sums each cell', () => {
    expect(Array.from(matrix.cellTotals())).toEqual([4, 0, 7, 7, 3])
  })

  test('goes to Arrow and back without a copy', () => {
    const back = CountMatrix.fromArrow(matrix.toArrow(), 4)
    expect(rowsOf(back)).toEqual(ROWS)
    expect(back.blocks[0]!.genes.buffer).toBe(matrix.blocks[0]!.genes.buffer)
  })

  test('survives an Arrow IPC file', () => {
    const table = tableFromIPC(tableToIPC(matrix.toArrow(), 'file')) as ReturnType<CountMatrix['toArrow']>
    expect(rowsOf(CountMatrix.fromArrow(table, 4))).toEqual(ROWS)
  })

  test('selects cells in the order asked for and genes by rank', () => {
    expect(rowsOf(matrix.select([4, 0, 0], [1, 3], 2))).toEqual([
      [1, 1],
      [3, 1],
      [3, 1],
    ])
    expect(rowsOf(matrix.select())).toEqual(ROWS)
    expect(matrix.select([], [0]).nCells).toBe(0)
  })
})

import { describe, expect, it } from 'vitest'
import { subsetCells } from '../../src/cells/subset.js'
import { smallData } from '../train/small-data.js'

const data = smallData()
const day = Array.from(data.obs.getChild('day')!, Number)
const batch = Array.from(data.obs.getChild('batch')!, String)
const cellsWhere = (wanted: (cell: number) => boolean) => Array.from(day.keys()).filter(wanted)

describe('subsetCells', () => {
  it('takes all cells when nothing is asked for', () => {
    expect(Array.from(subsetCells(data, []))).toEqual(Array.from(day.keys()))
  })

  it('adds the values of a column up and narrows down by another', () => {
    const terms = [
      { column: 'day', value: '2' },
      { column: 'day', value: '10' },
    ]
    expect(Array.from(subsetCells(data, terms))).toEqual(cellsWhere((cell) => day[cell] !== 7))
    const fewer = [...terms, { column: 'batch', value: 'batch_2' }]
    expect(Array.from(subsetCells(data, fewer))).toEqual(
      cellsWhere((cell) => day[cell] !== 7 && batch[cell] === 'batch_2'),
    )
  })

  it('never takes a cell without a value', () => {
    const cells = subsetCells(data, [{ column: 'gaps', value: 'a' }])
    expect(Array.from(cells)).toEqual(cellsWhere((cell) => cell !== 9))
  })

  it('refuses unknown columns and values, naming those that there are, and a subset of no cell', () => {
    expect(() => subsetCells(data, [{ column: 'dy', value: '2' }])).toThrow('no obs column "dy"')
    expect(() => subsetCells(data, [{ column: 'day', value: '3' }])).toThrow(
      expect.objectContaining({
        kind: 'bad-input',
        message: '"small.h5ad": no cell has the value "3" in the obs column "day".',
        hint: 'Its values, nearest first: 2, 7, 10.',
      }),
    )
    const apart = { ...data, obs: data.obs.select(['day', 'factor']) }
    const terms = [
      { column: 'day', value: '10' },
      { column: 'factor', value: '1.5' },
    ]
    // days go by threes and factors by fives, so that some cell has both; of three cells none does
    expect(subsetCells(apart, terms).length).toBeGreaterThan(0)
    expect(() => subsetCells({ ...apart, nCells: 3 }, terms)).toThrow(
      '"small.h5ad": no cell matches day=10 factor=1.5.',
    )
  })
})

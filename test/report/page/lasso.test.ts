import { describe, expect, it } from 'vitest'
import { cellsWithin, type Point } from '../../../reports/map/lasso.js'

/** Places in the middle of the squares of a board, row by row. */
const BOARD = Float32Array.from({ length: 2 * 16 }, (_, at) => {
  const cell = Math.floor(at / 2)
  return at % 2 === 0 ? (cell % 4) + 0.5 : Math.floor(cell / 4) + 0.5
})

describe('cells within a lasso', () => {
  it.each<[string, Point[], number[]]>([
    [
      'a triangle, not the box around it',
      [
        [0, 0],
        [4, 0],
        [0, 3.9],
      ],
      [0, 1, 2, 4, 5, 8],
    ],
    [
      'an angle, without what it goes around',
      [
        [0, 0],
        [4, 0],
        [4, 1],
        [1, 1],
        [1, 4],
        [0, 4],
      ],
      [0, 1, 2, 3, 4, 8, 12],
    ],
    [
      'a line beside all cells',
      [
        [5, 5],
        [6, 5],
        [6, 6],
      ],
      [],
    ],
  ])('are those of %s', (_, line, cells) => {
    expect(Array.from(cellsWithin(BOARD, line))).toEqual(cells)
    expect(Array.from(cellsWithin(BOARD, line.toReversed()))).toEqual(cells)
  })
})

import { describe, expect, it } from 'vitest'
import { summedRows } from '../../../src/analysis/expression/cell-sums.js'

const drawsUpTo = (n: number) => Array.from({ length: n }, (_, draw) => draw)

describe('rows of summed draws', () => {
  it.each([
    [1, 1, 1152, 2],
    [300, 25, 1152, 2],
    [300, 25, 1152, 8],
    [129, 3, 128, 4],
    [70, 5, 64, 2],
  ])(
    'are each draw of %i cells once, of %i draws in rows of %i for %i threads',
    (cells, n, capacity, threads) => {
      const seen = Array.from({ length: cells }, () => [] as number[])
      for (const { to, which, together } of summedRows(cells, drawsUpTo(n), capacity, threads)) {
        expect(to.length).toBeLessThanOrEqual(capacity)
        expect(to.length % 16).toBe(0)
        const stretchOf = new Map<number, number>()
        for (const [row, cell] of to.entries()) {
          // the last cell stands for those that the last sixteen lack
          const stands = cell === cells - 1 && row % 16 !== cell % 16
          if (!stands) seen[cell]!.push(which[row]!)
          expect(cell % 16 === row % 16 || stands).toBe(true)
          const group = Math.floor(cell / 16)
          const stretch = Math.floor(row / together)
          expect(stretchOf.get(group) ?? stretch).toBe(stretch)
          stretchOf.set(group, stretch)
        }
      }
      for (const draws of seen) expect(draws).toEqual(drawsUpTo(n))
    },
  )
})

import { describe, expect, it } from 'vitest'
import { alongWith } from '../../src/report/dimension-columns.js'
import { matrix } from '../matrix.js'

describe('what latent dimensions go along with', () => {
  const n = 60
  const cells = Array.from({ length: n }, (_, cell) => cell)
  // the first is the size, turned round; the second lies by type; the third is neither
  const latent = matrix(
    Float32Array.from(
      cells.flatMap((cell) => [-2 * cell, (cell % 3) * 5 + Math.sin(cell), Math.cos(7 * cell)]),
    ),
    3,
  )
  const size = Float32Array.from(cells, (cell) => (cell === 7 ? Number.NaN : cell))
  const types = Int32Array.from(cells, (cell) => (cell === 9 ? -1 : cell % 3))

  it('are the columns that account for most, over the cells that have a value', () => {
    const found = alongWith(latent, [
      { kind: 'numeric', name: 'size', values: size },
      { kind: 'categorical', name: 'type', categories: ['a', 'b', 'c'], codes: types },
      { kind: 'categorical', name: 'barcode', categories: cells.map(String), codes: Int32Array.from(cells) },
      { kind: 'numeric', name: 'constant', values: new Float32Array(n) },
    ])
    expect(found.map((one) => one?.name)).toEqual(['size', 'type', undefined])
    expect(found[0]!.share).toBeCloseTo(1, 5)
    expect(found[1]!.share).toBeGreaterThan(0.9)
  })
})

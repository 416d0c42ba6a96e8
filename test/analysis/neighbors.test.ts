import { describe, expect, it } from 'vitest'
import { neighbors } from '../../src/analysis/neighbors/neighbors.js'
import { Random } from '../../src/numeric/random.js'
import { matrix } from '../matrix.js'
import { blobs } from './blobs.js'

function normalRows(n: number, d: number, seed: number, offset = 0): Float32Array {
  const random = new Random(seed)
  return Float32Array.from({ length: n * d }, () => offset + random.normal())
}

function bruteForce(data: Float32Array, n: number, d: number, i: number) {
  const all = Array.from({ length: n }, (_, cell) => {
    let squared = 0
    for (let f = 0; f < d; f++) squared += (data[i * d + f]! - data[cell * d + f]!) ** 2
    return { cell, distance: Math.sqrt(squared) }
  })
  return all.filter(({ cell }) => cell !== i).sort((a, b) => a.distance - b.distance || a.cell - b.cell)
}

function expectExact(data: Float32Array, n: number, d: number, k: number): void {
  const found = neighbors({ values: data, rows: n, columns: d }, { k })
  for (let i = 0; i < n; i++) {
    const expected = [{ cell: i, distance: 0 }, ...bruteForce(data, n, d, i)].slice(0, k)
    expect(Array.from(found.indices.subarray(i * k, i * k + k))).toEqual(expected.map((x) => x.cell))
    const distances = Array.from(found.distances.subarray(i * k, i * k + k))
    expect(distances).toEqual(expected.map((x) => Math.fround(x.distance)))
  }
}

describe('neighbors', () => {
  it.each([
    [1, 3, 1],
    [2, 1, 2],
    [5, 2, 5],
    [70, 7, 15],
    [700, 10, 16],
  ])('equals brute force for %i cells in %i dimensions with k = %i', (n, d, k) => {
    expectExact(normalRows(n, d, n), n, d, k)
  })

  it('is exact far from the origin, where ‖a‖²+‖b‖²−2ab cancels', () => {
    expectExact(normalRows(300, 5, 3, 1000), 300, 5, 10)
  })

  it.each([
    [1500, 10, 16],
    [900, 40, 31],
    [33, 4, 33],
  ])('equals brute force for %i cells in groups in %i dimensions with k = %i', (n, d, k) => {
    expectExact(blobs(n, d, 7).points.values, n, d, k)
  })

  it('gives ties to the lower position: cells on a grid, in random order', () => {
    const side = 12
    const cells = new Random(8).permutation(side ** 3)
    const data = Float32Array.from({ length: 3 * side ** 3 }, (_, at) => {
      const cell = cells[Math.floor(at / 3)]!
      return [cell % side, Math.floor(cell / side) % side, Math.floor(cell / side ** 2)][at % 3]!
    })
    expectExact(data, side ** 3, 3, 10)
  })

  it('gives ties to the lower position where many cells coincide', () => {
    const random = new Random(9)
    const data = Float32Array.from({ length: 500 * 2 }, () => random.integer(3))
    expectExact(data, 500, 2, 80)
  })

  it('puts a cell first in its own list even among duplicates', () => {
    const found = neighbors(matrix(new Float32Array(12 * 2), 2), { k: 3 })
    for (let i = 0; i < 12; i++) {
      expect(found.indices[i * 3]).toBe(i)
      expect(new Set(found.indices.subarray(i * 3, i * 3 + 3)).size).toBe(3)
    }
    expect(found.distances.every((x) => x === 0)).toBe(true)
  })

  it('leaves the cell out when asked', () => {
    const data = normalRows(40, 3, 5)
    const found = neighbors(matrix(data, 3), { k: 39, includeSelf: false })
    for (let i = 0; i < 40; i++) {
      const expected = bruteForce(data, 40, 3, i).map((x) => x.cell)
      expect(Array.from(found.indices.subarray(i * 39, (i + 1) * 39))).toEqual(expected)
    }
  })

  it('refuses a k that the cells do not allow, and values that are not finite', () => {
    const data = normalRows(10, 2, 6)
    expect(() => neighbors(matrix(data, 2), { k: 11 })).toThrow('11 nearest neighbours were asked for')
    expect(() => neighbors(matrix(data, 2), { k: 10, includeSelf: false })).toThrow('10 cells allow 1 to 9')
    expect(() => neighbors(matrix(data, 2), { k: 0 })).toThrow('0 nearest neighbours')
    data[7] = Number.NaN
    expect(() => neighbors(matrix(data, 2), { k: 3 })).toThrow(
      'Cell 3 has a coordinate that is not a finite number.',
    )
  })
})

import { describe, expect, it } from 'vitest'
import { placeCells } from '../../../src/report/page/place-cells.js'

describe('cells that are put among others', () => {
  // two groups of 12, far apart in the latent and on the map
  const cells = Array.from({ length: 24 }, (_, cell) => cell)
  const latent = Float32Array.from(cells.flatMap((cell) => [(cell % 2) * 50 + cell / 24, cell % 3]))
  const places = Uint16Array.from(cells.flatMap((cell) => [(cell % 2) * 40_000 + cell, 100 * cell]))

  it('lie where a cell of the same latent lies', () => {
    const found = placeCells({ latent, places }, latent)
    for (const [at, place] of found.entries()) expect(Math.abs(place - places[at]!)).toBeLessThan(1)
  })

  it('lie among the nearest, weighted by one over the squared distance', () => {
    const [z0, z1] = [49.9, 0.8]
    const near = cells
      .map((cell) => ({ cell, squared: (latent[2 * cell]! - z0) ** 2 + (latent[2 * cell + 1]! - z1) ** 2 }))
      .sort((a, b) => a.squared - b.squared)
      .slice(0, 10)
    const all = near.reduce((sum, { squared }) => sum + 1 / squared, 0)
    const mean = (axis: number) =>
      near.reduce((sum, { cell, squared }) => sum + places[2 * cell + axis]! / squared, 0) / all
    const [x, y] = placeCells({ latent, places }, Float32Array.of(z0, z1))
    expect(Math.abs(x! / mean(0) - 1)).toBeLessThan(1e-5)
    expect(Math.abs(y! / mean(1) - 1)).toBeLessThan(1e-5)
  })

  it('have no place without a latent', () => {
    const found = placeCells({ latent, places }, Float32Array.of(Number.NaN, Number.NaN, 0, 0))
    expect(Array.from(found, Number.isNaN)).toEqual([true, true, false, false])
  })
})

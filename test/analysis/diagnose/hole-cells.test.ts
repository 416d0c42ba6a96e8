import { expect, it } from 'vitest'
import { holeCells } from '../../../src/analysis/diagnose/hole-cells.js'
import type { DecodeProfiles } from '../../../src/analysis/diagnose/profiles.js'
import { Random } from '../../../src/numeric/random.js'

/** Softmax of (0, x, y). */
const decode: DecodeProfiles = async (_, { values, rows }) => {
  const profiles = new Float32Array(3 * rows)
  for (let i = 0; i < rows; i++) {
    const parts = [1, Math.exp(values[2 * i]!), Math.exp(values[2 * i + 1]!)]
    const sum = parts.reduce((total, x) => total + x, 0)
    profiles.set(
      parts.map((x) => x / sum),
      3 * i,
    )
  }
  return { values: profiles, rows, columns: 3 }
}

/** Places around (x, y). */
const around = (n: number, x: number, y: number, seed: number) => {
  const random = new Random(seed)
  const values = Float32Array.from({ length: 2 * n }, (_, k) => (k % 2 === 0 ? x : y) + 0.2 * random.normal())
  return { cells: new Int32Array(n), latent: { values, rows: n, columns: 2 } }
}

it('tells cells of holes that look like no cell from those that do', async () => {
  const [made, real] = [around(400, 1, 1, 1), around(300, 1, 1, 2)]
  const far = (await holeCells(decode, around(200, -2, 3, 3), made, real))!
  expect(far.unlike).toEqual({ value: 1, error: 0 })
  expect(far.fromHoles.value).toBeGreaterThan(10 * far.fromPosteriors.value)
  expect(far).toMatchObject({ nMade: 200, nReal: 300 })
  const alike = (await holeCells(decode, around(400, 1, 1, 4), made, real))!
  expect(Math.abs(alike.unlike.value - 0.05)).toBeLessThan(0.04)
})

it('measures Hellinger distances', async () => {
  const at = (x: number, y: number) => ({
    cells: new Int32Array(2),
    latent: { values: Float32Array.of(x, y, x, y), rows: 2, columns: 2 },
  })
  // all counts in one gene, and all in another, are at distance 1
  const { fromHoles, fromPosteriors } = (await holeCells(decode, at(60, 0), at(0, 60), at(0, 60)))!
  expect(fromHoles.value).toBeCloseTo(1, 6)
  expect(fromPosteriors.value).toBeCloseTo(0, 3)
})

it('is not known where there are no holes', async () => {
  const some = around(10, 1, 1, 1)
  expect(await holeCells(decode, around(0, 0, 0, 2), some, some)).toBeUndefined()
})

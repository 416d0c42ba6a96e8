import { describe, expect, it } from 'vitest'
import { crossTalk } from '../../../src/analysis/diagnose/cross-talk.js'
import { informationGap } from '../../../src/analysis/diagnose/information-gap.js'
import type { DecodeProfiles } from '../../../src/analysis/diagnose/profiles.js'
import type { Matrix } from '../../../src/numeric/matrix.js'
import { Random } from '../../../src/numeric/random.js'

/** Two independent factors of 3 and 4 classes, and latents that have them on axes of their own beside one of noise. */
function factors(n: number, angle: number) {
  const random = new Random(5)
  const a = Int32Array.from({ length: n }, () => random.integer(3))
  const b = Int32Array.from({ length: n }, () => random.integer(4))
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
  const values = new Float32Array(3 * n)
  for (let i = 0; i < n; i++) {
    const x = (a[i]! - 1) / Math.sqrt(2 / 3) + 0.05 * random.normal()
    const y = (b[i]! - 1.5) / Math.sqrt(5 / 4) + 0.05 * random.normal()
    values.set([random.normal(), cos * x - sin * y, sin * x + cos * y], 3 * i)
  }
  const latent: Matrix = { values, rows: n, columns: 3 }
  const names = ['p', 'q', 'r', 's']
  return { latent, a: { codes: a, names: names.slice(0, 3) }, b: { codes: b, names } }
}

describe('the mutual-information gap', () => {
  it('is near 1 for factors on axes of their own, and names the axis', () => {
    const { latent, a, b } = factors(1000, 0)
    const first = informationGap('a', latent, a, 0)!
    const second = informationGap('b', latent, b, 0)!
    expect([first.best, second.best]).toEqual([1, 2])
    expect(first).toMatchObject({ name: 'a', nCells: 1000, nClasses: 3 })
    for (const { gap, information, best } of [first, second]) {
      expect(gap.value).toBeGreaterThan(0.9)
      expect(gap.error).toBeLessThan(0.03)
      expect(information[best]).toBeGreaterThan(0.9)
      // what chance gives is taken off
      expect(information[0]).toBeLessThan(0.01)
    }
  })

  it('is low for the same latents turned by 45 degrees', () => {
    const { latent, a, b } = factors(4000, Math.PI / 4)
    for (const column of [a, b]) {
      const { gap, information } = informationGap('turned', latent, column, 0)!
      expect(gap.value).toBeLessThan(0.1)
      expect(Math.min(information[1]!, information[2]!)).toBeGreaterThan(0.2)
    }
  })

  it('is that of one dimension where there is no second, and leaves out cells without a value', () => {
    const { latent, a } = factors(2000, 0)
    const one = {
      values: Float32Array.from({ length: 2000 }, (_, i) => latent.values[3 * i + 1]!),
      rows: 2000,
      columns: 1,
    }
    const codes = a.codes.map((code, i) => (i < 500 ? -1 : code))
    const found = informationGap('a', one, { codes, names: a.names }, 0)!
    expect(found).toMatchObject({ nCells: 1500, best: 0 })
    expect(found.gap.value).toBeGreaterThan(0.9)
  })

  it('has an error that repeated samples bear out', () => {
    const n = 400
    const gaps = Array.from({ length: 40 }, (_, seed) => {
      const random = new Random(seed, 1)
      const codes = Int32Array.from({ length: n }, () => random.integer(2))
      const values = Float32Array.from({ length: 2 * n }, (_, at) => {
        const shift = codes[at >> 1]! * (at % 2 === 0 ? 1.5 : 0.5)
        return shift + random.normal()
      })
      const latent = { values, rows: n, columns: 2 }
      return informationGap('c', latent, { codes, names: ['x', 'y'] }, seed)!.gap
    })
    const mean = gaps.reduce((sum, { value }) => sum + value, 0) / gaps.length
    const spread = Math.sqrt(gaps.reduce((sum, { value }) => sum + (value - mean) ** 2, 0) / 39)
    const told = gaps.reduce((sum, { error }) => sum + error, 0) / gaps.length
    expect(told / spread).toBeGreaterThan(0.7)
    expect(told / spread).toBeLessThan(1.4)
  })

  it('is not known of one class, nor of few cells', () => {
    const { latent, a } = factors(200, 0)
    expect(informationGap('one', latent, { codes: new Int32Array(200), names: ['x'] }, 0)).toBeUndefined()
    const few = a.codes.map((code, i) => (i < 30 ? code : -1))
    expect(informationGap('few', latent, { codes: few, names: a.names }, 0)).toBeUndefined()
  })
})

/** Log profiles that are linear in the latent: `columns[k]` is what dimension k adds. */
const linear =
  (columns: readonly (readonly number[])[]): DecodeProfiles =>
  async (_, { values, rows, columns: d }) => {
    const nGenes = columns[0]!.length
    const at = (i: number, g: number) =>
      columns.reduce((sum, column, k) => sum + column[g]! * values[i * d + k]!, 0)
    const profiles = Float32Array.from({ length: rows * nGenes }, (_, k) =>
      Math.exp(at(Math.floor(k / nGenes), k % nGenes)),
    )
    return { values: profiles, rows, columns: nGenes }
  }

describe('the cross-talk of latent dimensions', () => {
  const n = 20
  const cells = Int32Array.from({ length: n }, (_, i) => i)
  const random = new Random(8)
  const latent = { values: Float32Array.from({ length: 3 * n }, () => random.normal()), rows: n, columns: 3 }
  const talk = (columns: readonly (readonly number[])[], dimensions: number[]) =>
    crossTalk(linear(columns), cells, latent, Int32Array.from(dimensions))

  it('is 0 for a decoder of orthogonal columns', async () => {
    const found = await talk(
      [
        [1, 0, 1, 0],
        [0, 1, 0, 1],
        [1, 0, -1, 0],
      ],
      [0, 1, 2],
    )
    expect(found!.mean.value).toBeLessThan(1e-3)
  })

  it('is 1 for parallel columns, of either sign', async () => {
    const found = await talk(
      [
        [1, 2, -1, 0],
        [-0.5, -1, 0.5, 0],
        [2, 4, -2, 0],
      ],
      [0, 1, 2],
    )
    expect(found!.mean.value).toBeCloseTo(1, 4)
  })

  it('is the cosine between the columns of the dimensions that are compared', async () => {
    const angle = Math.PI / 3
    const columns = [
      [1, 0],
      [5, 5],
      [Math.cos(angle), Math.sin(angle)],
    ]
    const found = await talk(columns, [0, 2])
    expect(found!.mean.value).toBeCloseTo(0.5, 3)
    expect(found!.pairs[1]).toBeCloseTo(0.5, 3)
    expect(Array.from(found!.dimensions)).toEqual([0, 2])
  })

  it('is not known of one dimension', async () => {
    expect(
      await talk(
        [
          [1, 0],
          [0, 1],
          [1, 1],
        ],
        [1],
      ),
    ).toBeUndefined()
  })
})

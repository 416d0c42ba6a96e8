import { describe, expect, it } from 'vitest'
import { transferLabels } from '../../src/analysis/transfer/transfer-labels.js'
import { Random } from '../../src/numeric/random.js'
import { matrix } from '../matrix.js'

const line = (...values: number[]) => matrix(Float32Array.from(values), 1)

const normals = (n: number, d: number, seed: number, scale = 1) => {
  const random = new Random(seed)
  return matrix(
    Float32Array.from({ length: n * d }, () => scale * random.normal()),
    d,
  )
}

describe('transferLabels', () => {
  it('weighs neighbours by a kernel as wide as they are far', async () => {
    const cells = { points: line(0, 1, 3, 6, 10, 15), codes: Int32Array.of(1, 0, 0, 1, 1, 1), nLabels: 2 }
    const { codes, confidence } = await transferLabels(cells, line(0.5, 1.4), { k: 3 })
    // neighbours of 0.5 at 0.5, 0.5 and 2.5; of 1.4 at 0.4, 1.4 and 1.6
    const weights = [0.5, 0.5, 2.5].map((d) => Math.exp(-(d ** 2) / 2 / 0.5 ** 2))
    const others = [0.4, 1.4, 1.6].map((d) => Math.exp(-(d ** 2) / 2 / 1.4 ** 2))
    const share = (some: number, all: number[]) => some / all.reduce((sum, w) => sum + w, 0)
    expect(Array.from(codes)).toEqual([0, 0])
    expect(confidence[0]).toBeCloseTo(share(weights[1]! + weights[2]!, weights), 6)
    expect(confidence[1]).toBeCloseTo(share(others[0]! + others[2]!, others), 6)
  })

  it('hears the cells that a point lies on alone', async () => {
    const cells = { points: line(2, 2, 3, 4), codes: Int32Array.of(1, 1, 0, 0), nLabels: 2 }
    const { codes, confidence } = await transferLabels(cells, line(2), { k: 3 })
    expect([codes[0], confidence[0]]).toEqual([1, 1])
  })

  it('gives the lower of two labels that have as much weight', async () => {
    const cells = { points: line(-1, 1, 7, 9), codes: Int32Array.of(2, 1, 0, 0), nLabels: 3 }
    const { codes, confidence } = await transferLabels(cells, line(0), { k: 2 })
    expect([codes[0], confidence[0]]).toEqual([1, 0.5])
  })

  it('ranks how far a point is among cells of its label and among all', async () => {
    // distances to the nearest other: 1, 1, 2, 3 of the first label, 5, 5 of the second
    const cells = { points: line(0, 1, 3, 6, 100, 105), codes: Int32Array.of(0, 0, 0, 0, 1, 1), nLabels: 2 }
    const { rangeP } = await transferLabels(cells, line(0.5, -2.5, -3, 102, 118), { k: 1 })
    const p = [1, Math.min(2 * (2 / 5), 2 * (4 / 7)), Math.min(2 * (2 / 5), 2 * (4 / 7)), 1, 2 * (1 / 7)]
    for (const [i, value] of p.entries()) expect(rangeP[i]).toBeCloseTo(value, 12)
  })

  it('gives at most a share of small p-values to cells like the labelled ones', async () => {
    const cells = normals(1000, 3, 3)
    const codes = Int32Array.from({ length: 1000 }, (_, i) => Number(cells.values[3 * i]! > 1))
    const { rangeP } = await transferLabels({ points: cells, codes, nLabels: 2 }, normals(2000, 3, 4), {
      k: 15,
    })
    for (const level of [0.05, 0.2]) {
      const share = rangeP.filter((p) => p <= level).length / 2000
      expect(share).toBeLessThan(1.15 * level)
      expect(share).toBeGreaterThan(0.4 * level)
    }
    const far = await transferLabels({ points: cells, codes, nLabels: 2 }, normals(200, 3, 5, 8), { k: 15 })
    expect(far.rangeP.filter((p) => p <= 0.05).length).toBeGreaterThan(150)
  })

  it('gives a cell that is labelled itself no say', async () => {
    const cells = { points: line(0, 1, 2, 3, 4), codes: Int32Array.of(1, 0, 0, 0, 0), nLabels: 2 }
    const told = await transferLabels(cells, line(0, 9), { k: 2, twins: Int32Array.of(0, 2) })
    expect(Array.from(told.codes)).toEqual([0, 0])
    expect(told.confidence[0]).toBe(1)
    // one that is not among the nearest leaves out the last
    const alone = await transferLabels(cells, line(9), { k: 2 })
    expect([told.confidence[1], told.rangeP[1]]).toEqual([alone.confidence[0], alone.rangeP[0]])
  })
})

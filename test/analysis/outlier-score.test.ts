import { afterAll, describe, expect, it } from 'vitest'
import { neighbors } from '../../src/analysis/neighbors/neighbors.js'
import { aggregatedPosteriorDistance } from '../../src/analysis/outliers/aggregated-distance.js'
import { neighborDistance } from '../../src/analysis/outliers/neighbor-distance.js'
import { combineOutlierScores } from '../../src/analysis/outliers/outlier-score.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { Random } from '../../src/numeric/random.js'
import { matrix } from '../matrix.js'

const D = 6

const device = await createCpuDevice({ threads: 1 })
afterAll(() => device.dispose())

/**
 * A latent of cell types that differ in abundance (down to 2 %) and in spread, with cells far from all of them at the
 * end, and surprise p-values that are uniform: the latent parts have to find the far cells alone.
 */
async function latentCells(n: number, far: number, seed: number, tail: (random: Random) => number = () => 1) {
  const random = new Random(seed)
  const centers = Array.from({ length: 6 * D }, () => 2.5 * random.normal())
  const means = new Float32Array(n * D)
  for (let i = 0; i < n; i++) {
    const u = random.next()
    const type = u < 0.5 ? 0 : u < 0.75 ? 1 : u < 0.87 ? 2 : u < 0.94 ? 3 : u < 0.98 ? 4 : 5
    const spread = (0.2 + 0.12 * type) * tail(random)
    for (let f = 0; f < D; f++) means[i * D + f] = centers[type * D + f]! + spread * random.normal()
    if (i >= n - far) for (let f = 0; f < D; f++) means[i * D + f] = 14 * random.normal()
  }
  const surpriseP = Float64Array.from({ length: n }, () => random.next())
  const posterior = { means: matrix(means, D), variances: matrix(new Float32Array(n * D).fill(0.1), D) }
  return combineOutlierScores({
    surpriseP,
    aggregatedDistance: await aggregatedPosteriorDistance(device.host, posterior),
    neighborDistance: neighborDistance(neighbors(posterior.means, { k: 16 })),
  })
}

const flagged = (flag: Uint8Array) => flag.reduce((sum, x) => sum + x, 0)

describe('combineOutlierScores', () => {
  it('flags next to no cell where there are no outliers, in types of all sizes and spreads', async () => {
    for (let seed = 1; seed <= 5; seed++)
      expect(flagged((await latentCells(1500, 0, seed)).flag)).toBeLessThanOrEqual(2)
  })

  it('flags few cells of a heavy-tailed latent', async () => {
    // every cell's distance from its type has the tail of a Student t with 3 degrees of freedom
    const studentScale = (random: Random) => 1 / Math.sqrt(random.gamma(1.5) / 1.5)
    for (let seed = 1; seed <= 3; seed++) {
      expect(flagged((await latentCells(1500, 0, seed, studentScale)).flag)).toBeLessThanOrEqual(4)
    }
  })

  it('ranks cells far from all types first', async () => {
    const { p, score, flag } = await latentCells(1500, 15, 7)
    const order = Array.from(p.keys()).sort((a, b) => p[a]! - p[b]!)
    const found = order.slice(0, 15).filter((i) => i >= 1485)
    expect(found.length).toBeGreaterThanOrEqual(14)
    expect(score[order[0]!]).toBeCloseTo(-Math.log10(p[order[0]!]!), 5)
    expect(flagged(flag.slice(1485))).toBeGreaterThanOrEqual(10)
    expect(flagged(flag.slice(0, 1485))).toBeLessThanOrEqual(2)
  })

  it('flags cells by surprise alone, adjusted for the number of cells', () => {
    const n = 400
    const random = new Random(3)
    const ordinary = () => Float64Array.from({ length: n }, () => random.normal())
    const surpriseP = Float64Array.from({ length: n }, (_, i) => (i < 5 ? 1e-9 : random.next()))
    const parts = { surpriseP, aggregatedDistance: ordinary(), neighborDistance: ordinary() }
    const { flag, adjustedP, p } = combineOutlierScores(parts)
    expect(Array.from(flag.slice(0, 5))).toEqual([1, 1, 1, 1, 1])
    expect(flagged(flag)).toBeLessThanOrEqual(6)
    for (let i = 0; i < n; i++) expect(adjustedP[i]).toBeGreaterThanOrEqual(p[i]!)
    expect(flagged(combineOutlierScores({ ...parts, alpha: 1e-12 }).flag)).toBe(0)
    // at alpha itself a cell is flagged
    const alpha = adjustedP[0]!
    expect(combineOutlierScores({ ...parts, alpha }).flag[0]).toBe(1)
  })

  it('gives a cell that was left out no score and no flag', () => {
    const values = Float64Array.of(0.2, Number.NaN, 0.4)
    const { score, adjustedP, flag } = combineOutlierScores({
      surpriseP: values,
      aggregatedDistance: values,
      neighborDistance: values,
    })
    expect(Array.from(score, Number.isNaN)).toEqual([false, true, false])
    expect(Array.from(adjustedP, Number.isNaN)).toEqual([false, true, false])
    expect(flag[1]).toBe(0)
  })

  it('refuses parts of different cells', () => {
    const parts = (surprise: number, aggregated: number, neighbor: number) => ({
      surpriseP: new Float64Array(surprise),
      aggregatedDistance: new Float64Array(aggregated),
      neighborDistance: new Float64Array(neighbor),
    })
    expect(() => combineOutlierScores(parts(3, 2, 3))).toThrow('3, 2 and 3 cells')
    expect(() => combineOutlierScores(parts(3, 3, 2))).toThrow('3, 3 and 2 cells')
  })
})

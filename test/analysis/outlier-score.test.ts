import { describe, expect, it } from 'vitest'
import { cauchyCombination } from '../../src/analysis/outliers/cauchy-combination.js'
import { jointP } from '../../src/analysis/outliers/joint-null.js'
import { combineOutlierScores, type OutlierParts } from '../../src/analysis/outliers/outlier-score.js'
import { Random } from '../../src/numeric/random.js'

const MADE = 5000

/**
 * Four parts that depend on each other and drift with size, of cells and of made cells, and likeness to mixed cells where it is asked for. `misfit` widens those of the cells alone, as a
 * model does that fits none of them well; the first `odd` cells, and what was made of them, lie far out.
 */
function parts(n: number, seed: number, { misfit = 1, odd = 0, alike = false } = {}): OutlierParts {
  const random = new Random(seed)
  const size = Float64Array.from({ length: n }, () => Math.exp(7 + 0.5 * random.normal()))
  const parent = Int32Array.from({ length: MADE }, () => random.integer(n))
  const simulatedSize = Float64Array.from(parent, (cell) => size[cell]!)
  const draw = (cell: number, of: number, wide: number) => {
    const shared = random.normal()
    const far = cell < odd ? 9 : 0
    return Array.from(
      { length: alike ? 6 : 4 },
      () => 0.4 * Math.log(of) + wide * (far + 0.7 * shared + 0.7 * random.normal()),
    )
  }
  const cells = Array.from(size, (of, cell) => draw(cell, of, misfit))
  const made = Array.from(simulatedSize, (of, i) => draw(parent[i]!, of, 1))
  const part = (k: number) => ({
    cells: Float64Array.from(cells, (row) => row[k]!),
    simulated: Float64Array.from(made, (row) => row[k]!),
  })
  return {
    gain: part(0),
    misfit: part(1),
    aggregatedDistance: part(2),
    neighborDistance: part(3),
    ...(alike && { likeness: { doublets: part(4), ambient: part(5) } }),
    size,
    simulatedSize,
    parent,
  }
}

const flagged = (flag: Uint8Array) => flag.reduce((sum, x) => sum + x, 0)

describe('combineOutlierScores', { timeout: 30_000 }, () => {
  it.each([1, 2.5])('flags next to no ordinary cell, with parts %d times as wide as those made', (misfit) => {
    let flags = 0
    for (let seed = 1; seed <= 2; seed++)
      flags += flagged(combineOutlierScores(parts(1500, seed, { misfit })).flag)
    expect(flags).toBeLessThanOrEqual(1)
  })

  it('flags next to no ordinary cell by likeness to mixed cells', () => {
    let flags = 0
    for (let seed = 1; seed <= 2; seed++)
      flags += flagged(combineOutlierScores(parts(1500, seed, { alike: true })).flag)
    expect(flags).toBeLessThanOrEqual(1)
  })

  it('counts likeness to doublets and to ambient mixtures as half a part each', () => {
    const given = parts(1500, 7, { odd: 20, alike: true })
    const { likeness, gain, misfit, aggregatedDistance, neighborDistance, size, simulatedSize, parent } =
      given
    const of = [gain, misfit, aggregatedDistance, neighborDistance, likeness!.doublets, likeness!.ambient]
    const joint = jointP({ parts: of, weights: [1, 1, 1, 1, 0.5, 0.5], size, simulatedSize, parent })
    const { p, sizeP, misfitP, aggregatedP, neighborP } = combineOutlierScores(given)
    for (const [i, value] of p.entries())
      expect(value).toBeCloseTo(cauchyCombination([joint.p[i]!, sizeP[i]!], [0.9, 0.1]), 12)
    expect([misfitP, aggregatedP, neighborP]).toEqual(joint.parts.slice(1, 4))
  })

  it('leaves a part of no weight out of the sum', () => {
    const { gain, misfit, size, simulatedSize, parent } = parts(500, 5)
    const asked = { parts: [gain, misfit], size, simulatedSize, parent }
    const { p, parts: each } = jointP({ ...asked, weights: [1, 0] })
    const ranks = (values: Float64Array) => Array.from(values.keys()).sort((a, b) => values[a]! - values[b]!)
    expect(ranks(p)).toEqual(ranks(each[0]!))
    expect(ranks(p)).not.toEqual(ranks(each[1]!))
    // weights that are all alike change nothing but rounding
    const [half, one] = [jointP({ ...asked, weights: [0.5, 0.5] }).p, jointP(asked).p]
    for (const [i, value] of one.entries()) expect(half[i]! / value).toBeCloseTo(1, 6)
  })

  it('finds odd cells though made cells are odd as well', () => {
    const { flag, p, score, adjustedP } = combineOutlierScores(parts(1500, 7, { odd: 75 }))
    expect(flagged(flag.slice(0, 75))).toBe(75)
    expect(flagged(flag.slice(75))).toBeLessThanOrEqual(6)
    const first = score.indexOf(Math.max(...score))
    expect(score[first]).toBeCloseTo(-Math.log10(p[first]!), 5)
    for (const [i, value] of p.entries()) expect(adjustedP[i]).toBeGreaterThanOrEqual(value)
  })

  it('takes two signs of a new group together, and weighs them against the cell by itself', () => {
    const given = parts(1500, 11)
    const { size, simulatedSize, parent } = given
    const random = new Random(4)
    const sharedMisfit = {
      cells: Float64Array.from(size, (_, cell) => random.normal() + (cell < 40 ? 4 : 0)),
      simulated: Float64Array.from(parent, () => random.normal()),
    }
    const crowdedP = Float64Array.from(size, (_, cell) => (cell < 40 ? 1e-3 : 0.5 + 0.5 * random.next()))
    const { newGroupP, flag, p } = combineOutlierScores({ ...given, group: { sharedMisfit, crowdedP } })
    const shared = jointP({ parts: [sharedMisfit], size, simulatedSize, parent }).p
    for (const cell of [0, 7, 100, 900]) {
      const product = crowdedP[cell]! * shared[cell]!
      expect(newGroupP![cell]).toBeCloseTo(product * (1 - Math.log(product)), 12)
    }
    expect(flagged(flag.slice(0, 40))).toBeGreaterThan(36)
    expect(flagged(flag.slice(40))).toBeLessThan(4)
    // the Cauchy statistic with four tenths
    const alone = combineOutlierScores(given)
    expect(alone.newGroupP).toBeUndefined()
    expect(flagged(alone.flag.slice(0, 40))).toBe(0)
    const tiny = newGroupP!.indexOf(Math.min(...newGroupP!))
    expect(p[tiny]! / (newGroupP![tiny]! / 0.4)).toBeCloseTo(1, 1)
  })

  it('flags at the rate that is asked for', () => {
    const asked = parts(1500, 7, { odd: 20 })
    const { adjustedP } = combineOutlierScores(asked)
    const alpha = adjustedP[0]!
    expect(combineOutlierScores({ ...asked, alpha }).flag[0]).toBe(1)
    expect(combineOutlierScores({ ...asked, alpha: alpha / 2 }).flag[0]).toBe(0)
  })

  it('finds cells with few counts that are like others otherwise', () => {
    const asked = parts(1500, 9)
    const size = Float64Array.from(asked.size, (value, cell) => (cell < 10 ? 5 + cell / 10 : value))
    const { flag, sizeP } = combineOutlierScores({ ...asked, size })
    expect(flagged(flag.slice(0, 10))).toBe(10)
    expect(flagged(flag.slice(10))).toBeLessThanOrEqual(1)
    expect(sizeP[0]).toBeLessThan(1e-4)
  })

  it('finds cells with many mitochondrial counts, where these are known', () => {
    const asked = parts(1500, 10)
    const random = new Random(11)
    const mitochondrialShare = Float64Array.from({ length: 1500 }, (_, cell) =>
      cell < 10 ? 0.7 : 0.05 * Math.exp(0.3 * random.normal()),
    )
    const { flag, mitochondrialP } = combineOutlierScores({ ...asked, mitochondrialShare })
    expect(flagged(flag.slice(0, 10))).toBe(10)
    expect(flagged(flag.slice(10))).toBeLessThanOrEqual(1)
    expect(mitochondrialP![0]).toBeLessThan(1e-4)
    expect(combineOutlierScores(asked)).not.toHaveProperty('mitochondrialP')
  })

  it('gives a few cells p-values as well', () => {
    const { p } = combineOutlierScores(parts(12, 3))
    expect(p.every((value) => value > 0 && value <= 1)).toBe(true)
  })
})

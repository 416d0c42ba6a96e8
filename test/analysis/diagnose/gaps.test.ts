import { describe, expect, it } from 'vitest'
import { nestedBounds } from '../../../src/analysis/diagnose/nested-bounds.js'
import { ownPosteriors } from '../../../src/analysis/diagnose/own-posteriors.js'
import { keysOfNumbers } from '../../../src/numeric/keyed-random.js'
import { GaussianModel } from './gaussian-model.js'

const N = 20
const cells = Int32Array.from({ length: N }, (_, i) => i)
const keys = keysOfNumbers(cells)
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, x) => sum + x, 0) / values.length
/** Two axes that overlap: the true posterior has correlated dimensions. */
const model = new GaussianModel(
  [
    [1, 0.8],
    [0.5, 0.6],
    [-0.3, 0.4],
  ],
  0.5,
  N,
  3,
)
const likelihood = mean(Array.from(cells, (cell) => model.logLikelihood(cell)))

describe('bounds of a linear Gaussian model', () => {
  it('are the likelihood less the divergence to the true posterior, and close in on it', async () => {
    const { bounds } = await nestedBounds(model, cells, model.bestPosterior(N), keys, {
      draws: [1, 10, 100, 1000],
      seed: 1,
    })
    const [one, ten, hundred, thousand] = bounds.map(mean)
    // the best factorised normal falls short by a number that is known
    expect(model.familyGap).toBeGreaterThan(0.1)
    expect(likelihood - one!).toBeCloseTo(model.familyGap, 1)
    expect(ten).toBeGreaterThan(one!)
    expect(hundred).toBeGreaterThan(ten!)
    expect(thousand).toBeGreaterThan(hundred!)
    expect(likelihood - thousand!).toBeCloseTo(0, 2)
  })

  it('of a poor posterior are lower by the divergence, which many draws make up for', async () => {
    const best = model.bestPosterior(N)
    const [shift, wide] = [0.5, 1.7]
    const poor = {
      mean: best.mean.map((x, i) => (i % 2 === 0 ? x + shift : x)),
      variance: best.variance.map((v) => v * wide),
    }
    const { bounds } = await nestedBounds(model, cells, poor, keys, { draws: [1, 1000], seed: 2 })
    const [a] = model.precision
    // KL(q ‖ p) of normals: family gap + ½ Σ (ratio − 1 − ln ratio) + ½ shift² · precision
    const gap = model.familyGap + (wide - 1 - Math.log(wide)) + 0.5 * a * shift * shift
    expect(likelihood - mean(bounds[0]!)).toBeCloseTo(gap, 1)
    expect(likelihood - mean(bounds[1]!)).toBeCloseTo(0, 1)
  })

  it('are those of a cell alone, whatever cells are beside it', async () => {
    const options = { draws: [1, 20], seed: 5 }
    const all = await nestedBounds(model, cells, model.bestPosterior(N), keys, options)
    const some = await nestedBounds(model, Int32Array.of(11, 2), model.bestPosterior(N), keys, options)
    expect(some.bounds.map((each) => [...each])).toEqual(all.bounds.map((each) => [each[11], each[2]]))
    const uneven = nestedBounds(model, cells, model.bestPosterior(N), keys, { draws: [3, 10], seed: 1 })
    await expect(uneven).rejects.toThrow('not nested')
  })
})

describe('own posteriors of a linear Gaussian model', () => {
  it('are the best factorised normal, from wherever they start', async () => {
    const start = { mean: new Float32Array(2 * N).fill(0.7), variance: new Float32Array(2 * N).fill(0.01) }
    const asked = Int32Array.from({ length: N - 1 }, (_, i) => i)
    const own = await ownPosteriors(model, asked, start, keys, { seed: 4 })
    const best = model.bestPosterior(N)
    for (let i = 0; i < 2 * (N - 1); i++) {
      const deviation = Math.sqrt(best.variance[i]!)
      expect(Math.abs(own.mean[i]! - best.mean[i]!)).toBeLessThan(0.25 * deviation)
      expect(own.variance[i]! / best.variance[i]!).toBeGreaterThan(0.6)
      expect(own.variance[i]! / best.variance[i]!).toBeLessThan(1.6)
    }
    // a cell that was not asked for stays as it is
    expect(own.mean.subarray(-2)).toEqual(start.mean.subarray(-2))
    const { bounds } = await nestedBounds(model, asked, own, keys, { draws: [1, 1000], seed: 6 })
    const truth = mean(Array.from(asked, (cell) => model.logLikelihood(cell)))
    expect(truth - mean(bounds[0]!)).toBeCloseTo(model.familyGap, 1)
  })
})

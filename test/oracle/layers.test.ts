import { describe, expect, it } from 'vitest'
import { Draws } from '../../src/check/oracle/draws.js'
import { latentNormals, sampleLatent, sampleLatentGradient } from '../../src/check/oracle/latent.js'
import {
  type Cells,
  linear,
  linearGradient,
  log1pCounts,
  withCovariates,
} from '../../src/check/oracle/linear.js'
import { filled, type Matrix, matrix } from '../../src/check/oracle/matrix.js'
import {
  batchNorm,
  batchNormEvaluation,
  batchNormGradient,
  layerNorm,
  layerNormGradient,
} from '../../src/check/oracle/norm.js'
import { reluDropout, reluDropoutGradient } from '../../src/check/oracle/relu-dropout.js'
import { expectGradient, inner } from './finite-difference.js'

const draws = new Draws(11)
const random = (rows: number, columns: number) => filled(rows, columns, () => draws.normal())
const cells: Cells = {
  counts: filled(6, 4, () => draws.below(5)),
  categorical: [
    [0, 1, 2, 1, 0, 2],
    [1, 1, 0, 0, 1, 0],
  ],
  continuous: [[0.5, -1, 2, 0, 0.1, 3]],
  size: [1, 2, 3, 4, 5, 6],
}
const noise = { seed: 3, purpose: 1, step: 2 }

describe('linear', () => {
  it('looks up the rows of the categories', () => {
    const weight = matrix(1 + 3 + 1, 1, [10, 1, 2, 3, 100])
    const out = linear(
      matrix(6, 1, [0, 0, 0, 0, 0, 1]),
      cells,
      { categories: [3, 0], continuous: 1 },
      weight,
      matrix(1, 1),
    )
    const expected = [51, -98, 203, 2, 11, 313]
    for (const [i, x] of expected.entries()) expect(out.values[i]).toBeCloseTo(x, 10)
  })

  it('has the right gradient', () => {
    const use = { categories: [3, 2], continuous: 1 }
    const input = log1pCounts(cells)
    const weight = random(4 + 5 + 1, 3)
    const bias = random(1, 3)
    const g = random(6, 3)
    const value = () => inner(linear(input, cells, use, weight, bias), g)
    const gradient = linearGradient(input, cells, use, weight, g)
    expect(withCovariates(input, cells, use).columns).toBe(10)
    expectGradient(gradient.weight, weight, value)
    expectGradient(gradient.bias, bias, value)
    expectGradient(gradient.input, input, value)
  })
})

describe('normalisation', () => {
  it('keeps running statistics with the unbiased variance', () => {
    const { output, running } = batchNorm(
      matrix(2, 1, [1, 3]),
      matrix(1, 1, [2]),
      matrix(1, 1, [5]),
      matrix(2, 1, [1, 1]),
    )
    expect(output.values[1]).toBeCloseTo(5 + 2 / Math.sqrt(1.001), 12)
    expect(Array.from(running.values)).toEqual([0.99 + 0.02, 0.99 + 0.02])
    const evaluated = batchNormEvaluation(
      matrix(1, 1, [3]),
      matrix(1, 1, [2]),
      matrix(1, 1, [5]),
      matrix(2, 1, [1, 4]),
    )
    expect(evaluated.values[0]).toBeCloseTo(5 + 4 / Math.sqrt(4.001), 12)
  })

  it('has the right gradients', () => {
    const input = random(5, 3)
    const scale = random(1, 3)
    const shift = random(1, 3)
    const g = random(5, 3)
    const value = () => inner(batchNorm(input, scale, shift, matrix(2, 3)).output, g)
    const gradient = batchNormGradient(input, scale, g)
    expectGradient(gradient.input, input, value)
    expectGradient(gradient.scale, scale, value)
    expectGradient(gradient.shift, shift, value)
    expectGradient(layerNormGradient(input, g), input, () => inner(layerNorm(input).output, g))
  })
})

describe('noise', () => {
  it('drops the right share and has the right gradient', () => {
    const ones = filled(40, 50, () => 1)
    const dropped = reluDropout(ones, 0.3, noise).values.filter((x) => x === 0).length
    expect(Math.abs(dropped / 2000 - 0.3)).toBeLessThan(0.04)
    const input = random(5, 6)
    const g = random(5, 6)
    expectGradient(reluDropoutGradient(input, 0.3, noise, g), input, () =>
      inner(reluDropout(input, 0.3, noise), g),
    )
  })

  it('has a KL divergence of zero at the prior and the right gradient of the draw', () => {
    const atPrior = {
      mean: matrix(1, 2),
      rawVariance: filled(1, 2, () => Math.log(1 - 1e-4)),
      normals: matrix(1, 2),
    }
    expect(sampleLatent(atPrior).kl.values[0]).toBeCloseTo(0, 12)
    const table = matrix(3, 2, [0.1, 0.5, 2, 1.5, -1, 0.2])
    for (const prior of [undefined, { table, codes: cells.categorical[0]! }]) {
      const columns = prior === undefined ? 3 : 1
      const args = {
        mean: random(6, columns),
        rawVariance: random(6, columns),
        normals: latentNormals(6, columns, noise),
        ...(prior === undefined ? {} : { prior }),
      }
      const g = random(6, columns)
      const value = () => {
        const { output, kl } = sampleLatent(args)
        return inner(output, g) + (0.7 * kl.values.reduce((sum, x) => sum + x, 0)) / 6
      }
      const gradient = sampleLatentGradient(args, g, () => 0.7 / 6)
      expectGradient(gradient.mean, args.mean as Matrix, value)
      expectGradient(gradient.rawVariance, args.rawVariance as Matrix, value)
    }
  })
})

import { describe, expect, it } from 'vitest'
import {
  countHead,
  countHeadGradient,
  type HeadArguments,
  logitGradient,
  withLogits,
} from '../../src/check/oracle/count-head.js'
import { Draws } from '../../src/check/oracle/draws.js'
import { logLikelihood } from '../../src/check/oracle/likelihood.js'
import { filled, matrix } from '../../src/check/oracle/matrix.js'
import { expectGradient } from './finite-difference.js'

const LIKELIHOODS = ['nb', 'zinb', 'poisson'] as const

describe('log-likelihood', () => {
  it.each(LIKELIHOODS)('of %s sums to one over the counts', (likelihood) => {
    let total = 0
    for (let count = 0; count < 400; count++) {
      total += Math.exp(logLikelihood(likelihood, { count, mean: 6, theta: 1.5, zeroLogit: -0.4 }))
    }
    expect(total).toBeCloseTo(1, 6)
  })

  it('has known values', () => {
    // NB with θ = 1 is geometric: P(x) = 1/(1 + μ) · (μ/(1 + μ))^x
    const term = { count: 3, mean: 2, theta: 1, zeroLogit: 0 }
    expect(logLikelihood('nb', term)).toBeCloseTo(Math.log(1 / 3) + 3 * Math.log(2 / 3), 7)
    // half of the mass at zero: P(0) = 1/2 + 1/2 · 1/3
    expect(logLikelihood('zinb', { ...term, count: 0 })).toBeCloseTo(Math.log(2 / 3), 7)
    expect(logLikelihood('poisson', term)).toBeCloseTo(3 * Math.log(2) - 2 - Math.log(6), 12)
  })

  it('of a negative binomial with large θ is near Poisson', () => {
    const term = { count: 4, mean: 3, theta: 1e7, zeroLogit: 0 }
    expect(logLikelihood('nb', term)).toBeCloseTo(logLikelihood('poisson', term), 5)
  })
})

function headArguments(
  likelihood: (typeof LIKELIHOODS)[number],
  scale: 'softmax' | 'softplus',
  drawn: boolean,
) {
  const draws = new Draws(21)
  const random = (rows: number, columns: number) => filled(rows, columns, () => draws.normal())
  const genes = 4
  const args: HeadArguments = {
    likelihood,
    scale,
    cells: {
      counts: filled(5, genes, () => Math.max(0, draws.below(9) - 3)),
      categorical: [[0, 1, 2, 1, 0]],
      continuous: [],
      size: [8, 3, 12, 5, 1],
    },
    hidden: random(5, 3),
    weight: random(genes, 3),
    bias: random(1, genes),
    ...(likelihood === 'zinb' ? { zeroWeight: random(genes, 3), zeroBias: random(1, genes) } : {}),
    ...(likelihood === 'poisson' ? {} : { logDispersion: random(drawn ? 3 : 1, genes) }),
    ...(drawn ? { logSize: random(5, 1) } : {}),
  }
  return args
}

describe.each(LIKELIHOODS)('count head, %s', (likelihood) => {
  it('has means that add up to the size with softmax', () => {
    const args = headArguments(likelihood, 'softmax', false)
    const { mean } = countHead(args)
    const third = mean.values.slice(8, 12).reduce((sum, x) => sum + x, 0)
    expect(third).toBeCloseTo(12, 10)
  })

  it.each([
    ['softmax', false],
    ['softmax', true],
    ['softplus', false],
    ['softplus', true],
  ] as const)('has the right gradients with %s, drawn size %s', (scale, drawn) => {
    const args = headArguments(likelihood, scale, drawn)
    const value = () => -countHead(args).logLikelihood.values.reduce((sum, x) => sum + x, 0) / 5
    const gradient = countHeadGradient(args)
    expectGradient(gradient.hidden, args.hidden, value)
    expectGradient(gradient.weight, args.weight, value)
    expectGradient(gradient.bias, args.bias, value)
    if (args.logSize !== undefined) expectGradient(gradient.logSize, args.logSize, value)
    if (args.zeroWeight !== undefined) expectGradient(gradient.zeroWeight!, args.zeroWeight, value)
    if (args.zeroBias !== undefined) expectGradient(gradient.zeroBias!, args.zeroBias, value)
    if (args.logDispersion !== undefined) expectGradient(gradient.logDispersion!, args.logDispersion, value)
  })
})

describe.each(LIKELIHOODS)('count head with what is not observed, %s', (likelihood) => {
  const args: HeadArguments = {
    ...headArguments(likelihood, 'softmax', true),
    codes: [2, 2, 0, 1, 1],
    cellGradient: [0.3, -0.2, 0.5, 0, 1],
    // the cells of code 2 have no gene at all
    absent: { covariate: 0, present: matrix(3, 4, [1, 1, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0]) },
  }
  args.cells.counts.values[5] = -1

  it('leaves it out of softmax and likelihood', () => {
    const { mean, logLikelihood: sum } = countHead({ ...args, logSize: matrix(5, 1) })
    const totals = [0, 1, 2, 3, 4].map((i) => mean.values.slice(4 * i, 4 * i + 4).reduce((a, b) => a + b, 0))
    for (const [i, total] of totals.entries()) expect(total).toBeCloseTo(i === 2 ? 0 : 1, 10)
    expect([mean.values[2], mean.values[5]]).toEqual([0, 0])
    expect(sum.values[2]).toBe(0)
  })

  it.each(['softmax', 'softplus'] as const)('has the right gradients with %s', (scale) => {
    const given = withLogits({ ...args, scale })
    const value = () =>
      countHead(given).logLikelihood.values.reduce((sum, x, i) => sum + args.cellGradient![i]! * x, 0)
    const gradient = logitGradient(given)
    expectGradient(gradient.logits, given.logits, value)
    expectGradient(gradient.logSize, given.logSize!, value)
    if (given.zeroLogits) expectGradient(gradient.zeroLogits, given.zeroLogits, value)
    if (given.logDispersion) expectGradient(gradient.logDispersion!, given.logDispersion, value)
  })
})

it('sums the sizes of the summands into the magnitude', () => {
  const args = headArguments('nb', 'softmax', false)
  args.cells.counts = matrix(5, 4)
  const { logLikelihood: sum, magnitude } = countHead(args)
  for (let i = 0; i < 5; i++) expect(magnitude.values[i]).toBeCloseTo(-sum.values[i]!, 10)
})

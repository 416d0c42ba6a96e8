import type { Likelihood } from '../../device/device.js'
import { digamma, logGamma, sigmoid, softplus } from './special.js'

const EPSILON = 1e-8

/** One count with its distribution. θ is not used by poisson, the zero logit by zinb alone. */
export interface CountTerm {
  count: number
  mean: number
  theta: number
  zeroLogit: number
}

/** The log-likelihood's summands: the sum of their sizes is what rounding errors are measured against. */
function nbSummands({ count: x, mean, theta }: CountTerm): number[] {
  const total = Math.log(theta + mean + EPSILON)
  return [
    theta * (Math.log(theta + EPSILON) - total),
    x * (Math.log(mean + EPSILON) - total),
    logGamma(x + theta) - logGamma(theta),
    -logGamma(x + 1),
  ]
}

function summands(likelihood: Likelihood, term: CountTerm): number[] {
  const { count: x, mean, zeroLogit } = term
  if (likelihood === 'poisson') return [x * Math.log(Math.max(mean, EPSILON)), -mean, -logGamma(x + 1)]
  if (likelihood === 'nb') return nbSummands(term)
  const [atZero, ...rest] = nbSummands(term) as [number, number, number, number]
  const dropped = softplus(-zeroLogit)
  if (x < EPSILON) return [softplus(-zeroLogit + atZero), -dropped]
  return [-dropped, -zeroLogit, atZero, ...rest]
}

export function logLikelihood(likelihood: Likelihood, term: CountTerm): number {
  return summands(likelihood, term).reduce((sum, x) => sum + x, 0)
}

export function magnitude(likelihood: Likelihood, term: CountTerm): number {
  return summands(likelihood, term).reduce((sum, x) => sum + Math.abs(x), 0)
}

export interface TermGradient {
  mean: number
  theta: number
  zeroLogit: number
}

function nbGradient({ count: x, mean, theta }: CountTerm): { mean: number; theta: number } {
  const total = theta + mean + EPSILON
  return {
    mean: x / (mean + EPSILON) - (x + theta) / total,
    theta:
      Math.log((theta + EPSILON) / total) +
      theta / (theta + EPSILON) -
      (x + theta) / total +
      digamma(x + theta) -
      digamma(theta),
  }
}

/** Derivatives of {@link logLikelihood}. */
export function logLikelihoodGradient(likelihood: Likelihood, term: CountTerm): TermGradient {
  const { count: x, mean, theta, zeroLogit } = term
  if (likelihood === 'poisson') return { mean: (mean > EPSILON ? x / mean : 0) - 1, theta: 0, zeroLogit: 0 }
  const nb = nbGradient(term)
  if (likelihood === 'nb') return { ...nb, zeroLogit: 0 }
  if (x > EPSILON) return { ...nb, zeroLogit: sigmoid(-zeroLogit) - 1 }
  const atZero = theta * (Math.log(theta + EPSILON) - Math.log(theta + mean + EPSILON))
  // the probability that a zero was counted, not dropped
  const counted = sigmoid(-zeroLogit + atZero)
  return { mean: counted * nb.mean, theta: counted * nb.theta, zeroLogit: sigmoid(-zeroLogit) - counted }
}

/** Sum of the sizes of the summands of a negative binomial's derivative by θ. */
export function thetaGradientMagnitude({ count: x, mean, theta }: CountTerm): number {
  const total = theta + mean + EPSILON
  return Math.log(total / (theta + EPSILON)) + mean / total + x / total + digamma(x + theta) - digamma(theta)
}

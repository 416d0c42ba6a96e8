import { logSumExp, pairs, pointwise, sum } from './functions.js'
import type { Graph } from './graph.js'
import type { Normals } from './layers.js'
import { add, divide, exp, log, multiply, square, subtract } from './terms.js'
import type { Term, Value } from './value.js'

const LOG_TWO_PI = Math.log(2 * Math.PI)

/** Variances of normals that a network puts out. */
export const variancesOf = (graph: Graph, { rawVariance }: Normals): Value =>
  pointwise(graph, add(exp(rawVariance), 1e-4), 'variance')

/** ln Normal(x; mean, variance), element by element. */
export const logNormal = (x: Term, mean: Term, variance: Term): Term =>
  multiply(-0.5, add(divide(square(subtract(x, mean)), variance), log(variance), LOG_TWO_PI))

/** Cells × 1: ln q(z | x) of draws from normals. */
export const logPosterior = (graph: Graph, of: Normals, draw: Value): Value =>
  sum(graph, logNormal(draw, of.mean, variancesOf(graph, of)), 'columns', 'log q(z | x)')

/** Cells × 1: ln of the standard normal's density at draws. */
export const logStandardNormal = (graph: Graph, draw: Value): Value =>
  sum(graph, multiply(-0.5, add(square(draw), LOG_TWO_PI)), 'columns', 'log p(z)')

/** Components of a mixture of normals with diagonal variances. */
export interface Mixture {
  /** Components × dimensions. */
  means: Value
  variances: Value
  /** 1 × components: unnormalised logs of the weights. */
  logits: Value
}

/**
 * Cells × 1: ln of a mixture's density at draws. What the components have by themselves, of their variances and weights, is made once and not
 * for every cell.
 */
export function logMixture(graph: Graph, draw: Value, { means, variances, logits }: Mixture): Value {
  const distances = pairs(graph, [draw], [means, variances], ([z], [mean, variance]) =>
    multiply(-0.5, divide(square(subtract(z, mean)), variance)),
  )
  const volumes = pairs(graph, [], [variances], (_, [variance]) =>
    multiply(-0.5, add(log(variance), LOG_TWO_PI)),
  )
  const weights = pointwise(graph, subtract(add(logits, volumes), logSumExp(graph, logits, 'columns')))
  return logSumExp(graph, add(distances, weights), 'columns', 'log p(z)')
}

/**
 * Cells × 1: the KL divergence of normals to a prior, by the entropy of the normals and the prior's density at their draws (Monte
 * Carlo with one draw).
 */
export function divergence(graph: Graph, of: Normals, logPrior: Value): Value {
  const entropy = sum(graph, multiply(0.5, add(log(variancesOf(graph, of)), LOG_TWO_PI + 1)), 'columns')
  return pointwise(graph, subtract(multiply(-1, entropy), logPrior), 'KL divergence')
}

/** Cells × dimensions: KL divergence of normals to the standard normal, a dimension. */
export function divergenceByDimension(graph: Graph, of: Normals): Value {
  const variance = variancesOf(graph, of)
  const term = subtract(add(variance, square(of.mean)), add(log(variance), 1))
  return pointwise(graph, multiply(0.5, term), 'KL divergence by dimension')
}

/** A mixture of free components: means spread like the standard normal, unit variances and equal weights to start with. */
export function freeMixture(graph: Graph, components: number, dimensions: number): Mixture {
  const { plan } = graph
  return {
    means: graph.valueOf(plan.normal('prior.means', components, dimensions)),
    variances: pointwise(
      graph,
      exp(graph.valueOf(plan.constant('prior.log_variances', components, dimensions, 0))),
    ),
    logits: graph.valueOf(plan.constant('prior.logits', 1, components, 0)),
  }
}

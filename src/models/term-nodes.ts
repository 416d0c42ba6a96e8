import { ScvaeError } from '../errors.js'
import {
  column,
  largest,
  logSumExp,
  mean,
  type Over,
  pairs,
  pointwise,
  rowRange,
  type Side,
  sum,
} from '../network/functions.js'
import { type ModelGraph, termWeight } from '../network/model-graph.js'
import { Linear } from '../network/ops/linear.js'
import { WeightValue } from '../network/ops/weight-value.js'
import { variancesOf } from '../network/priors.js'
import type { Extent, Term, Value } from '../network/value.js'

/**
 * What a term of the loss may be made of: values of the model, and functions of values. Element by element, values are put together by
 * the functions of `terms` (`add`, `square`, …); values of one row or one column are stretched. Cells are those of the minibatch.
 */
export interface TermNodes {
  /** Cells × latent: what the decoder reads, a draw from each posterior (its softmax, where the latent is logistic-normal). */
  readonly latent: Value
  /** Cells × latent: mean of the posterior. */
  readonly latentMean: Value
  /** Cells × latent: variance of the posterior. */
  readonly latentVariance: Value
  /** Cells × 1: log of a latent library size; undefined where it is observed. */
  readonly library: Value | undefined
  /** Cells × 1: log-likelihood of each cell's counts, in nats. */
  readonly logLikelihood: Value
  /** Cells × 1: KL divergence of the latent's posterior from the prior, in nats. */
  readonly kl: Value
  /** Cells × 1: code of the batch, from 0. */
  readonly batch: Value
  /** Cells × 1: code of a further categorical covariate, counted from 0. */
  categorical(covariate: number): Value
  /** Cells × 1: value of a continuous covariate, counted from 0. */
  continuous(covariate: number): Value
  /** A weight of the model by its name in the model's folder. */
  weight(name: string): Value
  /**
   * A further weight that is trained with the model, from U(±1/√rows). It is there for one training run and its resumptions, and
   * is not saved with the model.
   */
  newWeight(name: string, rows: Extent, columns: Extent): Value
  /** Numbers that stay, row by row. */
  constant(rows: Extent, columns: Extent, values: ArrayLike<number>): Value
  /** input · weight, for a weight of the model or a new one. */
  linear(input: Value, weight: Value): Value
  /** A term as a value of its own. */
  pointwise(term: Term): Value
  /** One column of a value, counted from 0: rows × 1. */
  column(value: Value, k: number): Value
  /** Rows of a value from one to below another, counted from 0. */
  rows(value: Value, first: number, end: number): Value
  /** Gathers the columns of each row (rows × 1), the rows of each column (1 × columns), or all (1 × 1). */
  sum(term: Term, over: Over): Value
  mean(term: Term, over: Over): Value
  largest(term: Term, over: Over): Value
  /** ln Σ eˣ. */
  logSumExp(term: Term, over: Over): Value
  /**
   * A function of every row of some values with every row of others, summed over their shared columns: n × m. The function is given
   * the values of either side, in the order of the lists; one value may stand on both sides.
   */
  pairs<const Left extends readonly Value[], const Right extends readonly Value[]>(
    left: Left,
    right: Right,
    term: (left: Side<Left>, right: Side<Right>) => Term,
  ): Value
}

const usage = (message: string, hint?: string) => new ScvaeError('usage', message, hint ? { hint } : {})

/** A shape that does not hang on the minibatch. */
function fixedShape(what: string, ...extents: readonly [Extent, Extent]): readonly [number, number] {
  const [rows, columns] = extents
  const isFixed = (extent: Extent): extent is number => Number.isInteger(extent) && Number(extent) > 0
  if (isFixed(rows) && isFixed(columns)) return [rows, columns]
  throw usage(`${what} cannot be ${rows} × ${columns}.`)
}

export function termNodes(model: ModelGraph): TermNodes {
  const { graph, shape } = model
  const weights = () => graph.plan.weights
  const fact = (kind: 'categorical' | 'continuous', covariate: number, n: number): Value => {
    if (Number.isInteger(covariate) && covariate >= 0 && covariate < n) {
      return kind === 'categorical'
        ? graph.fact({ categorical: covariate + 1 })
        : graph.fact({ continuous: covariate })
    }
    const beside = kind === 'categorical' ? ' beside the batch' : ''
    throw usage(`The model has no ${kind} covariate ${covariate}${beside}: it has ${n}.`)
  }
  return {
    latent: model.code,
    latentMean: model.latent.mean,
    latentVariance: variancesOf(graph, model.latent),
    library: model.library?.draw,
    logLikelihood: model.head.logLikelihood,
    kl: model.sums.klLatent!,
    batch: graph.fact({ categorical: 0 }),
    categorical: (covariate) => fact('categorical', covariate, shape.categories.length - 1),
    continuous: (covariate) => fact('continuous', covariate, shape.nContinuous),
    weight: (name) => {
      const found = weights().find((weight) => weight.name === name)
      if (found) return graph.valueOf(found)
      const names = weights().map((weight) => weight.name)
      throw usage(`The model has no weight "${name}".`, `It has ${names.join(', ')}.`)
    },
    newWeight: (name, ...extents) => {
      const [nRows, nColumns] = fixedShape(`The new weight "${name}"`, ...extents)
      if (weights().some((weight) => weight.name === termWeight(name))) {
        throw usage(`Two new weights are called "${name}".`)
      }
      return graph.valueOf(graph.plan.uniform(termWeight(name), nRows, nColumns, nRows))
    },
    constant: (givenRows, givenColumns, values) => {
      const [nRows, nColumns] = fixedShape('A constant', givenRows, givenColumns)
      if (values.length !== nRows * nColumns) {
        throw usage(`A constant of ${nRows} × ${nColumns} has no ${values.length} values.`)
      }
      return graph.constant('constant', nRows, nColumns, Float32Array.from(values))
    },
    linear: (input, weight) => {
      if (weight.op instanceof WeightValue)
        return graph.add(new Linear(input, weight.op.weight, undefined)).output
      throw usage(`linear takes a weight, and ${weight} is none.`)
    },
    pointwise: (term) => pointwise(graph, term),
    column: (value, k) => column(graph, value, k),
    rows: (value, first, end) => rowRange(graph, value, first, end),
    sum: (term, over) => sum(graph, term, over),
    mean: (term, over) => mean(graph, term, over),
    largest: (term, over) => largest(graph, term, over),
    logSumExp: (term, over) => logSumExp(graph, term, over),
    pairs: (left, right, term) => pairs(graph, left, right, term),
  }
}

import { ScvaeError } from '../errors.js'
import {
  forEachCell,
  largest,
  logSumExp,
  mean,
  type Over,
  pairs,
  pointwise,
  sum,
} from '../network/functions.js'
import { type ModelGraph, termKey } from '../network/model-graph.js'
import { Linear } from '../network/ops/linear.js'
import { type Term, Value } from '../network/value.js'

/**
 * What a term of the loss may be made of: values of the model, and functions of values. Element by element, values are put together by
 * the functions of `terms` (`add`, `square`, …); values of one row or one column are stretched.
 */
export interface TermNodes {
  /** Cells × latent: the draw that the decoder reads. */
  readonly latent: Value
  /** Cells × latent: mean of the posterior. */
  readonly latentMean: Value
  /** Cells × 1: log of a latent library size; undefined where it is observed. */
  readonly library: Value | undefined
  /** Cells × 1: log-likelihood of each cell's counts. */
  readonly logLikelihood: Value
  /** Cells × 1: code of the batch. */
  readonly batch: Value
  /** Cells × 1: code of a further categorical covariate, counted from 0. */
  categorical(covariate: number): Value
  /** Cells × 1: value of a continuous covariate, counted from 0. */
  continuous(covariate: number): Value
  /** A weight of the model by its name in the model's folder. */
  weight(name: string): Value
  /** A further weight that is trained with the model, with random starting values. */
  newWeight(name: string, rows: number, columns: number): Value
  /** input · weight. */
  linear(input: Value, weight: Value): Value
  /** A term as a value of its own. */
  pointwise(term: Term): Value
  /** Gathers the columns of each row, the rows of each column, or all. */
  sum(term: Term, over: Over): Value
  mean(term: Term, over: Over): Value
  largest(term: Term, over: Over): Value
  logSumExp(term: Term, over: Over): Value
  /** A function of every row of some values with every row of others, summed over their shared columns: n × m. */
  pairs(left: readonly Value[], right: readonly Value[], term: Term): Value
}

/** A term that is added to the training loss. */
export interface ExtraTerm {
  /** In the history, the report and the metrics. */
  name: string
  /** What it is multiplied by in the loss. */
  weight: number
  /** One number, or one for each cell, whose mean counts: to be made small. */
  of: (nodes: TermNodes) => Term
}

function nodesOf(model: ModelGraph): TermNodes {
  const { graph, shape } = model
  const named = (name: string) => {
    const weight = graph.plan.weights.find((one) => one.name === name)
    if (weight) return weight
    const names = graph.plan.weights.map((one) => one.name).join(', ')
    throw new ScvaeError('usage', `The model has no weight "${name}".`, { hint: `It has ${names}.` })
  }
  const fact = (kind: 'categorical' | 'continuous', covariate: number, n: number): Value => {
    if (Number.isInteger(covariate) && covariate >= 0 && covariate < n) {
      return kind === 'categorical'
        ? graph.fact({ categorical: covariate + 1 })
        : graph.fact({ continuous: covariate })
    }
    throw new ScvaeError(
      'usage',
      `The model has ${n} ${kind} covariates beside the batch, and none at ${covariate}.`,
    )
  }
  return {
    latent: model.code,
    latentMean: model.latent.mean,
    library: model.library?.draw,
    logLikelihood: model.head.logLikelihood,
    batch: graph.fact({ categorical: 0 }),
    categorical: (covariate) => fact('categorical', covariate, shape.categories.length - 1),
    continuous: (covariate) => fact('continuous', covariate, shape.nContinuous),
    weight: (name) => graph.valueOf(named(name)),
    newWeight: (name, rows, columns) =>
      graph.valueOf(graph.plan.uniform(`term.${name}`, rows, columns, rows)),
    linear: (input, weight) => graph.add(new Linear(input, named(weight.name), undefined)).output,
    pointwise: (term) => pointwise(graph, term),
    sum: (term, over) => sum(graph, term, over),
    mean: (term, over) => mean(graph, term, over),
    largest: (term, over) => largest(graph, term, over),
    logSumExp: (term, over) => logSumExp(graph, term, over),
    pairs: (left, right, term) => pairs(graph, left, right, term),
  }
}

/**
 * A model whose loss has further terms.
 *
 * @throws ScvaeError (usage) for two of one name, a weight that is no number, or a term that is neither one number nor one for each
 *   cell.
 */
export function withTerms(model: ModelGraph, terms: readonly ExtraTerm[]): ModelGraph {
  const nodes = nodesOf(model)
  const sums: Record<string, Value> = { ...model.sums }
  const loss = [...model.loss]
  for (const { name, weight, of } of terms) {
    if (termKey(name) in sums) throw new ScvaeError('usage', `Two terms of the loss are called "${name}".`)
    if (!Number.isFinite(weight)) {
      throw new ScvaeError('usage', `The weight of the term "${name}" must be a number, not ${weight}.`)
    }
    const term = of(nodes)
    const value = term instanceof Value ? term : pointwise(model.graph, term, name)
    const byCell = value.rows === 'cells'
    if (value.columns !== 1 || !(byCell || value.rows === 1)) {
      throw new ScvaeError(
        'usage',
        `The term "${name}" is ${value.rows} × ${value.columns}; a term of the loss is one number, or one for each cell.`,
        { hint: 'Sum it up, or take its mean.' },
      )
    }
    // a value of the model may be in the loss already
    const own = loss.some((one) => one.value === value) ? pointwise(model.graph, value, name) : value
    sums[termKey(name)] = byCell ? own : forEachCell(model.graph, own)
    loss.push({ value: own, weight })
  }
  const kept = terms.map(({ name, weight }) => ({ name, weight }))
  return { ...model, sums, loss, terms: kept }
}

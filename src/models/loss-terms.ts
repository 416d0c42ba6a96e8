import { createHash } from 'node:crypto'
import { ScvaeError } from '../errors.js'
import { forEachCell, pointwise } from '../network/functions.js'
import type { Graph } from '../network/graph.js'
import { isTermWeight, type ModelGraph, termKey } from '../network/model-graph.js'
import { WeightValue } from '../network/ops/weight-value.js'
import type { NetworkState } from '../network/parameters.js'
import { type Origin, type Term, Value } from '../network/value.js'
import { type TermNodes, termNodes } from './term-nodes.js'

/** A term that is added to the training loss (docs/terms.md). */
export interface ExtraTerm {
  /** In the history, the report and the model's folder. */
  name: string
  /** What it is multiplied by in the loss; 0 for a term that is looked at alone. */
  weight: number
  /** One number, or one for each cell, whose mean counts: to be made small. */
  of: (nodes: TermNodes) => Term
}

const usage = (message: string, hint?: string, cause?: unknown) =>
  new ScvaeError('usage', message, { ...(hint && { hint }), ...(cause !== undefined && { cause }) })

/** The message of an error as a sentence. */
const sentenceOf = (error: unknown): string =>
  `${(error instanceof Error ? error.message : String(error)).replace(/\.$/, '')}.`

/** What a user's function makes, as a value. */
function madeBy({ name, of }: ExtraTerm, graph: Graph, nodes: TermNodes): Value {
  try {
    const term = of(nodes)
    const value = term instanceof Value ? term : pointwise(graph, term, name)
    if (!graph.has(value)) throw new Error(`${value} is no value of this network.`)
    return value
  } catch (error) {
    const hint = error instanceof ScvaeError ? error.hint : undefined
    throw usage(`The term "${name}" cannot be made: ${sentenceOf(error)}`, hint, error)
  }
}

/** What tells terms of other functions apart: a digest of the operations that compute a term. */
function digestOf({ ops }: Graph, first: number, value: Value): string {
  const origins: readonly Origin[] = ops
  const place = (of: Value) => `${origins.indexOf(of.op)}.${of.op.outputs.indexOf(of)}`
  const texts = ops
    .slice(first)
    .map((op) =>
      JSON.stringify([
        op.constructor.name,
        op.inputs.map(place),
        op.weights.map(({ name, rows, columns }) => [name, rows, columns]),
        op.settings,
      ]),
    )
  return createHash('sha256')
    .update([...texts, place(value)].join('\n'))
    .digest('hex')
}

/**
 * A model whose loss has further terms.
 *
 * @throws ScvaeError (usage) for two of one name, a weight that is no number, a function that fails, or a term that is neither one
 *   number nor one for each cell.
 */
export function withTerms(model: ModelGraph, terms: readonly ExtraTerm[]): ModelGraph {
  const { graph } = model
  const nodes = termNodes(model)
  const sums: Record<string, Value> = { ...model.sums }
  const loss = [...model.loss]
  const kept = terms.map((term) => {
    const { name, weight } = term
    if (typeof name !== 'string' || name === '') throw usage('A term of the loss needs a name.')
    if (termKey(name) in sums) throw usage(`Two terms of the loss are called "${name}".`)
    if (!Number.isFinite(weight))
      throw usage(`The weight of the term "${name}" must be a number, not ${weight}.`)
    const first = graph.ops.length
    const value = madeBy(term, graph, nodes)
    const byCell = value.rows === 'cells'
    if (value.columns !== 1 || !(byCell || value.rows === 1)) {
      throw usage(
        `The term "${name}" is ${value.rows} × ${value.columns}; a term of the loss is one number, or one for each cell.`,
        'Sum it up, or take its mean.',
      )
    }
    const digest = digestOf(graph, first, value)
    // the loss may have a value of the model already, and a weight is nothing that gradients come through
    const shared = loss.some((one) => one.value === value) || value.op instanceof WeightValue
    const own = shared ? pointwise(graph, value, name) : value
    sums[termKey(name)] = byCell ? own : forEachCell(graph, own)
    // NaN times 0 would reach the weights
    if (weight !== 0) loss.push({ value: own, weight })
    return { name, weight, digest }
  })
  return { ...model, sums, loss, terms: kept }
}

/** What of a network's state is the model's, without the new weights of terms. */
export const withoutTerms = (state: NetworkState): NetworkState =>
  new Map([...state].filter(([name]) => !isTermWeight(name)))

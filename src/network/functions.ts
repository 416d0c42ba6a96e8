import type { AxesOf, MapReduceArgs } from '../device/device.js'
import { type Expression, inputsOf, withInputs } from '../device/expression.js'
import type { Op } from './op.js'
import { MapReduce } from './ops/map-reduce.js'
import { expressionOf } from './terms.js'
import type { Extent, Term, Value } from './value.js'

/** What adds operations to a network. */
export interface Builder {
  add<T extends Op>(op: T): T
}

/** The one length of some values along a side, those of length 1 left out: they stand for all. */
function common(extents: readonly Extent[], what: string): Extent {
  const long = new Set(extents.filter((extent) => extent !== 1))
  if (long.size > 1) throw new RangeError(`Values of ${[...long].join(' and ')} ${what} do not go together.`)
  return [...long][0] ?? 1
}

const place = (extent: Extent, axis: number): number | undefined => (extent === 1 ? undefined : axis)

interface Mapped {
  axes: readonly Extent[]
  inputs: readonly { value: Value; axes: AxesOf }[]
  expression: Expression<number>
}

/** A term over the rows and columns of its values; each is stretched where it has but one. */
function mapped(term: Term): Mapped {
  const expression = expressionOf(term)
  const values = inputsOf(expression)
  const axes = [
    common(
      values.map(({ rows }) => rows),
      'rows',
    ),
    common(
      values.map(({ columns }) => columns),
      'columns',
    ),
  ]
  return {
    axes,
    inputs: values.map((value) => ({ value, axes: [place(value.rows, 0), place(value.columns, 1)] })),
    expression: withInputs(expression, (value) => ({ kind: 'input', input: values.indexOf(value) })),
  }
}

/** A term as a value of its own: element by element, values of one row or column stretched. */
export function pointwise(to: Builder, term: Term, name?: string): Value {
  const shape = mapped(term)
  return to.add(new MapReduce({ ...shape, outputAxes: [0, 1], reduce: 'sum' }, name)).output
}

/** Which side of a term is gathered: each row's columns (rows × 1), each column's rows (1 × columns), or all (1 × 1). */
export type Over = 'columns' | 'rows' | 'all'

const OUTPUT_AXES: Readonly<Record<Over, AxesOf>> = {
  columns: [0, undefined],
  rows: [undefined, 1],
  all: [undefined, undefined],
}

const reduced =
  (reduce: MapReduceArgs['reduce']) =>
  (to: Builder, term: Term, over: Over, name?: string): Value =>
    to.add(new MapReduce({ ...mapped(term), outputAxes: OUTPUT_AXES[over], reduce }, name)).output

export const sum = reduced('sum')
export const largest = reduced('max')
/** ln Σ eˣ, without overflow. */
export const logSumExp = reduced('logsumexp')

/** The mean over the columns of each row, the rows of each column, or all. */
export function mean(to: Builder, term: Term, over: Over, name?: string): Value {
  const shape = mapped(term)
  let { expression } = shape
  for (const axis of over === 'all' ? [0, 1] : over === 'rows' ? [0] : [1]) {
    expression = { kind: 'binary', op: 'divide', a: expression, b: { kind: 'size', axis } }
  }
  const output = { ...shape, expression, outputAxes: OUTPUT_AXES[over], reduce: 'sum' } as const
  return to.add(new MapReduce(output, name)).output
}

/**
 * A function of every row of some values with every row of others, summed over their shared columns: squared distances of cells,
 * densities of cells under components.
 *
 * @param left values of n rows, @param right of m rows, all of as many columns (or of one)
 * @returns n × m
 */
export function pairs(
  to: Builder,
  left: readonly Value[],
  right: readonly Value[],
  term: Term,
  name?: string,
): Value {
  const expression = expressionOf(term)
  const columns = common(
    [...left, ...right].map((value) => value.columns),
    'columns',
  )
  const rows = (values: readonly Value[]) =>
    common(
      values.map((value) => value.rows),
      'rows',
    )
  const values = inputsOf(expression)
  const inputs = values.map((value) => {
    const axis = left.includes(value) ? 0 : 1
    if (axis === 1 && !right.includes(value)) throw new Error(`${value} is on neither side of the pairs.`)
    return { value, axes: [place(value.rows, axis), place(value.columns, 2)] as const }
  })
  return to.add(
    new MapReduce(
      {
        axes: [rows(left), rows(right), columns],
        inputs,
        expression: withInputs(expression, (value) => ({ kind: 'input', input: values.indexOf(value) })),
        outputAxes: [0, 1],
        reduce: 'sum',
      },
      name,
    ),
  ).output
}

/** One number as the same for every cell of the minibatch: cells × 1. */
export function forEachCell(to: Builder, value: Value): Value {
  const shape = {
    axes: ['cells'],
    inputs: [{ value, axes: [undefined, undefined] }],
    expression: { kind: 'input', input: 0 },
    outputAxes: [0, undefined],
    reduce: 'sum',
  } as const
  return to.add(new MapReduce(shape, value.name)).output
}

import type { AxesOf, MapReduceArgs } from '../device/device.js'
import { binary, type Expression, inputsOf, withInputs } from '../device/expression.js'
import type { Op } from './op.js'
import { Constant } from './ops/constant.js'
import { MapReduce } from './ops/map-reduce.js'
import { expressionOf } from './terms.js'
import { type Extent, type Term, Value } from './value.js'

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

/** Values as they stand in a term of pairs, one for each. */
export type Side<Values extends readonly Value[]> = { readonly [K in keyof Values]: Term }

/**
 * A function of every row of some values with every row of others, summed over their shared columns: squared distances of cells,
 * densities of cells under components. One value may stand on both sides.
 *
 * @param left values of n rows
 * @param right values of m rows, all of as many columns (or of one)
 * @param term is given the values of either side as they are in a pair, and may read others that have one row
 * @returns n × m
 */
export function pairs<const Left extends readonly Value[], const Right extends readonly Value[]>(
  to: Builder,
  left: Left,
  right: Right,
  term: (left: Side<Left>, right: Side<Right>) => Term,
  name?: string,
): Value {
  const known = new Map<Value, { value: Value; axis: number }>()
  // a stand-in for each, so that a value of both sides is two inputs
  const side = <Values extends readonly Value[]>(values: Values, axis: number) =>
    values.map((value): Term => {
      const standIn = new Value(value.op, value.rows, value.columns, value.name)
      known.set(standIn, { value, axis })
      return standIn
    }) as Side<Values> & Term[]
  const expression = expressionOf(term(side(left, 0), side(right, 1)))
  const read = inputsOf(expression)
  const rowsOf = (values: readonly Value[]) =>
    common(
      values.map((value) => value.rows),
      'rows',
    )
  const columns = common(
    [...left, ...right, ...read].map((value) => value.columns),
    'columns',
  )
  const inputs = read.map((leaf) => {
    const { value, axis } = known.get(leaf) ?? { value: leaf, axis: 0 }
    if (value === leaf && value.rows !== 1) {
      throw new RangeError(`${value} is on neither side of the pairs, and has more rows than one.`)
    }
    return { value, axes: [place(value.rows, axis), place(value.columns, 2)] as const }
  })
  return to.add(
    new MapReduce(
      {
        axes: [rowsOf(left), rowsOf(right), columns],
        inputs,
        expression: withInputs(expression, (leaf) => ({ kind: 'input', input: read.indexOf(leaf) })),
        outputAxes: [0, 1],
        reduce: 'sum',
      },
      name,
    ),
  ).output
}

/** A length that is a number, with `first` and the last before `end` inside it. */
function within(extent: Extent, first: number, end: number, what: string, value: Value): number {
  if (extent === 'cells') throw new RangeError(`${value} has a ${what} for each cell, and none by number.`)
  const whole = Number.isInteger(first) && Number.isInteger(end)
  if (whole && first >= 0 && first < end && end <= extent) return extent
  const asked = end === first + 1 ? `no ${what} ${first}` : `no ${what}s from ${first} to below ${end}`
  throw new RangeError(`${value} has ${asked}.`)
}

/** Zeros, with ones on the diagonal from a place on. */
const diagonal = (rows: number, columns: number, first: number): Float32Array =>
  Float32Array.from({ length: rows * columns }, (_, i) =>
    Number((i % columns) - first === Math.floor(i / columns)),
  )

/**
 * One column of a value, counted from 0: rows × 1.
 *
 * @throws RangeError for a column that there is not
 */
export function column(to: Builder, value: Value, k: number): Value {
  const name = `column ${k} of ${value.name}`
  const columns = within(value.columns, k, k + 1, 'column', value)
  const chosen = to.add(new Constant(name, 1, columns, diagonal(1, columns, k))).output
  return sum(to, binary('multiply', expressionOf(value), expressionOf(chosen)), 'columns', name)
}

/**
 * Rows of a value from one to below another, counted from 0: (end − first) × columns.
 *
 * @throws RangeError for rows that there are not, and where rows are cells
 */
export function rowRange(to: Builder, value: Value, first: number, end: number): Value {
  const name = `rows ${first} to ${end - 1} of ${value.name}`
  const all = within(value.rows, first, end, 'row', value)
  const n = end - first
  const chosen = to.add(new Constant(name, n, all, diagonal(n, all, first))).output
  const shape = {
    axes: [n, all, value.columns],
    inputs: [
      { value: chosen, axes: [0, 1] },
      { value, axes: [1, place(value.columns, 2)] },
    ],
    expression: binary<number>('multiply', { kind: 'input', input: 0 }, { kind: 'input', input: 1 }),
    outputAxes: [0, 2],
    reduce: 'sum',
  } as const
  return to.add(new MapReduce(shape, name)).output
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

import type { AxesOf } from '../../device/device.js'
import type { Binary, Expression, Unary } from '../../device/expression.js'
import type { StepInputs } from '../../device/step-number.js'
import { at, filled, type Matrix } from './matrix.js'
import { sigmoid, softplus } from './special.js'

const UNARY: Readonly<Record<Unary, (a: number) => number>> = {
  negative: (a) => -a,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  softplus,
  sigmoid,
  cos: Math.cos,
}

const BINARY: Readonly<Record<Binary, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  maximum: Math.max,
  minimum: Math.min,
  greater: (a, b) => Number(a > b),
}

/** What an expression's leaves are worth. */
export interface Point<Input> {
  input: (input: Input) => number
  /** Positions along each axis. */
  sizes?: readonly number[]
  step?: StepInputs
}

/** An expression at one point, in float64. */
export function evaluate<Input>(expression: Expression<Input>, point: Point<Input>): number {
  const known = new Map<Expression<Input>, number>()
  const valueAt = (of: Expression<Input>): number => {
    let value = known.get(of)
    if (value === undefined) {
      value = compute(of)
      known.set(of, value)
    }
    return value
  }
  const compute = (of: Expression<Input>): number => {
    switch (of.kind) {
      case 'constant':
        return of.value
      case 'step':
        return of.value.at(point.step!)
      case 'size':
        return point.sizes![of.axis]!
      case 'input':
        return point.input(of.input)
      case 'unary':
        return UNARY[of.op](valueAt(of.a))
      case 'binary':
        return BINARY[of.op](valueAt(of.a), valueAt(of.b))
    }
  }
  return valueAt(expression)
}

export interface MapArguments {
  /** Positions along each axis. */
  sizes: readonly number[]
  inputs: readonly { values: Matrix; axes: AxesOf; row?: number }[]
  expression: Expression<number>
  outputAxes: AxesOf
  reduce: 'sum' | 'max' | 'logsumexp'
  step?: StepInputs
}

/** The points of a space, as their places along each axis. */
function pointsOf(sizes: readonly number[]): number[][] {
  return sizes.reduce<number[][]>(
    (points, size) => points.flatMap((point) => Array.from({ length: size }, (_, i) => [...point, i])),
    [[]],
  )
}

function reduced(reduce: MapArguments['reduce'], values: readonly number[]): number {
  if (reduce === 'sum') return values.reduce((sum, x) => sum + x, 0)
  const largest = values.reduce((most, x) => Math.max(most, x), Number.NEGATIVE_INFINITY)
  if (reduce === 'max') return largest
  return largest + Math.log(values.reduce((sum, x) => sum + Math.exp(x - largest), 0))
}

/** A function at every point, gathered over the axes that the output does not have; and the sum of the values' sizes. */
export function mapReduce(args: MapArguments): { output: Matrix; magnitude: Matrix } {
  const { sizes, inputs, expression, outputAxes, reduce } = args
  const place = (axis: number | undefined, point: readonly number[]) =>
    axis === undefined ? 0 : point[axis]!
  const extent = (axis: number | undefined) => (axis === undefined ? 1 : sizes[axis]!)
  const [rows, columns] = [extent(outputAxes[0]), extent(outputAxes[1])]
  const gathered: number[][] = Array.from({ length: rows * columns }, () => [])
  for (const point of pointsOf(sizes)) {
    const value = evaluate(expression, {
      input: (i) => {
        const { values, axes, row = 0 } = inputs[i]!
        return at(values, axes[0] === undefined ? row : point[axes[0]]!, place(axes[1], point))
      },
      sizes,
      ...(args.step && { step: args.step }),
    })
    gathered[place(outputAxes[0], point) * columns + place(outputAxes[1], point)]!.push(value)
  }
  return {
    output: filled(rows, columns, (i, j) => reduced(reduce, gathered[i * columns + j]!)),
    magnitude: filled(rows, columns, (i, j) => {
      const values = gathered[i * columns + j]!
      if (reduce === 'sum') return values.reduce((sum, x) => sum + Math.abs(x), 0)
      return Math.abs(reduced(reduce, values))
    }),
  }
}

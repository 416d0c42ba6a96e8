import type { AxesOf, MapInput, MapReduceArgs } from '../device.js'
import { type Binary, type Expression, instructionsOf, type Unary } from '../expression.js'
import type { CurrentStep } from './current-step.js'
import type { Handle, Ops } from './ops.js'
import { own } from './tf-tensor.js'

const UNARY: Readonly<Record<Unary, (ops: Ops, a: Handle) => Handle>> = {
  negative: (ops, a) => ops.neg(a),
  exp: (ops, a) => ops.exp(a),
  log: (ops, a) => ops.log(a),
  sqrt: (ops, a) => ops.sqrt(a),
  softplus: (ops, a) => ops.softplus(a),
  sigmoid: (ops, a) => ops.sigmoid(a),
  cos: (ops, a) => ops.cos(a),
}

const BINARY: Readonly<Record<Binary, (ops: Ops, a: Handle, b: Handle) => Handle>> = {
  add: (ops, a, b) => ops.add(a, b),
  subtract: (ops, a, b) => ops.sub(a, b),
  multiply: (ops, a, b) => ops.mul(a, b),
  divide: (ops, a, b) => ops.div(a, b),
  maximum: (ops, a, b) => ops.maximum(a, b),
  minimum: (ops, a, b) => ops.minimum(a, b),
  greater: (ops, a, b) => ops.relu(ops.sign(ops.sub(a, b))),
}

/** Positions along each axis, in a step. */
type Sizes = readonly number[]

/** A tensor as one with an axis for each of the space's; those that it does not run along have length 1. */
function placed(ops: Ops, sizes: Sizes, { tensor, axes: [r, c], row = 0 }: MapInput): Handle {
  let handle = own(tensor).get()
  const [rows, columns] = [r === undefined ? 1 : sizes[r]!, c === undefined ? 1 : sizes[c]!]
  if (handle.shape[0] !== rows || handle.shape[1] !== columns)
    handle = ops.slice(handle, [r === undefined ? row : 0, 0], [rows, columns])
  if (r !== undefined && c !== undefined && r > c) handle = ops.transpose(handle)
  return ops.reshape(
    handle,
    sizes.map((size, axis) => (axis === r || axis === c ? size : 1)),
  )
}

/** The function at all points at once. Lengths of 1 stand for all positions along an axis. */
function valuesOf(ops: Ops, { inputs, expression }: MapReduceArgs, sizes: Sizes, step: CurrentStep): Handle {
  const values: Handle[] = []
  const leaf = (of: Expression<number>): Handle => {
    switch (of.kind) {
      case 'constant':
        return ops.scalar(of.value)
      case 'size':
        return ops.scalar(sizes[of.axis]!)
      case 'step':
        return ops.changing(of.value.text, step.value(of.value))
      case 'input':
        return placed(ops, sizes, inputs[of.input]!)
      default:
        throw new TypeError(`A ${of.kind} operation is no leaf.`)
    }
  }
  for (const { of, a, b } of instructionsOf(expression)) {
    if (of.kind === 'unary') values.push(UNARY[of.op](ops, values[a]!))
    else if (of.kind === 'binary') values.push(BINARY[of.op](ops, values[a]!, values[b]!))
    else values.push(leaf(of))
  }
  const last = values.at(-1)!
  return last.rank === sizes.length
    ? last
    : ops.reshape(
        last,
        sizes.map(() => 1),
      )
}

/** Gathers over some axes, which keep a length of 1. */
function gathered(
  ops: Ops,
  values: Handle,
  sizes: Sizes,
  over: readonly number[],
  reduce: MapReduceArgs['reduce'],
): Handle {
  const along = over.filter((axis) => values.shape[axis]! > 1)
  // what is the same at so many positions
  const times = over.reduce((n, axis) => (values.shape[axis]! > 1 ? n : n * sizes[axis]!), 1)
  if (reduce === 'max') return along.length > 0 ? ops.largestOver(values, along) : values
  if (reduce === 'sum') {
    const sum = along.length > 0 ? sumOver(ops, values, along) : values
    return times > 1 ? ops.mul(sum, times) : sum
  }
  let log = values
  if (along.length > 0) {
    const largest = ops.largestOver(values, along)
    log = ops.add(ops.log(ops.sumOver(ops.exp(ops.sub(values, largest)), along)), largest)
  }
  return times > 1 ? ops.add(log, Math.log(times)) : log
}

/** TensorFlow sums a matrix faster than anything else. */
function sumOver(ops: Ops, values: Handle, axes: readonly number[]): Handle {
  if (values.rank !== 2 || axes.length !== 1) return ops.sumOver(values, axes)
  return axes[0] === 0 ? ops.sumOfColumns(values) : ops.sumOfRows(values)
}

/** Values with one axis for each of the space's as rows × columns. */
function laidOut(ops: Ops, values: Handle, sizes: Sizes, [r, c]: AxesOf): Handle {
  const wanted = sizes.map((size, axis) => (axis === r || axis === c ? size : 1))
  const whole = values.shape.every((size, axis) => size === wanted[axis])
    ? values
    : ops.stretch(values, wanted)
  const [rows, columns] = [r === undefined ? 1 : sizes[r]!, c === undefined ? 1 : sizes[c]!]
  if (r === undefined || c === undefined || r < c) return ops.reshape(whole, [rows, columns])
  return ops.transpose(ops.reshape(whole, [columns, rows]))
}

export function mapReduce(ops: Ops, args: MapReduceArgs, step: CurrentStep): void {
  const { batch, axes, output, outputAxes, reduce, accumulate } = args
  const sizes = axes.map((size) => (size === 'cells' ? batch.nCells : size))
  const over = sizes.map((_, axis) => axis).filter((axis) => !outputAxes.includes(axis))
  const values = gathered(ops, valuesOf(ops, args, sizes, step), sizes, over, reduce)
  const result = laidOut(ops, values, sizes, outputAxes)
  const into = own(output)
  if (!accumulate) {
    into.set(result)
    return
  }
  const [rows, columns] = result.shape as [number, number]
  const [hasRows, hasColumns] = into.get().shape
  const before =
    rows === hasRows && columns === hasColumns ? into.get() : ops.slice(into.get(), [0, 0], [rows, columns])
  into.set(ops.add(before, result))
}

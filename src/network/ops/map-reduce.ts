import type { AxesOf, MapReduceArgs } from '../../device/device.js'
import { binary, derivative, type Expression, expressionKey, unary } from '../../device/expression.js'
import { type ForwardPass, Op, type ReversePass } from '../op.js'
import { type Extent, Value } from '../value.js'

/** A value and how it lies in the index space of a function. */
export interface Placed {
  readonly value: Value
  readonly axes: AxesOf
}

export interface MapShape {
  readonly axes: readonly Extent[]
  readonly inputs: readonly Placed[]
  /** Of the inputs, by position. */
  readonly expression: Expression<number>
  readonly outputAxes: AxesOf
  readonly reduce: MapReduceArgs['reduce']
}

const at = (input: number): Expression<number> => ({ kind: 'input', input })

/** A function of values at every point of a small space, gathered over the axes that its output does not have. */
export class MapReduce extends Op {
  readonly output: Value
  readonly outputs: readonly Value[]
  readonly #shape: MapShape

  constructor(shape: MapShape, name = 'function') {
    super(shape.inputs.map(({ value }) => value))
    this.#shape = shape
    const extent = (axis: number | undefined) => (axis === undefined ? 1 : shape.axes[axis]!)
    this.output = new Value(this, extent(shape.outputAxes[0]), extent(shape.outputAxes[1]), name)
    this.outputs = [this.output]
  }

  override get settings(): string {
    const { axes, inputs, expression, outputAxes, reduce } = this.#shape
    const places = inputs.map((input) => input.axes)
    return JSON.stringify([axes, places, outputAxes, reduce, expressionKey(expression)])
  }

  #inputs({ tensor }: ForwardPass) {
    return this.#shape.inputs.map(({ value, axes }) => ({ tensor: tensor(value), axes }))
  }

  forward(pass: ForwardPass): void {
    const { batch, kernels, tensor } = pass
    const { axes, expression, outputAxes, reduce } = this.#shape
    const args = {
      batch,
      axes,
      inputs: this.#inputs(pass),
      expression,
      output: tensor(this.output),
      outputAxes,
      reduce,
    }
    pass.call(() => kernels.mapReduce(args))
  }

  reverse(pass: ReversePass): void {
    const { batch, kernels } = pass
    const { axes, outputAxes } = this.#shape
    const adjoint = pass.adjoint(this.output)
    if (!adjoint) return
    const inputs: MapReduceArgs['inputs'][number][] = this.#inputs(pass)
    let gradient: Expression<number>
    if ('mean' in adjoint) {
      const weight: Expression<number> =
        typeof adjoint.mean === 'number'
          ? { kind: 'constant', value: adjoint.mean }
          : { kind: 'step', value: adjoint.mean }
      const cells = this.output.rows === 'cells' ? axes.indexOf('cells') : -1
      gradient = cells < 0 ? weight : binary('divide', weight, { kind: 'size', axis: cells })
    } else {
      gradient = at(inputs.length)
      inputs.push({ tensor: adjoint.tensor, axes: outputAxes })
    }
    gradient = binary('multiply', gradient, this.#share(pass, inputs))
    for (const [i, { value, axes: place }] of this.#shape.inputs.entries()) {
      const sink = pass.sink(value, true)
      if (!sink) continue
      const args: MapReduceArgs = {
        batch,
        axes,
        inputs,
        expression: binary('multiply', gradient, derivative(this.#shape.expression, i)),
        output: sink.tensor,
        outputAxes: place,
        reduce: 'sum',
        accumulate: sink.accumulate,
      }
      pass.call(() => kernels.mapReduce(args))
    }
  }

  /** How much of the output's gradient a point has: all of it in a sum, the largest alone in a maximum. */
  #share(pass: ReversePass, inputs: MapReduceArgs['inputs'][number][]): Expression<number> {
    const { expression, outputAxes, reduce } = this.#shape
    if (reduce === 'sum') return { kind: 'constant', value: 1 }
    const output = at(inputs.length)
    inputs.push({ tensor: pass.tensor(this.output), axes: outputAxes })
    if (reduce === 'logsumexp') return unary('exp', binary('subtract', expression, output))
    return binary('subtract', { kind: 'constant', value: 1 }, binary('greater', output, expression))
  }
}

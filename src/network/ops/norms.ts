import { binary, type Expression, unary } from '../../device/expression.js'
import { type ForwardPass, Op, type ReversePass } from '../op.js'
import { Value } from '../value.js'
import type { RunningStatistic, Weight } from '../weights.js'

/** Of the variance, in all of scVI's batch norms. */
export const NORM_EPSILON = 1e-3

const at = (input: number): Expression<number> => ({ kind: 'input', input })

/** Batch normalisation over the cells of the minibatch in training, by the running statistics elsewhere. */
export class BatchNorm extends Op {
  readonly output: Value
  readonly outputs: readonly Value[]
  readonly #input: Value
  readonly #scale: Weight
  readonly #shift: Weight
  readonly #running: RunningStatistic

  constructor(input: Value, scale: Weight, shift: Weight, running: RunningStatistic) {
    super([input], [scale, shift])
    if (input.rows !== 'cells') throw new RangeError(`${scale.name}: batch norm is over cells.`)
    this.#input = input
    this.#scale = scale
    this.#shift = shift
    this.#running = running
    this.output = new Value(this, input.rows, input.columns, scale.name)
    this.outputs = [this.output]
  }

  forward(pass: ForwardPass): void {
    const { batch, kernels, tensor, training } = pass
    const args = {
      batch,
      input: tensor(this.#input),
      scale: pass.weight(this.#scale),
      shift: pass.weight(this.#shift),
      running: pass.running(this.#running),
      output: tensor(this.output),
      saved: pass.scratch(this, 'saved', 2, this.output.columns),
      training,
    }
    pass.call(() => kernels.batchNorm(args))
  }

  reverse(pass: ReversePass): void {
    const { batch, kernels, tensor, training } = pass
    const outputGradient = pass.adjointTensor(this.output)
    if (!outputGradient) return
    if (!training) {
      this.#reverseOfRunning(pass)
      return
    }
    const args = {
      batch,
      input: tensor(this.#input),
      scale: pass.gradientOf(this.#scale),
      shift: pass.gradientOf(this.#shift),
      saved: pass.scratch(this, 'saved', 2, this.output.columns),
      outputGradient,
      inputGradient:
        pass.sink(this.#input, false)?.tensor ?? pass.scratch(this, 'nowhere', 'cells', this.output.columns),
    }
    pass.call(() => kernels.batchNormGradient(args))
  }

  /** By running statistics it is a line for each feature. */
  #reverseOfRunning(pass: ReversePass): void {
    const { batch, kernels, tensor } = pass
    const running = pass.running(this.#running)
    const inputs = [
      { tensor: pass.adjointTensor(this.output)!, axes: [0, 1] },
      { tensor: tensor(this.#input), axes: [0, 1] },
      { tensor: running, axes: [undefined, 1] },
      { tensor: running, axes: [undefined, 1], row: 1 },
      { tensor: pass.weight(this.#scale).value, axes: [undefined, 1] },
    ] as const
    const [gradient, x, mean, variance, scale] = inputs.map((_, i) => at(i)) as [
      Expression<number>,
      Expression<number>,
      Expression<number>,
      Expression<number>,
      Expression<number>,
    ]
    const deviation = unary('sqrt', binary('add', variance, { kind: 'constant', value: NORM_EPSILON }))
    const axes = ['cells', this.output.columns as number] as const
    const map = (
      expression: Expression<number>,
      output: Parameters<typeof kernels.mapReduce>[0]['output'],
      byCell: boolean,
    ) => {
      const args = {
        batch,
        axes,
        inputs,
        expression,
        output,
        outputAxes: [byCell ? 0 : undefined, 1],
        reduce: 'sum',
      } as const
      pass.call(() => kernels.mapReduce(args))
    }
    const sink = pass.sink(this.#input, false)
    if (sink) map(binary('divide', binary('multiply', gradient, scale), deviation), sink.tensor, true)
    if (!pass.trains(this.#scale, this.#shift)) return
    const normalised = binary('divide', binary('subtract', x, mean), deviation)
    map(binary('multiply', gradient, normalised), pass.gradientOf(this.#scale).gradient, false)
    map(gradient, pass.gradientOf(this.#shift).gradient, false)
  }
}

/** Layer normalisation over the features of each cell, without scale and shift. */
export class LayerNorm extends Op {
  readonly output: Value
  readonly outputs: readonly Value[]
  readonly #input: Value

  constructor(input: Value) {
    super([input])
    this.#input = input
    this.output = new Value(this, input.rows, input.columns, 'layer norm')
    this.outputs = [this.output]
  }

  forward(pass: ForwardPass): void {
    const { batch, kernels, tensor } = pass
    const saved = pass.scratch(this, 'saved', 'cells', 1)
    const args = { batch, input: tensor(this.#input), output: tensor(this.output), saved }
    pass.call(() => kernels.layerNorm(args))
  }

  reverse(pass: ReversePass): void {
    const { batch, kernels, tensor } = pass
    const outputGradient = pass.adjointTensor(this.output)
    const sink = pass.sink(this.#input, false)
    if (!outputGradient || !sink) return
    const args = {
      batch,
      output: tensor(this.output),
      saved: pass.scratch(this, 'saved', 'cells', 1),
      outputGradient,
      inputGradient: sink.tensor,
    }
    pass.call(() => kernels.layerNormGradient(args))
  }
}

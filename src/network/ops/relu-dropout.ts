import { type ForwardPass, Op, type ReversePass } from '../op.js'
import { Value } from '../value.js'

/** max(0, x); in training a share of it set to zero and the rest scaled by 1/(1 − rate). */
export class ReluDropout extends Op {
  readonly output: Value
  readonly outputs: readonly Value[]
  readonly #input: Value
  readonly #rate: number
  readonly #purpose: number

  /** @param purpose what the dropout's noise is keyed by */
  constructor(input: Value, rate: number, purpose: number) {
    super([input])
    this.#input = input
    this.#rate = rate
    this.#purpose = purpose
    this.output = new Value(this, input.rows, input.columns, 'activation')
    this.outputs = [this.output]
  }

  #args({ batch, tensor, training, noise }: ForwardPass) {
    return {
      batch,
      input: tensor(this.#input),
      output: tensor(this.output),
      dropout: training ? this.#rate : 0,
      noise: noise(this.#purpose),
    }
  }

  forward(pass: ForwardPass): void {
    const { kernels } = pass
    const args = this.#args(pass)
    pass.call(() => kernels.reluDropout(args))
  }

  reverse(pass: ReversePass): void {
    const { kernels } = pass
    const outputGradient = pass.adjointTensor(this.output)
    const sink = pass.sink(this.#input, false)
    if (!outputGradient || !sink) return
    const args = { ...this.#args(pass), outputGradient, inputGradient: sink.tensor }
    pass.call(() => kernels.reluDropoutGradient(args))
  }
}

import type { CellFact as Fact } from '../../device/device.js'
import { type ForwardPass, Op } from '../op.js'
import { Value } from '../value.js'

/** A covariate's code or value, or the size, of each cell of the minibatch: cells × 1. */
export class CellFact extends Op {
  readonly output: Value
  readonly outputs: readonly Value[]
  readonly #fact: Fact

  constructor(fact: Fact) {
    super([])
    this.#fact = fact
    this.output = new Value(this, 'cells', 1, 'cell fact')
    this.outputs = [this.output]
  }

  override get settings(): string {
    return JSON.stringify(this.#fact)
  }

  forward({ batch, kernels, tensor, call }: ForwardPass): void {
    const args = { batch, fact: this.#fact, output: tensor(this.output) }
    call(() => kernels.cellFact(args))
  }

  reverse(): void {}
}

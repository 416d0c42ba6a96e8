import { Op } from '../op.js'
import { Value } from '../value.js'

/** Numbers that stay: tables of priors, say. They are written once, when the network is made. */
export class Constant extends Op {
  readonly output: Value
  readonly outputs: readonly Value[]
  readonly values: Float32Array

  constructor(name: string, rows: number, columns: number, values: Float32Array) {
    super([])
    this.values = values
    this.output = new Value(this, rows, columns, name)
    this.outputs = [this.output]
  }

  override get settings(): string {
    return this.values.join()
  }

  forward(): void {}

  reverse(): void {}
}

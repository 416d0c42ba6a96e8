import { Op } from '../op.js'
import { Value } from '../value.js'
import type { Weight } from '../weights.js'

/** A weight as a value, for what is not a layer: means of a mixture, a penalty on loadings. Its gradient is the weight's own. */
export class WeightValue extends Op {
  readonly weight: Weight
  readonly output: Value
  readonly outputs: readonly Value[]

  constructor(weight: Weight) {
    super([], [weight])
    this.weight = weight
    this.output = new Value(this, weight.rows, weight.columns, weight.name)
    this.outputs = [this.output]
  }

  forward(): void {}

  reverse(): void {}
}

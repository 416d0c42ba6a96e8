import { Op } from '../op.js'
import { Value } from '../value.js'

/** The minibatch's counts, as log1p: only a linear layer can read them. */
export class Counts extends Op {
  readonly output: Value
  readonly outputs: readonly Value[]

  constructor(nGenes: number) {
    super([])
    this.output = new Value(this, 'cells', nGenes, 'counts')
    this.outputs = [this.output]
  }

  forward(): void {}

  reverse(): void {}
}

import { type ForwardPass, Op, type ReversePass } from '../op.js'
import { Value } from '../value.js'
import { type HeadShape, meansArgs, valuesOf, weightsOf } from './count-head.js'

/** Expected counts of a head gene by gene, genes × cells, on devices that have them so. They have no gradient. */
export class GeneMeans extends Op {
  readonly mean: Value
  readonly outputs: readonly Value[]
  readonly #shape: HeadShape

  constructor(shape: HeadShape) {
    super(valuesOf(shape), weightsOf(shape))
    this.#shape = shape
    this.mean = new Value(this, shape.nGenes, 'cells', 'expected counts by gene')
    this.outputs = [this.mean]
  }

  forward(pass: ForwardPass): void {
    const { kernels, tensor } = pass
    const args = { ...meansArgs(this.#shape, pass), mean: tensor(this.mean) }
    if (!kernels.geneMeans) throw new Error('The device gives no expected counts by gene.')
    pass.call(() => kernels.geneMeans!(args))
  }

  reverse(pass: ReversePass): void {
    if (pass.adjoint(this.mean)) throw new Error('Expected counts have no gradient.')
  }
}

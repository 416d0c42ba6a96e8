import { type ForwardPass, Op, type ReversePass } from '../op.js'
import { Value } from '../value.js'

/**
 * A draw from Normal(mean, exp(rawVariance) + 1e-4) by reparameterisation, and the KL divergence of that distribution to a normal
 * prior, summed over the dimensions (cells × 1). Either may be used without the other.
 */
export class NormalDraw extends Op {
  readonly draw: Value
  readonly kl: Value
  readonly outputs: readonly Value[]
  readonly #mean: Value
  readonly #rawVariance: Value
  readonly #purpose: number
  readonly #prior: Value | undefined

  /**
   * @param purpose what the noise is keyed by
   * @param prior batches × 2 (mean, variance), for one dimension; the standard normal when left out
   */
  constructor(mean: Value, rawVariance: Value, purpose: number, prior?: Value) {
    super(prior ? [mean, rawVariance, prior] : [mean, rawVariance])
    this.#mean = mean
    this.#rawVariance = rawVariance
    this.#purpose = purpose
    this.#prior = prior
    this.draw = new Value(this, mean.rows, mean.columns, 'draw')
    this.kl = new Value(this, mean.rows, 1, 'KL divergence')
    this.outputs = [this.draw, this.kl]
  }

  #args({ batch, tensor, noisy, noise }: ForwardPass) {
    return {
      batch,
      mean: tensor(this.#mean),
      rawVariance: tensor(this.#rawVariance),
      output: tensor(this.draw),
      kl: tensor(this.kl),
      ...(this.#prior && { prior: tensor(this.#prior) }),
      ...(noisy && { noise: noise(this.#purpose) }),
    }
  }

  forward(pass: ForwardPass): void {
    const { kernels } = pass
    const args = this.#args(pass)
    pass.call(() => kernels.sampleLatent(args))
  }

  reverse(pass: ReversePass): void {
    const { kernels } = pass
    const outputGradient = pass.adjointTensor(this.draw)
    const kl = pass.adjoint(this.kl)
    const sinks = [pass.sink(this.#mean, false), pass.sink(this.#rawVariance, false)]
    if (!sinks[0] && !sinks[1]) return
    const unused = (name: string) => pass.scratch(this, name, 'cells', this.draw.columns)
    const args = {
      ...this.#args(pass),
      ...(outputGradient && { outputGradient }),
      klGradient: kl === undefined ? 0 : 'mean' in kl ? kl.mean : kl.tensor,
      meanGradient: sinks[0]?.tensor ?? unused('mean gradient'),
      rawVarianceGradient: sinks[1]?.tensor ?? unused('variance gradient'),
    }
    pass.call(() => kernels.sampleLatentGradient(args))
  }
}

import type { CountHeadArgs, CountHeadGradientArgs, CountMeansArgs, Parameter } from '../device.js'
import { update } from './adam.js'
import { atNonzeros, countGradient, type Dispersed, dispersed, type Means, sumAtZero } from './likelihood.js'
import type { Handle, Ops } from './ops.js'
import { ownBatch } from './tf-minibatch.js'
import { own, ownParameter } from './tf-tensor.js'

/** What the forward pass leaves for the gradients. */
interface Forward {
  means: Means & { logits: Handle; rates: Handle }
  dispersed: Dispersed | undefined
}

/**
 * The output layer. Log-likelihoods are taken for a count of zero everywhere, without a gamma function, and put right at the
 * nonzero counts; gradients are whole matrices, which is what TensorFlow multiplies fast. Formulas: docs/model.md.
 */
export class TfCountHead {
  readonly #ops: Ops
  #forward: Forward | undefined
  #kept: Handle[] = []

  constructor(ops: Ops) {
    this.#ops = ops
  }

  #affine(hidden: Handle, weight: Parameter, bias: Parameter): Handle {
    const ops = this.#ops
    return ops.tidy(() => {
      const product = ops.matMul(hidden, ownParameter(weight).value.get(), false, true)
      return ops.add(product, ownParameter(bias).value.get())
    })
  }

  #means({ batch, head, hidden, logSize }: Omit<CountHeadArgs, 'logLikelihood'>): Forward['means'] {
    const ops = this.#ops
    const h = own(hidden).first(ops, batch.nCells)
    const logits = this.#affine(h, head.weight, head.bias)
    const rates = head.scale === 'softmax' ? ops.softmax(logits) : ops.softplus(logits)
    const size = logSize ? ops.exp(own(logSize).first(ops, batch.nCells)) : ownBatch(batch).size()
    const { zeroWeight, zeroBias } = head
    const zeroLogits = zeroWeight && zeroBias && this.#affine(h, zeroWeight, zeroBias)
    return { logits, rates, mean: ops.mul(rates, size), zeroLogits }
  }

  forward(args: CountHeadArgs): void {
    const ops = this.#ops
    const batch = ownBatch(args.batch)
    const means = this.#means(args)
    const { logDispersion } = args.head
    const of = logDispersion && dispersed(ops, batch, means, ownParameter(logDispersion).value.get())
    let sum = ops.sub(sumAtZero(ops, means, of), batch.constant())
    if (batch.nonzeros > 0) {
      const terms = atNonzeros(ops, batch, means, of)
      sum = ops.add(sum, ops.segmentSum(terms, batch.nonzeroCells(), batch.nCells, 1))
    }
    own(args.logLikelihood).set(sum)
    this.#keep({ means, dispersed: of })
  }

  gradient(args: CountHeadGradientArgs): void {
    if (!this.#forward) throw new Error('The gradient of a count head follows its forward pass.')
    const ops = this.#ops
    const { head, adam } = args
    const { means, dispersed: of } = this.#forward
    const batch = ownBatch(args.batch)
    const batches = head.logDispersion?.value.rows ?? 1
    const { byLogit, total, byZeroLogit, byLogDispersion } = ops.tidy(() => {
      const { q, ...others } = countGradient(ops, batch, means, of, batches)
      const total = ops.sumOfRows(q)
      const byLogit =
        head.scale === 'softmax'
          ? ops.sub(q, ops.mul(means.rates, total))
          : ops.div(ops.mul(q, ops.sigmoid(means.logits)), ops.maximum(means.rates, 1e-30))
      return { byLogit, total, ...others }
    })
    this.dispose()

    // the loss is minus the mean over the cells; the small matrices take the factor
    const weight = -1 / batch.nCells
    const hidden = ops.mul(own(args.hidden).first(ops, batch.nCells), weight)
    const back = (gradient: Handle, of: Parameter, bias: Parameter): Handle => {
      const byHidden = ops.matMul(gradient, ownParameter(of).value.get())
      ops.tidy(() => {
        update(ops, of, ops.matMul(gradient, hidden, true), adam)
      })
      update(ops, bias, ops.mul(ops.sumOfColumns(gradient), weight), adam)
      return byHidden
    }
    let byHidden = back(byLogit, head.weight, head.bias)
    if (byZeroLogit) byHidden = ops.add(byHidden, back(byZeroLogit, head.zeroWeight!, head.zeroBias!))
    own(args.hiddenGradient).set(ops.mul(byHidden, weight))
    if (byLogDispersion) update(ops, head.logDispersion!, ops.mul(byLogDispersion, weight), adam)
    if (args.logSizeGradient) own(args.logSizeGradient).set(ops.mul(total, weight))
  }

  means(args: CountMeansArgs): void {
    const { mean, zeroLogits } = this.#means(args)
    own(args.mean).set(mean)
    if (args.zeroLogits && zeroLogits) own(args.zeroLogits).set(zeroLogits)
  }

  #keep(forward: Forward): void {
    this.dispose()
    const handles = [...Object.values(forward.means), ...Object.values(forward.dispersed ?? {})]
    this.#kept = handles.filter((handle): handle is Handle => handle !== undefined)
    for (const handle of this.#kept) this.#ops.keep(handle)
    this.#forward = forward
  }

  /** Lets go of what the last forward pass left. */
  dispose(): void {
    for (const handle of this.#kept) handle.dispose()
    this.#kept = []
    this.#forward = undefined
  }
}

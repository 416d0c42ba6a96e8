import type { CountHeadArgs, CountHeadGradientArgs, CountMeansArgs, Parameter, Tensor } from '../device.js'
import { update } from './adam.js'
import { type Columns, categories } from './covariates.js'
import type { CurrentStep } from './current-step.js'
import { atNonzeros, countGradient, type Dispersed, dispersed, type Means, sumAtZero } from './likelihood.js'
import type { AdamStep, Handle, Ops } from './ops.js'
import { ownBatch } from './tf-minibatch.js'
import { own, ownParameter } from './tf-tensor.js'

/** What the forward pass leaves for the gradients. */
interface Forward {
  means: Means & { logits: Handle; rates: Handle }
  dispersed: Dispersed | undefined
  /** Handles that go when it does. */
  kept: readonly Handle[]
}

type HeadArgs = Omit<CountHeadArgs, 'logLikelihood'>

/** Of what is not observed: it has no share in a softmax beside any other. */
const NEVER = 1e30

/**
 * The output layer. Log-likelihoods are taken for a count of zero everywhere, without a gamma function, and put right at the
 * nonzero counts; gradients are whole matrices, which is what TensorFlow multiplies fast. Formulas: docs/model.md.
 */
export class TfCountHead {
  readonly #ops: Ops
  readonly #step: CurrentStep
  /** Of each head, by where its log-likelihoods go. */
  readonly #forwards = new Map<Tensor, Forward>()

  constructor(ops: Ops, step: CurrentStep) {
    this.#ops = ops
    this.#step = step
  }

  #affine(hidden: Handle, weight: Parameter, bias: Parameter): Handle {
    const ops = this.#ops
    return ops.tidy(() => {
      const product = ops.matMul(hidden, ownParameter(weight).value.get(), false, true)
      return ops.add(product, ownParameter(bias).value.get())
    })
  }

  /** Logits of the means and of dropout, given or from hidden units. */
  #logits(args: HeadArgs): { logits: Handle; zeroLogits: Handle | undefined } {
    const { nCells } = args.batch
    const given = (tensor: Tensor) => own(tensor).first(this.#ops, nCells)
    const { weights } = args.head
    if (weights && args.hidden) {
      const hidden = given(args.hidden)
      const { weight, bias, zeroWeight, zeroBias } = weights
      return {
        logits: this.#affine(hidden, weight, bias),
        zeroLogits: zeroWeight && zeroBias && this.#affine(hidden, zeroWeight, zeroBias),
      }
    }
    if (!args.logits) throw new TypeError('A count head takes hidden units and weights, or logits.')
    return { logits: given(args.logits), zeroLogits: args.zeroLogits && given(args.zeroLogits) }
  }

  /** Cells × genes: 1 where there is a count, known and of a gene that the cell has; undefined where there is one everywhere. */
  #observed({ batch, head: { absent } }: HeadArgs): Handle | undefined {
    const known = ownBatch(batch).known()
    if (!absent) return known
    const { covariate, present } = absent
    const there = this.#ops.gatherRows(own(present).get(), ownBatch(batch).codes(covariate))
    return known ? this.#ops.mul(known, there) : there
  }

  #rates(scale: 'softmax' | 'softplus', logits: Handle, observed: Handle | undefined): Handle {
    const ops = this.#ops
    if (!observed) return scale === 'softmax' ? ops.softmax(logits) : ops.softplus(logits)
    return ops.tidy(() => {
      if (scale === 'softplus') return ops.mul(ops.softplus(logits), observed)
      const never = ops.mul(ops.sub(observed, 1), NEVER)
      // the product is for cells of which nothing is observed
      return ops.mul(ops.softmax(ops.add(ops.mul(logits, observed), never)), observed)
    })
  }

  #means(args: HeadArgs): Forward['means'] {
    const ops = this.#ops
    const { head } = args
    const { logits, zeroLogits } = this.#logits(args)
    const rates = this.#rates(head.scale, logits, this.#observed(args))
    return { logits, rates, mean: ops.mul(rates, this.#sizes(args)), zeroLogits }
  }

  /** Cells × 1. */
  #sizes({ batch, logSize }: HeadArgs): Handle {
    const ops = this.#ops
    return logSize ? ops.exp(own(logSize).first(ops, batch.nCells)) : ownBatch(batch).size()
  }

  /** The cells' batches, where dispersions go by batch. */
  #batches({ batch, head: { logDispersion }, codes }: HeadArgs): Columns | undefined {
    const rows = logDispersion?.value.rows ?? 1
    if (rows === 1) return undefined
    const ops = this.#ops
    const given = codes && ops.integers(own(codes).first(ops, batch.nCells))
    return categories(ops, given ?? ownBatch(batch).codes(0), rows)
  }

  forward(args: CountHeadArgs): void {
    const ops = this.#ops
    const batch = ownBatch(args.batch)
    const means = this.#means(args)
    const { logDispersion } = args.head
    const of =
      logDispersion && dispersed(ops, means, ownParameter(logDispersion).value.get(), this.#batches(args))
    let sum = ops.sub(sumAtZero(ops, means, of), batch.constant())
    if (batch.nonzeros > 0) {
      const terms = atNonzeros(ops, batch, means, of)
      sum = ops.add(sum, ops.segmentSum(terms, batch.nonzeroCells(), batch.nCells, 1))
    }
    own(args.logLikelihood).set(sum)
    this.#keep(args, { means, dispersed: of })
  }

  gradient(args: CountHeadGradientArgs): void {
    const forward = this.#forwards.get(args.logLikelihood)
    if (!forward) throw new Error('The gradient of a count head follows its forward pass.')
    const ops = this.#ops
    const { head, cellGradient } = args
    const { means, dispersed: of } = forward
    const batch = ownBatch(args.batch)
    // the loss is minus the mean over the cells where nothing else is said
    const weight = cellGradient ? own(cellGradient).first(ops, batch.nCells) : -1 / batch.nCells
    const { byLogit, total, byZeroLogit, byLogDispersion } = ops.tidy(() => {
      const { q, ...others } = countGradient(ops, batch, means, of, { weight, batches: this.#batches(args) })
      const total = ops.sumOfRows(q)
      const byLogit =
        head.scale === 'softmax'
          ? ops.sub(q, ops.mul(means.rates, total))
          : ops.div(ops.mul(q, ops.sigmoid(means.logits)), ops.maximum(means.rates, 1e-30))
      return { byLogit, total, ...others }
    })
    this.forget(args.logLikelihood)

    const adam = args.adam && this.#step.adam(args.adam)
    if (head.weights) this.#byHidden(args, { byLogit, byZeroLogit, weight, adam })
    if (args.logitsGradient) own(args.logitsGradient).set(ops.mul(byLogit, weight))
    if (args.zeroLogitsGradient && byZeroLogit) own(args.zeroLogitsGradient).set(ops.mul(byZeroLogit, weight))
    if (byLogDispersion && !args.frozen) update(ops, head.logDispersion!, byLogDispersion, adam)
    if (args.logSizeGradient) own(args.logSizeGradient).set(ops.mul(total, weight))
  }

  /** The gradients by hidden units and their weights; the small matrices take the cells' weights. */
  #byHidden(
    { batch, head, hidden, hiddenGradient, frozen }: CountHeadGradientArgs,
    {
      byLogit,
      byZeroLogit,
      weight,
      adam,
    }: {
      byLogit: Handle
      byZeroLogit: Handle | undefined
      weight: Handle | number
      adam: AdamStep | undefined
    },
  ): void {
    const ops = this.#ops
    const weighted = ops.mul(own(hidden!).first(ops, batch.nCells), weight)
    const back = (gradient: Handle, of: Parameter, bias: Parameter): Handle | undefined => {
      const byHidden = hiddenGradient && ops.matMul(gradient, ownParameter(of).value.get())
      if (frozen) return byHidden
      ops.tidy(() => {
        update(ops, of, ops.matMul(gradient, weighted, true), adam)
      })
      const byBias =
        typeof weight === 'number'
          ? ops.mul(ops.sumOfColumns(gradient), weight)
          : ops.matMul(weight, gradient, true)
      update(ops, bias, byBias, adam)
      return byHidden
    }
    const { weight: of, bias, zeroWeight, zeroBias } = head.weights!
    const first = back(byLogit, of, bias)
    const second = byZeroLogit && back(byZeroLogit, zeroWeight!, zeroBias!)
    if (!hiddenGradient || !first) return
    own(hiddenGradient).set(ops.mul(second ? ops.add(first, second) : first, weight))
  }

  /** Rates of all genes, of those too that were not observed: shares are normalised over those that were. */
  #predicted(scale: 'softmax' | 'softplus', logits: Handle, observed: Handle | undefined): Handle {
    const ops = this.#ops
    if (!observed || scale === 'softplus') return this.#rates(scale, logits, undefined)
    return ops.tidy(() => {
      const shares = ops.softmax(logits)
      const seen = ops.sumOfRows(ops.mul(shares, observed))
      // a cell of which nothing is observed has none
      return ops.mul(ops.div(shares, ops.maximum(seen, 1e-30)), ops.sign(seen))
    })
  }

  means(args: CountMeansArgs): void {
    const { logits, zeroLogits } = this.#logits(args)
    const rates = this.#predicted(args.head.scale, logits, this.#observed(args))
    own(args.mean).set(this.#ops.mul(rates, this.#sizes(args)))
    if (!args.zeros || !zeroLogits) return
    // given logits stay where they are
    own(args.zeros).set(args.head.weights ? zeroLogits : this.#ops.add(zeroLogits, 0))
  }

  #keep({ logLikelihood, logits, zeroLogits }: CountHeadArgs, forward: Omit<Forward, 'kept'>): void {
    this.forget(logLikelihood)
    const given = [logits, zeroLogits].map((tensor) => tensor && own(tensor).get())
    const handles = [...Object.values(forward.means), ...Object.values(forward.dispersed ?? {})]
    const kept = handles.filter((handle): handle is Handle => handle !== undefined && !given.includes(handle))
    for (const handle of kept) this.#ops.keep(handle)
    this.#forwards.set(logLikelihood, { ...forward, kept })
  }

  /** Lets go of what a head's last forward pass left. */
  forget(logLikelihood: Tensor): void {
    for (const handle of this.#forwards.get(logLikelihood)?.kept ?? []) handle.dispose()
    this.#forwards.delete(logLikelihood)
  }

  dispose(): void {
    for (const logLikelihood of this.#forwards.keys()) this.forget(logLikelihood)
  }
}

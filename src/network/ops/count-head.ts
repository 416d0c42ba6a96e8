import type { CountHead as Head, HeadInput, Likelihood } from '../../device/device.js'
import { type ForwardPass, Op, type ReversePass } from '../op.js'
import { Value } from '../value.js'
import type { Weight } from '../weights.js'

/** Weights from hidden units to the logits of every gene (genes × hidden, 1 × genes). */
export interface OutputWeights {
  weight: Weight
  bias: Weight
  /** Zinb. */
  zeroWeight?: Weight
  zeroBias?: Weight
}

/** The likelihood of the counts, and from what it is computed. */
export interface HeadShape {
  likelihood: Likelihood
  scale: 'softmax' | 'softplus'
  nGenes: number
  /** Hidden units and the weights from them to logits, or the logits themselves. */
  from: { hidden: Value; weights: OutputWeights } | { logits: Value; zeroLogits?: Value }
  /** log θ: 1 × genes, or batches × genes; absent for poisson. */
  logDispersion?: Weight
  /** Cells × 1: log of the size; the cells' own when left out. */
  logSize?: Value
  /** Cells × 1: batches for a dispersion by batch, in place of the minibatch's. */
  codes?: Value
  /** Genes that some cells do not have: codes × genes, by a categorical covariate. */
  absent?: { covariate: number; present: Value }
}

export const valuesOf = ({ from, logSize, codes, absent }: HeadShape): Value[] =>
  [
    ...('hidden' in from ? [from.hidden] : [from.logits, from.zeroLogits]),
    logSize,
    codes,
    absent?.present,
  ].filter((value) => value !== undefined)

export const weightsOf = ({ from, logDispersion }: HeadShape): Weight[] => {
  const { weight, bias, zeroWeight, zeroBias } =
    'hidden' in from ? from.weights : ({} as Partial<OutputWeights>)
  return [weight, bias, zeroWeight, zeroBias, logDispersion].filter((one) => one !== undefined)
}

/** @throws Error for a likelihood without its parameters, which kernels take to be there */
function checkParts({ likelihood, from, logDispersion }: HeadShape): void {
  const zeros = 'hidden' in from ? from.weights.zeroWeight && from.weights.zeroBias : from.zeroLogits
  if (likelihood === 'zinb' && !zeros) throw new Error('A zinb head needs weights or logits of its zeros.')
  if (likelihood !== 'poisson' && !logDispersion)
    throw new Error(`A head of ${likelihood} needs dispersions.`)
}

function headOf(
  shape: HeadShape,
  pass: ForwardPass,
  of: (weight: Weight) => ReturnType<ForwardPass['weight']>,
): Head {
  const { likelihood, scale, from, logDispersion, absent } = shape
  const weights = 'hidden' in from ? from.weights : undefined
  return {
    likelihood,
    scale,
    ...(weights && {
      weights: {
        weight: of(weights.weight),
        bias: of(weights.bias),
        ...(weights.zeroWeight && weights.zeroBias
          ? { zeroWeight: of(weights.zeroWeight), zeroBias: of(weights.zeroBias) }
          : {}),
      },
    }),
    ...(logDispersion && { logDispersion: of(logDispersion) }),
    ...(absent && { absent: { covariate: absent.covariate, present: pass.tensor(absent.present) } }),
  }
}

function inputOf({ from }: HeadShape, { tensor }: ForwardPass): HeadInput {
  if ('hidden' in from) return { hidden: tensor(from.hidden) }
  return { logits: tensor(from.logits), ...(from.zeroLogits && { zeroLogits: tensor(from.zeroLogits) }) }
}

/** The log-likelihood of each cell's counts, summed over the genes (cells × 1). */
export class CountHead extends Op {
  override readonly updates = true
  readonly shape: HeadShape
  readonly logLikelihood: Value
  readonly outputs: readonly Value[]

  constructor(shape: HeadShape) {
    checkParts(shape)
    super(valuesOf(shape), weightsOf(shape))
    this.shape = shape
    this.logLikelihood = new Value(this, 'cells', 1, 'log-likelihood')
    this.outputs = [this.logLikelihood]
  }

  #args(pass: ForwardPass, of = pass.weight) {
    const { batch, precision, tensor } = pass
    const { logSize, codes } = this.shape
    return {
      batch,
      precision,
      head: headOf(this.shape, pass, of),
      ...inputOf(this.shape, pass),
      ...(logSize && { logSize: tensor(logSize) }),
      ...(codes && { codes: tensor(codes) }),
      logLikelihood: tensor(this.logLikelihood),
    }
  }

  forward(pass: ForwardPass): void {
    const { kernels } = pass
    const args = this.#args(pass)
    pass.call(() => kernels.countHead(args))
  }

  reverse(pass: ReversePass): void {
    const { kernels } = pass
    const adjoint = pass.adjoint(this.logLikelihood)
    if (!adjoint) return
    const shared = this.#args(pass, pass.gradientOf)
    const { logDispersion } = this.shape
    // a device may have worked out the dispersions' gradient on the way forward, for the mean over the cells, and in its usual place
    const apart = logDispersion && shared.head.logDispersion !== pass.weight(logDispersion)
    const usual = !apart && 'mean' in adjoint && adjoint.mean === -1
    const cellGradient = usual ? undefined : pass.adjointTensor(this.logLikelihood)
    const adam = pass.update(...this.weights)
    const args = {
      ...shared,
      ...(cellGradient && { cellGradient }),
      ...this.#sinks(pass),
      ...(pass.trains(...this.weights) ? {} : { frozen: true }),
      ...(adam && { adam }),
    }
    pass.call(() => kernels.countHeadGradient(args))
  }

  #sinks(pass: ReversePass) {
    const { from, logSize } = this.shape
    const to = (value: Value | undefined) => value && pass.sink(value, false)?.tensor
    const [hidden, logits, zeroLogits] =
      'hidden' in from ? [to(from.hidden)] : [undefined, to(from.logits), to(from.zeroLogits)]
    const size = to(logSize)
    return {
      ...(hidden && { hiddenGradient: hidden }),
      ...(logits && { logitsGradient: logits }),
      ...(zeroLogits && { zeroLogitsGradient: zeroLogits }),
      ...(size && { logSizeGradient: size }),
    }
  }
}

/** What expected counts of a head are made of. */
export const meansArgs = (shape: HeadShape, pass: ForwardPass) => ({
  batch: pass.batch,
  head: headOf(shape, pass, pass.weight),
  ...inputOf(shape, pass),
  ...(shape.logSize && { logSize: pass.tensor(shape.logSize) }),
})

/** Expected counts of a head and logits of its dropout: cells × genes. They have no gradient. */
export class CountMeans extends Op {
  readonly mean: Value
  /** Zinb. */
  readonly zeros: Value | undefined
  readonly outputs: readonly Value[]
  readonly #shape: HeadShape

  constructor(shape: HeadShape) {
    super(valuesOf(shape), weightsOf(shape))
    this.#shape = shape
    this.mean = new Value(this, 'cells', shape.nGenes, 'expected counts')
    this.zeros =
      shape.likelihood === 'zinb' ? new Value(this, 'cells', shape.nGenes, 'logits of dropout') : undefined
    this.outputs = this.zeros ? [this.mean, this.zeros] : [this.mean]
  }

  forward(pass: ForwardPass): void {
    const { kernels, tensor } = pass
    const args = {
      ...meansArgs(this.#shape, pass),
      mean: tensor(this.mean),
      ...(this.zeros && { zeros: tensor(this.zeros) }),
    }
    pass.call(() => kernels.countMeans(args))
  }

  reverse(pass: ReversePass): void {
    if (this.outputs.some((output) => pass.adjoint(output))) {
      throw new Error('Expected counts have no gradient: a term of the loss cannot be made of them.')
    }
  }
}

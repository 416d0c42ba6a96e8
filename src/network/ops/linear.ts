import type {
  CovariateUse,
  LinearArgs,
  LinearGradientArgs,
  SparseLinearGradientArgs,
} from '../../device/device.js'
import { type ForwardPass, Op, type ReversePass } from '../op.js'
import { Value } from '../value.js'
import type { Weight } from '../weights.js'
import { Counts } from './counts.js'

/** Which covariates a layer takes; codes and values are the minibatch's unless values of the network are given. */
export interface Covariates {
  categories: readonly number[]
  continuous: number
  codes?: Value
  values?: Value
}

export const NO_COVARIATES: Covariates = { categories: [], continuous: 0 }

/** Rows of weights that covariates take. */
export const covariateRows = ({ categories, continuous }: Covariates): number =>
  categories.reduce((sum, n) => sum + n, 0) + continuous

const given = (...values: readonly (Value | undefined)[]): Value[] =>
  values.filter((value) => value !== undefined)

/** input·W + b, and the rows of W that the covariates take. The counts are multiplied by their nonzeros alone. */
export class Linear extends Op {
  override readonly updates: boolean
  readonly output: Value
  readonly outputs: readonly Value[]
  readonly #input: Value
  readonly #weight: Weight
  readonly #bias: Weight | undefined
  readonly #covariates: Covariates

  constructor(
    input: Value,
    weight: Weight,
    bias: Weight | undefined,
    covariates: Covariates = NO_COVARIATES,
  ) {
    super(given(input, covariates.codes, covariates.values), bias ? [weight, bias] : [weight])
    const rows = input.columns === 'cells' ? Number.NaN : input.columns + covariateRows(covariates)
    if (weight.rows !== rows) {
      throw new RangeError(`${weight.name} has ${weight.rows} rows for ${rows} inputs and covariates.`)
    }
    if (input.rows !== 'cells' && covariateRows(covariates) > 0) {
      throw new RangeError(`${weight.name}: only rows that are cells have covariates.`)
    }
    this.updates = input.op instanceof Counts
    this.#input = input
    this.#weight = weight
    this.#bias = bias
    this.#covariates = covariates
    this.output = new Value(this, input.rows, weight.columns, weight.name)
    this.outputs = [this.output]
  }

  #use({ tensor }: ForwardPass): CovariateUse {
    const { categories, continuous, codes, values } = this.#covariates
    return {
      categories,
      continuous,
      ...(codes && { codes: tensor(codes) }),
      ...(values && { values: tensor(values) }),
    }
  }

  #rows(): { rows?: number } {
    const { rows } = this.#input
    return rows === 'cells' ? {} : { rows }
  }

  forward(pass: ForwardPass): void {
    const { batch, kernels, precision, tensor, weight } = pass
    const weights = {
      weight: weight(this.#weight),
      ...(this.#bias && { bias: weight(this.#bias) }),
      covariates: this.#use(pass),
    }
    const output = tensor(this.output)
    if (this.#input.op instanceof Counts) {
      const args = { batch, precision, ...weights, output }
      pass.call(() => kernels.sparseLinear(args))
    } else {
      const args: LinearArgs = { batch, input: tensor(this.#input), ...weights, output, ...this.#rows() }
      pass.call(() => kernels.linear(args))
    }
  }

  reverse(pass: ReversePass): void {
    const { batch, kernels, precision, tensor } = pass
    const outputGradient = pass.adjointTensor(this.output)
    if (!outputGradient) return
    if (this.#covariates.values && pass.sink(this.#covariates.values, false)) {
      throw new Error(`${this.#weight.name}: continuous covariates that depend on weights have no gradient.`)
    }
    const weights = {
      weight: pass.gradientOf(this.#weight),
      ...(this.#bias && { bias: pass.gradientOf(this.#bias) }),
      covariates: this.#use(pass),
    }
    const trains = pass.trains(...this.weights)
    if (this.#input.op instanceof Counts) {
      if (!trains) return
      const adam = pass.update(...this.weights)
      const args: SparseLinearGradientArgs = {
        batch,
        precision,
        ...weights,
        outputGradient,
        ...(adam && { adam }),
      }
      pass.call(() => kernels.sparseLinearGradient(args))
      return
    }
    const sink = pass.sink(this.#input, true)
    if (!sink && !trains) return
    const args: LinearGradientArgs = {
      batch,
      input: tensor(this.#input),
      ...weights,
      outputGradient,
      ...this.#rows(),
      ...(trains ? {} : { frozen: true }),
      ...(sink && { inputGradient: sink.tensor, accumulate: sink.accumulate }),
    }
    pass.call(() => kernels.linearGradient(args))
  }
}

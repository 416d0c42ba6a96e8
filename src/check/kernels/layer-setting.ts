import type { CovariateUse, Device, LinearWeights, Parameter, Tensor } from '../../device/device.js'
import type { Cells } from '../oracle/linear.js'
import { filled } from '../oracle/matrix.js'
import { makeParameters, type ParameterValues, Setting, type Shape } from './setting.js'

/** Nothing beside the input, the batch alone, or all there is. */
export function covariateUses(shape: Shape): CovariateUse[] {
  const skipped = shape.categories.map(() => 0)
  return [
    { categories: skipped, continuous: 0 },
    { categories: shape.categories.map((n, k) => (k === 0 ? n : 0)), continuous: shape.continuous },
    { categories: [...shape.categories], continuous: shape.continuous },
  ]
}

/** Covariates that are tensors in place of the minibatch's own. */
export type Given = 'none' | 'codes' | 'values' | 'both'

export interface LayerCase {
  shape: Shape
  use: CovariateUse
  bias: boolean
  given: Given
}

export function layerName({ use, bias, given }: LayerCase): string {
  const of = given === 'none' ? '' : `, ${given === 'both' ? 'codes and values' : given} given`
  return `${use.categories.join('+')} and ${use.continuous} covariates${of}${bias ? '' : ', no bias'}`
}

/** Seeded weights of a linear layer and its covariates. */
export class LayerSetting extends Setting {
  readonly parameters: readonly ParameterValues[]
  readonly #codes: Float32Array | undefined
  readonly #values: Float32Array | undefined

  constructor(
    readonly layer: LayerCase,
    inputs: number,
    seed: number,
  ) {
    super(layer.shape, seed)
    const { use, bias, given } = layer
    const { hidden: outputs, capacity } = layer.shape
    const rows = inputs + use.categories.reduce((sum, n) => sum + n, 0) + use.continuous
    const weight = this.parameter('weight', rows, outputs, 1 / Math.sqrt(rows))
    this.parameters = bias ? [weight, this.parameter('bias', 1, outputs)] : [weight]
    if (given === 'codes' || given === 'both') {
      const { categories } = use
      this.#codes = Float32Array.from({ length: capacity * categories.length }, (_, i) =>
        this.draws.below(Math.max(1, categories[i % categories.length]!)),
      )
    }
    if (given === 'values' || given === 'both') this.#values = this.rows(use.continuous)
  }

  /** The weights on a device, and the tensors that are to be given back beside them. */
  onDevice(device: Device): { weights: LinearWeights; parameters: Parameter[]; tensors: Tensor[] } {
    const parameters = makeParameters(device, this.parameters)
    const [weight, bias] = parameters as [Parameter, Parameter?]
    const { use } = this.layer
    const { capacity } = this.shape
    const codes = this.#codes && device.tensor(capacity, use.categories.length, this.#codes)
    const values = this.#values && device.tensor(capacity, use.continuous, this.#values)
    return {
      weights: {
        weight,
        ...(bias && { bias }),
        covariates: { ...use, ...(codes && { codes }), ...(values && { values }) },
      },
      parameters,
      tensors: [codes, values].filter((tensor) => tensor !== undefined),
    }
  }

  /** The chosen cells with the covariates that the layer is given. */
  override cells(): Cells {
    const cells = super.cells()
    const n = this.shape.cells
    const { categories, continuous } = this.layer.use
    const column = (of: Float32Array, columns: number, k: number) =>
      Array.from(filled(n, 1, (i) => of[i * columns + k]!).values)
    const [codes, values] = [this.#codes, this.#values]
    return {
      ...cells,
      ...(codes && { categorical: categories.map((_, k) => column(codes, categories.length, k)) }),
      ...(values && {
        continuous: Array.from({ length: continuous }, (_, k) => column(values, continuous, k)),
      }),
    }
  }
}

import type {
  AdamSettings,
  Device,
  LinearWeights,
  Minibatch,
  SampleLatentArgs,
  SampleLatentGradientArgs,
  Tensor,
} from '../device/device.js'
import { HiddenLayer, type HiddenLayerShape, type PassMode } from './hidden-layer.js'
import type { ParameterPlan, ParameterTable } from './parameters.js'

const NO_COVARIATES = { categories: [], continuous: 0 }

/** Rows of weights that a layer's covariates take. */
export const covariateRows = ({ covariates }: Pick<HiddenLayerShape, 'covariates'>): number =>
  covariates.categories.reduce((sum, n) => sum + n, 0) + covariates.continuous

/** Plans the parameters of a stack of hidden layers. */
export function planHiddenLayers(plan: ParameterPlan, layers: readonly HiddenLayerShape[]): void {
  for (const layer of layers) {
    plan.linear(layer.name, layer.inputs + covariateRows(layer), layer.hidden, layer.sparse)
    if (layer.batchNorm) plan.batchNorm(layer.name, layer.hidden)
  }
}

export interface EncoderShape {
  /** Prefix of the parameters' names. */
  name: string
  layers: readonly HiddenLayerShape[]
  /** Dimensions of what is drawn. */
  dimensions: number
  noisePurpose: number
}

export function planEncoder(plan: ParameterPlan, shape: EncoderShape): void {
  planHiddenLayers(plan, shape.layers)
  const hidden = shape.layers.at(-1)!.hidden
  plan.linear(`${shape.name}.mean`, hidden, shape.dimensions)
  plan.linear(`${shape.name}.var`, hidden, shape.dimensions)
}

/** From counts to a normal distribution, a draw from it and its KL divergence; and back. */
export class Encoder {
  /** Cells × dimensions: mean, log(variance − 1e-4), and the draw. */
  readonly mean: Tensor
  readonly rawVariance: Tensor
  readonly draw: Tensor
  /** Gradient of the loss by the draw, written by what lies above. */
  readonly drawGradient: Tensor
  /** Cells × 1. */
  readonly kl: Tensor
  readonly #device: Device
  readonly #layers: HiddenLayer[]
  readonly #meanLayer: LinearWeights
  readonly #varianceLayer: LinearWeights
  readonly #meanGradient: Tensor
  readonly #rawVarianceGradient: Tensor
  readonly #noisePurpose: number
  readonly #prior: Tensor | undefined

  /** @param prior batches × 2 (mean, variance), for one dimension; the standard normal when left out */
  constructor(
    device: Device,
    shape: EncoderShape,
    parameters: ParameterTable,
    capacity: number,
    prior?: Tensor,
  ) {
    this.#device = device
    this.#layers = shape.layers.map((layer) => new HiddenLayer(device, layer, parameters, capacity))
    const head = (name: string) => ({
      weight: parameters.get(`${shape.name}.${name}.weight`),
      bias: parameters.get(`${shape.name}.${name}.bias`),
      covariates: NO_COVARIATES,
    })
    this.#meanLayer = head('mean')
    this.#varianceLayer = head('var')
    this.#noisePurpose = shape.noisePurpose
    const latent = () => device.tensor(capacity, shape.dimensions)
    this.mean = latent()
    this.rawVariance = latent()
    this.draw = latent()
    this.drawGradient = latent()
    this.#meanGradient = latent()
    this.#rawVarianceGradient = latent()
    this.kl = device.tensor(capacity, 1)
    this.#prior = prior
  }

  /** @param noisy whether `draw` is a random draw, or the mean */
  forward(batch: Minibatch, mode: PassMode, noisy = true): void {
    const { kernels } = this.#device
    let input: Tensor | undefined
    for (const layer of this.#layers) {
      layer.forward(batch, input, mode)
      input = layer.output
    }
    this.#linear(batch, input!, this.#meanLayer, this.mean)
    this.#linear(batch, input!, this.#varianceLayer, this.rawVariance)
    kernels.sampleLatent(this.#latent(batch, mode, noisy))
  }

  #linear(
    batch: Minibatch,
    input: Tensor,
    { weight, bias, covariates }: LinearWeights,
    output: Tensor,
  ): void {
    this.#device.kernels.linear({ batch, input, weight, bias, covariates, output })
  }

  /** @param klWeight weight of the KL divergence in the loss */
  backward(batch: Minibatch, mode: PassMode, klWeight: number, adam?: AdamSettings): void {
    const latent = this.#latent(batch, mode, true) as SampleLatentGradientArgs
    latent.outputGradient = this.drawGradient
    latent.klWeight = klWeight
    latent.meanGradient = this.#meanGradient
    latent.rawVarianceGradient = this.#rawVarianceGradient
    this.#device.kernels.sampleLatentGradient(latent)
    const { output: input, outputGradient: inputGradient } = this.#layers.at(-1)!
    const linear = (
      { weight, bias, covariates }: LinearWeights,
      outputGradient: Tensor,
      accumulate: boolean,
    ) =>
      this.#device.kernels.linearGradient({
        batch,
        input,
        weight,
        bias,
        covariates,
        outputGradient,
        inputGradient,
        accumulate,
      })
    linear(this.#meanLayer, this.#meanGradient, false)
    linear(this.#varianceLayer, this.#rawVarianceGradient, true)
    for (let i = this.#layers.length - 1; i >= 0; i--) {
      const below = this.#layers[i - 1]
      this.#layers[i]!.backward(batch, below?.output, mode, below?.outputGradient, adam)
    }
  }

  #latent(batch: Minibatch, { seed, step }: PassMode, noisy: boolean): SampleLatentArgs {
    const { mean, rawVariance, draw: output, kl } = this
    const latent: SampleLatentArgs = { batch, mean, rawVariance, output, kl }
    if (this.#prior) latent.prior = this.#prior
    if (noisy) latent.noise = { seed, purpose: this.#noisePurpose, step }
    return latent
  }

  release(): void {
    for (const layer of this.#layers) layer.release()
    const { mean, rawVariance, draw, drawGradient, kl } = this
    this.#device.release(
      mean,
      rawVariance,
      draw,
      drawGradient,
      kl,
      this.#meanGradient,
      this.#rawVarianceGradient,
    )
  }
}

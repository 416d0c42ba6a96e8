import type {
  AdamSettings,
  CovariateUse,
  Device,
  LinearGradientArgs,
  LinearWeights,
  Minibatch,
  NoiseKey,
  Parameter,
  SparseLinearGradientArgs,
  Tensor,
} from '../device/device.js'
import type { ParameterTable } from './parameters.js'

/** What a hidden layer is made of. */
export interface HiddenLayerShape {
  /** Prefix of the parameters' names. */
  name: string
  /** Inputs without covariates; genes for the first layer of an encoder. */
  inputs: number
  /** Whether the input is the minibatch's counts (as log1p) rather than a dense tensor. */
  sparse: boolean
  hidden: number
  covariates: CovariateUse
  batchNorm: boolean
  layerNorm: boolean
  dropoutRate: number
  /** What the dropout's noise is keyed by. */
  noisePurpose: number
}

/** How a pass is run: with the minibatch's statistics and dropout, or with the running ones and none. */
export interface PassMode {
  training: boolean
  seed: number
  step: number
}

/**
 * One block of scVI's fully connected layers: linear (with covariates) → batch norm → layer norm → ReLU → dropout, forward
 * and backward. Holds the activations that the backward pass reads.
 */
export class HiddenLayer {
  readonly shape: HiddenLayerShape
  /** Cells × hidden: the layer's activation. */
  readonly output: Tensor
  /** Gradient of the loss by the activation, written by the layer above. */
  readonly outputGradient: Tensor
  readonly #device: Device
  readonly #weights: LinearWeights
  readonly #norm: { scale: Parameter; shift: Parameter; running: Tensor; saved: Tensor } | undefined
  /** Linear output, then after each norm. */
  readonly #stages: Tensor[]
  readonly #gradients: Tensor[]
  readonly #layerSaved: Tensor | undefined

  constructor(device: Device, shape: HiddenLayerShape, parameters: ParameterTable, capacity: number) {
    const { name, hidden, covariates, batchNorm, layerNorm } = shape
    this.shape = shape
    this.#device = device
    this.#weights = {
      weight: parameters.get(`${name}.weight`),
      bias: parameters.get(`${name}.bias`),
      covariates,
    }
    if (batchNorm) {
      this.#norm = {
        scale: parameters.get(`${name}.norm.scale`),
        shift: parameters.get(`${name}.norm.shift`),
        running: parameters.running(`${name}.norm.running`),
        saved: device.tensor(2, hidden),
      }
    }
    if (layerNorm) this.#layerSaved = device.tensor(capacity, 1)
    const activations = () => device.tensor(capacity, hidden)
    const stages = 1 + Number(batchNorm) + Number(layerNorm)
    this.#stages = Array.from({ length: stages }, activations)
    this.#gradients = Array.from({ length: stages }, activations)
    this.output = activations()
    this.outputGradient = activations()
  }

  /** @param input cells × inputs; left out for a sparse layer */
  forward(batch: Minibatch, input: Tensor | undefined, mode: PassMode): void {
    const { kernels } = this.#device
    // written out: spreads of a step's arguments cost an engine more than all else that the host does to call its kernels
    const { weight, bias, covariates } = this.#weights
    const linear = this.#stages[0]!
    if (input) kernels.linear({ batch, input, weight, bias, covariates, output: linear })
    else kernels.sparseLinear({ batch, weight, bias, covariates, output: linear })
    let stage = 0
    if (this.#norm) {
      const { scale, shift, running, saved } = this.#norm
      const output = this.#stages[++stage]!
      const { training } = mode
      kernels.batchNorm({ batch, input: linear, scale, shift, running, saved, output, training })
    }
    if (this.#layerSaved) {
      const input = this.#stages[stage]!
      kernels.layerNorm({ batch, input, output: this.#stages[++stage]!, saved: this.#layerSaved })
    }
    kernels.reluDropout({
      batch,
      input: this.#stages[stage]!,
      output: this.output,
      dropout: this.#dropout(mode),
      noise: this.#noise(mode),
    })
  }

  /**
   * @param inputGradient receives the gradient by the input, where a layer lies below
   * @param adam given for a sparse layer whose weights are to be updated at once
   */
  backward(
    batch: Minibatch,
    input: Tensor | undefined,
    mode: PassMode,
    inputGradient: Tensor | undefined,
    adam?: AdamSettings,
  ): void {
    const { kernels } = this.#device
    let stage = this.#stages.length - 1
    kernels.reluDropoutGradient({
      batch,
      input: this.#stages[stage]!,
      output: this.output,
      dropout: this.#dropout(mode),
      noise: this.#noise(mode),
      outputGradient: this.outputGradient,
      inputGradient: this.#gradients[stage]!,
    })
    if (this.#layerSaved) {
      const [output, outputGradient] = [this.#stages[stage]!, this.#gradients[stage]!]
      stage--
      const saved = this.#layerSaved
      kernels.layerNormGradient({
        batch,
        output,
        saved,
        outputGradient,
        inputGradient: this.#gradients[stage]!,
      })
    }
    if (this.#norm) {
      const { scale, shift, saved } = this.#norm
      const outputGradient = this.#gradients[stage]!
      stage--
      const [below, gradient] = [this.#stages[stage]!, this.#gradients[stage]!]
      kernels.batchNormGradient({
        batch,
        input: below,
        scale,
        shift,
        saved,
        outputGradient,
        inputGradient: gradient,
      })
    }
    const outputGradient = this.#gradients[0]!
    const { weight, bias, covariates } = this.#weights
    if (!input) {
      const layer: SparseLinearGradientArgs = { batch, weight, bias, covariates, outputGradient }
      if (adam) layer.adam = adam
      kernels.sparseLinearGradient(layer)
    } else {
      const layer: LinearGradientArgs = { batch, input, weight, bias, covariates, outputGradient }
      if (inputGradient) layer.inputGradient = inputGradient
      kernels.linearGradient(layer)
    }
  }

  #dropout({ training }: PassMode): number {
    return training ? this.shape.dropoutRate : 0
  }

  #noise({ seed, step }: PassMode): NoiseKey {
    return { seed, purpose: this.shape.noisePurpose, step }
  }

  release(): void {
    this.#device.release(this.output, this.outputGradient, ...this.#stages, ...this.#gradients)
    if (this.#norm) this.#device.release(this.#norm.saved)
    if (this.#layerSaved) this.#device.release(this.#layerSaved)
  }
}

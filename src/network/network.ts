import type {
  AdamSettings,
  CellSource,
  CountHead,
  Device,
  Minibatch,
  StepSettings,
  Tensor,
} from '../device/device.js'
import { ScvaeError } from '../errors.js'
import { NOISE } from '../numeric/philox.js'
import type { ModelConfig } from './config.js'
import { Encoder, type EncoderShape, planEncoder, planHiddenLayers } from './encoder.js'
import { HiddenLayer, type HiddenLayerShape, type PassMode } from './hidden-layer.js'
import { type NetworkState, ParameterPlan, ParameterTable } from './parameters.js'

/** What of the data set shapes a network. */
export interface NetworkShape {
  nGenes: number
  /** Number of categories of each categorical covariate, the batch first (1 without batches). */
  categories: readonly number[]
  nContinuous: number
  /** Batches × 2: mean and variance of the log library size, for a latent library. */
  libraryPrior?: Float32Array
}

/** Sums over cells since they were last taken, in nats. */
export interface LossSums {
  logLikelihood: number
  klLatent: number
  klLibrary: number
}

const SUMS = { logLikelihood: 0, klLatent: 1, klLibrary: 2 }

/** The hidden layers that a configuration and a data set ask for, with the names of their parameters. */
export function shapeLayers(config: ModelConfig, shape: NetworkShape) {
  const { nHidden, nLatent, nLayers, encodeCovariates, deeplyInjectCovariates } = config
  // a covariate of one category says nothing
  const categories = shape.categories.map((n) => (n > 1 ? n : 0))
  const none = shape.categories.map(() => 0)
  const norms = (side: 'encoder' | 'decoder') => ({
    batchNorm: config.batchNorm === side || config.batchNorm === 'both',
    layerNorm: config.layerNorm === side || config.layerNorm === 'both',
  })
  const stack = (
    name: string,
    side: 'encoder' | 'decoder',
    n: number,
    taken: boolean,
    noise: number,
  ): HiddenLayerShape[] =>
    Array.from({ length: n }, (_, i) => ({
      name: `${name}.fc${i}`,
      inputs: i ? nHidden : side === 'encoder' ? shape.nGenes : nLatent,
      sparse: side === 'encoder' && i === 0,
      hidden: nHidden,
      covariates: {
        categories: taken && (i === 0 || deeplyInjectCovariates) ? categories : none,
        continuous: taken && i === 0 ? shape.nContinuous : 0,
      },
      ...norms(side),
      dropoutRate: side === 'encoder' ? config.dropoutRate : 0,
      noisePurpose: noise + i,
    }))
  const dropout = NOISE.dropoutEncoder
  const encoder: EncoderShape = {
    name: 'z_encoder',
    layers: stack('z_encoder', 'encoder', nLayers, encodeCovariates, dropout),
    dimensions: nLatent,
    noisePurpose: NOISE.latent,
  }
  const library: EncoderShape = {
    name: 'l_encoder',
    // one past the last purpose of the latent's encoder, so that the two never share a mask
    layers: stack('l_encoder', 'encoder', 1, encodeCovariates, dropout + nLayers),
    dimensions: 1,
    noisePurpose: NOISE.library,
  }
  return { encoder, library, decoder: stack('decoder', 'decoder', nLayers, true, dropout) }
}

/**
 * The scVI network (Lopez et al. 2018): an encoder from log1p counts to q(z | x), a draw z, a decoder from z and covariates to
 * the mean and dispersion of every gene's counts. Forward and backward passes are fixed sequences of kernels.
 */
export class Network {
  readonly config: ModelConfig
  readonly shape: NetworkShape
  readonly parameters: ParameterTable
  readonly encoder: Encoder
  /** Cells × hidden: the decoder's last activation is its `output`. */
  readonly #decoder: HiddenLayer[]
  readonly #library: Encoder | undefined
  readonly #libraryPrior: Tensor | undefined
  readonly #head: CountHead
  readonly #device: Device
  readonly #capacity: number
  readonly #logLikelihood: Tensor
  readonly #sums: Tensor

  /** @param capacity most cells of a minibatch */
  constructor(device: Device, config: ModelConfig, shape: NetworkShape, capacity: number, seed: number) {
    this.config = config
    this.shape = shape
    this.#device = device
    this.#capacity = capacity
    if (config.decoder !== 'deep' || config.latentDistribution !== 'normal') {
      throw new ScvaeError(
        'usage',
        'scvae converts models with a linear decoder or a logistic-normal latent, but does not compute with them.',
      )
    }
    const { encoder, library, decoder } = shapeLayers(config, shape)
    const latentLibrary = config.library === 'latent'
    const { likelihood } = config

    const plan = new ParameterPlan(seed)
    planEncoder(plan, encoder)
    if (latentLibrary) planEncoder(plan, library)
    planHiddenLayers(plan, decoder)
    plan.outputLinear('px_scale', shape.nGenes, config.nHidden)
    if (likelihood === 'zinb') plan.outputLinear('px_dropout', shape.nGenes, config.nHidden)
    if (likelihood !== 'poisson') {
      plan.normal('px_r', config.dispersion === 'gene-batch' ? shape.categories[0]! : 1, shape.nGenes)
    }

    const parameters = new ParameterTable(device, plan)
    this.parameters = parameters
    this.encoder = new Encoder(device, encoder, parameters, capacity)
    if (latentLibrary) {
      if (!shape.libraryPrior)
        throw new RangeError('A latent library needs the prior of each batch (libraryPrior).')
      this.#libraryPrior = device.tensor(shape.categories[0]!, 2, shape.libraryPrior)
      this.#library = new Encoder(device, library, parameters, capacity, this.#libraryPrior)
    }
    this.#decoder = decoder.map((layer) => new HiddenLayer(device, layer, parameters, capacity))
    const pair = (name: string) => [parameters.get(`${name}.weight`), parameters.get(`${name}.bias`)] as const
    const [weight, bias] = pair('px_scale')
    const [zeroWeight, zeroBias] = likelihood === 'zinb' ? pair('px_dropout') : []
    this.#head = {
      likelihood,
      scale: config.library === 'size-factor' ? 'softplus' : 'softmax',
      weight,
      bias,
      ...(zeroWeight && zeroBias ? { zeroWeight, zeroBias } : {}),
      ...(likelihood === 'poisson' ? {} : { logDispersion: parameters.get('px_r') }),
    }
    this.#logLikelihood = device.tensor(capacity, 1)
    this.#sums = device.tensor(1, 3)
  }

  /** A minibatch of the network's size over some cells. */
  minibatch(source: CellSource): Promise<Minibatch> {
    return this.#device.minibatch(source, this.#capacity)
  }

  gather(batch: Minibatch, cells: Int32Array): void {
    this.#device.gather(batch, cells)
  }

  /** Has the device measure how this network is best computed, where it has a choice. */
  async tune(): Promise<void> {
    const cells = this.#capacity
    await this.#device.tune?.({ cells, genes: this.shape.nGenes, hidden: this.config.nHidden })
  }

  /** Waits until the device has done what is queued. */
  async settle(): Promise<void> {
    await this.#device.settle?.()
  }

  releaseMinibatch(batch: Minibatch): void {
    this.#device.release(batch)
  }

  get capacity(): number {
    return this.#capacity
  }

  /** One step of training: forward, backward, Adam. The loss is the mean over cells of −log p + weight·KL(z) + KL(library). */
  trainStep(
    batch: Minibatch,
    { seed, step }: { seed: number; step: number },
    klWeight: number,
    adam: AdamSettings,
  ): void {
    const settings = { seed, step, klWeight, adam }
    const device = this.#device
    if (device.repeat) device.repeat(this, batch, settings, (now) => this.#step(batch, now))
    else this.#step(batch, settings)
  }

  #step(batch: Minibatch, { seed, step, klWeight, adam }: StepSettings): void {
    const mode = { training: true, seed, step }
    this.forward(batch, mode)
    this.backward(batch, mode, klWeight, adam)
    this.parameters.adam(adam)
  }

  /** Adds a minibatch's loss terms to the sums, with the running statistics and without dropout. */
  evaluate(batch: Minibatch, noise: { seed: number; step: number }): void {
    this.forward(batch, { training: false, ...noise })
  }

  /** Encoder, draw, decoder, likelihood; the loss terms are added to the sums. */
  forward(batch: Minibatch, mode: PassMode): void {
    const { kernels } = this.#device
    this.encoder.forward(batch, mode)
    this.#library?.forward(batch, mode)
    this.#decode(batch, mode)
    kernels.countHead(this.#headArguments(batch))
    kernels.addSum(batch, this.#logLikelihood, this.#sums, SUMS.logLikelihood)
    kernels.addSum(batch, this.encoder.kl, this.#sums, SUMS.klLatent)
    if (this.#library) kernels.addSum(batch, this.#library.kl, this.#sums, SUMS.klLibrary)
  }

  /** Gradients of the loss of the last forward pass; with `adam`, the big layers are updated on the way. */
  backward(batch: Minibatch, mode: PassMode, klWeight: number, adam?: AdamSettings): void {
    const update = adam ? { adam } : {}
    const top = this.#decoder.at(-1)!
    this.#device.kernels.countHeadGradient({
      ...this.#headArguments(batch),
      hiddenGradient: top.outputGradient,
      ...(this.#library ? { logSizeGradient: this.#library.drawGradient } : {}),
      ...update,
    })
    for (let i = this.#decoder.length - 1; i >= 0; i--) {
      const below = this.#decoder[i - 1] ?? {
        output: this.encoder.draw,
        outputGradient: this.encoder.drawGradient,
      }
      this.#decoder[i]!.backward(batch, below.output, mode, below.outputGradient)
    }
    this.encoder.backward(batch, mode, klWeight, adam)
    // the library's KL divergence is never warmed up
    this.#library?.backward(batch, mode, 1, adam)
  }

  #decode(batch: Minibatch, mode: PassMode): void {
    let input = this.encoder.draw
    for (const layer of this.#decoder) {
      layer.forward(batch, input, mode)
      input = layer.output
    }
  }

  #headArguments(batch: Minibatch) {
    return {
      batch,
      head: this.#head,
      hidden: this.#decoder.at(-1)!.output,
      ...(this.#library ? { logSize: this.#library.draw } : {}),
      logLikelihood: this.#logLikelihood,
    }
  }

  /** The sums since they were last taken; sets them to zero. */
  async takeSums(): Promise<LossSums> {
    const sums = await this.#device.read(this.#sums)
    this.#device.write(this.#sums, new Float32Array(3))
    return {
      logLikelihood: sums[SUMS.logLikelihood]!,
      klLatent: sums[SUMS.klLatent]!,
      klLibrary: sums[SUMS.klLibrary]!,
    }
  }

  /** Posterior mean and variance of the latent, cells × latent each, of the minibatch's cells. */
  async encode(batch: Minibatch): Promise<{ mean: Float32Array; variance: Float32Array }> {
    this.encoder.forward(batch, { training: false, seed: 0, step: 0 }, false)
    const n = batch.nCells * this.config.nLatent
    const mean = (await this.#device.read(this.encoder.mean)).slice(0, n)
    const variance = (await this.#device.read(this.encoder.rawVariance)).slice(0, n)
    for (let i = 0; i < n; i++) variance[i] = Math.exp(variance[i]!) + 1e-4
    return { mean, variance }
  }

  /**
   * Expected counts, cells × genes, at given latents (cells × latent) and the minibatch's sizes and covariates; for zinb also
   * the logits of dropout. The library is the posterior mean where it is latent.
   */
  async decodeMeans(
    batch: Minibatch,
    latent: Float32Array,
    out: { mean: Tensor; zeroLogits?: Tensor },
  ): Promise<{ mean: Float32Array; zeroLogits?: Float32Array; logLikelihood: Float32Array }> {
    const { kernels } = this.#device
    const mode = { training: false, seed: 0, step: 0 }
    const all = new Float32Array(this.#capacity * this.config.nLatent)
    all.set(latent)
    this.#device.write(this.encoder.draw, all)
    this.#library?.forward(batch, mode, false)
    this.#decode(batch, mode)
    const { logLikelihood: _, ...head } = this.#headArguments(batch)
    kernels.countHead(this.#headArguments(batch))
    kernels.countMeans({ ...head, ...out })
    const cut = async (tensor: Tensor) =>
      (await this.#device.read(tensor)).slice(0, batch.nCells * tensor.columns)
    return {
      mean: await cut(out.mean),
      ...(out.zeroLogits ? { zeroLogits: await cut(out.zeroLogits) } : {}),
      logLikelihood: await cut(this.#logLikelihood),
    }
  }

  /** A cells × genes tensor of the minibatch's size, for {@link Network.decodeMeans}. */
  meansTensor(): Tensor {
    return this.#device.tensor(this.#capacity, this.shape.nGenes)
  }

  releaseTensors(...tensors: Tensor[]): void {
    this.#device.release(...tensors)
  }

  /** Inverse dispersion θ of a gene in a batch; Infinity for a Poisson. */
  async dispersions(): Promise<(gene: number, batch: number) => number> {
    const { logDispersion } = this.#head
    if (!logDispersion) return () => Number.POSITIVE_INFINITY
    const { rows, columns } = logDispersion.value
    const theta = Float64Array.from(await this.#device.read(logDispersion.value), Math.exp)
    return (gene, batch) => theta[(rows > 1 ? batch : 0) * columns + gene]!
  }

  state(moments = false): Promise<NetworkState> {
    return this.parameters.read(moments)
  }

  setState(state: NetworkState, moments = false): void {
    this.parameters.write(state, moments)
  }

  release(): void {
    this.encoder.release()
    this.#library?.release()
    if (this.#libraryPrior) this.#device.release(this.#libraryPrior)
    for (const layer of this.#decoder) layer.release()
    this.#device.release(this.#logLikelihood, this.#sums)
    this.parameters.release()
  }
}

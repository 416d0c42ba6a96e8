import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-backend-cpu'
// the package's bundle for Node leaves the operations' gradients out
import '@tensorflow/tfjs-core/dist/register_all_gradients.js'
import type { Cells } from '../../src/check/oracle/linear.js'
import type { Matrix } from '../../src/check/oracle/matrix.js'
import { digamma, logGamma } from '../../src/check/oracle/special.js'
import type { ModelConfig } from '../../src/network/config.js'
import { divergenceAtDraw, divergenceByDimension, logMixture, type Normals } from './autodiff-prior.js'

/** Parameters, or gradients, by name: row-major, with their shapes. */
export type NamedMatrices = Record<string, Matrix>

/** What the loss depends on besides parameters. */
export interface LossInput {
  config: ModelConfig
  cells: Cells
  /** Numbers of categories of the categorical covariates, the batch first. */
  categories: readonly number[]
  /** Batches × 2: mean and variance of the log library size, for a latent library. */
  libraryPrior?: Matrix
  /** Standard normal draws, cells × dimensions. */
  noise: { latent: Matrix; library?: Matrix }
  /** Dropout's multipliers by layer ("z_encoder.fc0"), cells × hidden; a layer that is left out keeps everything. */
  masks: NamedMatrices
  klWeight: number
}

export interface LossResult {
  loss: number
  /** Mean over the cells. */
  reconstruction: number
  klLatent: number
  klLibrary: number
  gradients: NamedMatrices
}

const EPSILON = 1e-8
const NORM_EPSILON = 1e-3

// a test's small network: the hint at a faster backend is noise
tf.env().set('IS_TEST', true)

const tensor = (m: Matrix): tf.Tensor2D => tf.tensor2d(Float32Array.from(m.values), [m.rows, m.columns])

/** ln Γ(x + θ) − ln Γ(θ) − ln Γ(x + 1) with its derivative by θ, which tfjs has no operations for. */
function logGammaTerm(x: tf.Tensor, theta: tf.Tensor): tf.Tensor {
  // plain numbers: tensors of the forward pass are gone when gradients are taken
  const [counts, thetas] = [Array.from(x.dataSync()), Array.from(theta.dataSync())]
  const each = (value: (x: number, theta: number) => number) =>
    tf.tensor(
      counts.map((count, i) => value(count, thetas[i]!)),
      x.shape,
      'float32',
    )
  const operation = tf.customGrad(() => ({
    value: each((count, t) => logGamma(count + t) - logGamma(t) - logGamma(count + 1)),
    gradFunc: (dy: tf.Tensor) =>
      tf.mul(
        dy,
        each((count, t) => digamma(count + t) - digamma(t)),
      ),
  }))
  return operation(theta)
}

/** Each row to mean 0 and variance 1. */
function layerNorm(h: tf.Tensor2D): tf.Tensor2D {
  const { mean, variance } = tf.moments(h, 1, true)
  return tf.div(tf.sub(h, mean), tf.sqrt(tf.add(variance, 1e-5)))
}

/** One evaluation of the loss: the parameters as tensors, and what every layer needs. */
class Forward {
  /** Mean and variance of each batch norm of the encoder, as they are after the step has gone by. */
  readonly running = new Map<string, { mean: tf.Tensor; variance: tf.Tensor }>()

  constructor(
    readonly input: LossInput,
    readonly parameters: ReadonlyMap<string, tf.Tensor2D>,
  ) {}

  get(name: string): tf.Tensor2D {
    const found = this.parameters.get(name)
    if (found === undefined) throw new Error(`no parameter ${name}`)
    return found
  }

  /** The covariates that a layer takes, as dense columns. Those of one category are left out. */
  covariates(categorical: boolean, continuous: boolean): tf.Tensor2D[] {
    const { cells, categories } = this.input
    const columns: tf.Tensor2D[] = []
    if (categorical) {
      for (const [k, n] of categories.entries()) {
        if (n > 1)
          columns.push(
            tf.cast(tf.oneHot(tf.tensor1d([...cells.categorical[k]!], 'int32'), n), 'float32') as tf.Tensor2D,
          )
      }
    }
    if (continuous)
      for (const values of cells.continuous) columns.push(tf.tensor2d([...values], [values.length, 1]))
    return columns
  }

  linear(name: string, input: tf.Tensor2D): tf.Tensor2D {
    return tf.add(tf.matMul(input, this.get(`${name}.weight`)), this.get(`${name}.bias`))
  }

  /** Linear → batch norm → layer norm → ReLU → dropout, `layers` times. */
  stack(
    name: string,
    side: 'encoder' | 'decoder',
    layers: number,
    covariates: boolean,
    from: tf.Tensor2D,
  ): tf.Tensor2D {
    const { config, masks } = this.input
    const placed = (placement: string) => placement === side || placement === 'both'
    let h = from
    for (let i = 0; i < layers; i++) {
      const layer = `${name}.fc${i}`
      const beside = this.covariates(
        covariates && (i === 0 || config.deeplyInjectCovariates),
        covariates && i === 0,
      )
      h = this.linear(layer, tf.concat([h, ...beside], 1))
      if (placed(config.batchNorm)) h = this.batchNorm(layer, h)
      if (placed(config.layerNorm)) h = layerNorm(h)
      h = tf.relu(h)
      const mask = masks[layer]
      if (mask !== undefined) h = tf.mul(h, tensor(mask))
    }
    return h
  }

  normed(name: string, h: tf.Tensor2D, mean: tf.Tensor, variance: tf.Tensor): tf.Tensor2D {
    const normal = tf.div(tf.sub(h, mean), tf.sqrt(tf.add(variance, NORM_EPSILON)))
    return tf.add(tf.mul(normal, this.get(`${name}.norm.scale`)), this.get(`${name}.norm.shift`))
  }

  /** By the statistics of the cells; those that are kept start at 0 and 1. */
  batchNorm(name: string, h: tf.Tensor2D): tf.Tensor2D {
    const { mean, variance } = tf.moments(h, 0)
    const n = h.shape[0]
    // plain numbers: they have no gradient
    const kept = (of: tf.Tensor, start: number, factor: number) =>
      tf.tensor1d(Array.from(of.dataSync(), (x) => 0.99 * start + 0.01 * factor * x))
    this.running.set(name, { mean: kept(mean, 0, 1), variance: kept(variance, 1, n / (n - 1)) })
    return this.normed(name, h, mean, variance)
  }

  /** The encoder over rows that are no cells: by its kept statistics, without covariates and dropout. */
  encodeRows(rows: tf.Tensor2D): Normals {
    const { config } = this.input
    let h = rows
    for (let i = 0; i < config.nLayers; i++) {
      const layer = `z_encoder.fc${i}`
      h = this.linear(layer, h)
      const kept = this.running.get(layer)
      if (kept) h = this.normed(layer, h, kept.mean, kept.variance)
      if (['encoder', 'both'].includes(config.layerNorm)) h = layerNorm(h)
      h = tf.relu(h)
    }
    return this.normals('z_encoder', h)
  }

  normals(name: string, h: tf.Tensor2D): Normals {
    const mean = this.linear(`${name}.mean`, h)
    return { mean, variance: tf.add(tf.exp(this.linear(`${name}.var`, h)), 1e-4) }
  }

  /** An encoder's normal distributions, and draws from them. */
  draw(name: string, layers: number, noise: Matrix): Normals & { value: tf.Tensor2D } {
    const { config, cells } = this.input
    const logCounts = tf.log1p(tensor(cells.counts))
    const h = this.stack(name, 'encoder', layers, config.encodeCovariates, logCounts)
    const of = this.normals(name, h)
    return { ...of, value: tf.add(of.mean, tf.mul(tf.sqrt(of.variance), tensor(noise))) }
  }

  /** The latent's KL divergence, summed over the cells, and what of it the loss takes. */
  latentDivergence(latent: Normals & { value: tf.Tensor2D }): { sum: tf.Tensor; held: tf.Tensor } {
    const { config, cells } = this.input
    const n = cells.counts.rows
    if (config.prior !== 'normal') {
      const components: Normals =
        config.prior === 'vamp'
          ? this.encodeRows(this.get('prior.pseudo_inputs'))
          : { mean: this.get('prior.means'), variance: tf.exp(this.get('prior.log_variances')) }
      const logPrior = logMixture(latent.value, components, this.get('prior.logits'))
      const sum = tf.sum(divergenceAtDraw(latent, logPrior))
      return { sum, held: tf.div(sum, n) }
    }
    const each = divergenceByDimension(latent, { mean: tf.scalar(0), variance: tf.scalar(1) })
    const sum = tf.sum(each)
    const held = config.freeBits > 0 ? tf.sum(tf.maximum(tf.mean(each, 0), config.freeBits)) : tf.div(sum, n)
    return { sum, held }
  }

  /** Logits of the genes, from what the decoder reads of the latent. */
  decode(code: tf.Tensor2D): (name: string) => tf.Tensor2D {
    const { config } = this.input
    if (config.decoder === 'deep') {
      const hidden = this.stack('decoder', 'decoder', config.nLayers, true, code)
      return (name) =>
        tf.add(tf.matMul(hidden, this.get(`${name}.weight`), false, true), this.get(`${name}.bias`))
    }
    const beside = tf.concat([code, ...this.covariates(true, true)], 1)
    return (name) => {
      const product = tf.matMul(beside, this.get(`${name}.weight`)) as tf.Tensor2D
      const logits: tf.Tensor2D = config.decoderBias ? tf.add(product, this.get(`${name}.bias`)) : product
      return ['decoder', 'both'].includes(config.batchNorm) ? this.batchNorm(name, logits) : logits
    }
  }

  /** Log-likelihood of every count, cells × genes. */
  logLikelihood(code: tf.Tensor2D, logSize: tf.Tensor2D): tf.Tensor {
    const { config, cells } = this.input
    const affine = this.decode(code)
    const logits = affine('px_scale')
    const scale = config.library === 'size-factor' ? tf.softplus(logits) : tf.softmax(logits)
    const mean = tf.mul(tf.exp(logSize), scale)
    const x = tensor(cells.counts)
    if (config.likelihood === 'poisson') {
      const constants = tf.tensor2d(
        Float32Array.from(cells.counts.values, (count) => logGamma(count + 1)),
        logits.shape,
      )
      return tf.sub(tf.sub(tf.mul(x, tf.log(tf.maximum(mean, EPSILON))), mean), constants)
    }
    const dispersions = tf.exp(this.get('px_r'))
    const rows =
      config.dispersion === 'gene' ? cells.categorical[0]!.map(() => 0) : [...cells.categorical[0]!]
    const theta = tf.gather(dispersions, tf.tensor1d(rows, 'int32'))
    const logTotal = tf.log(tf.add(tf.add(theta, mean), EPSILON))
    const atZero = tf.mul(theta, tf.sub(tf.log(tf.add(theta, EPSILON)), logTotal))
    const counted = tf.mul(x, tf.sub(tf.log(tf.add(mean, EPSILON)), logTotal))
    const nb = tf.add(tf.add(atZero, counted), logGammaTerm(x, theta))
    if (config.likelihood === 'nb') return nb
    const minusLogit = tf.neg(affine('px_dropout'))
    const zero = tf.sub(tf.softplus(tf.add(minusLogit, atZero)), tf.softplus(minusLogit))
    const positive = tf.add(tf.sub(minusLogit, tf.softplus(minusLogit)), nb)
    return tf.where(tf.less(x, EPSILON), zero, positive)
  }

  /** Mean over the cells of −log p(x | z) + klWeight·KL(z) (with free bits, what of it counts) + KL(library), and its parts. */
  loss() {
    const { config, cells, libraryPrior, noise, klWeight } = this.input
    const n = cells.counts.rows
    const latent = this.draw('z_encoder', config.nLayers, noise.latent)
    let logSize: tf.Tensor2D = tf.log(tf.tensor2d([...cells.size], [n, 1]))
    let klLibrary: tf.Tensor = tf.scalar(0)
    if (config.library === 'latent') {
      const priors = tf.gather(tensor(libraryPrior!), tf.tensor1d([...cells.categorical[0]!], 'int32'))
      const [mean, variance] = tf.split(priors, 2, 1) as [tf.Tensor, tf.Tensor]
      const library = this.draw('l_encoder', 1, noise.library!)
      logSize = library.value
      klLibrary = tf.div(tf.sum(divergenceByDimension(library, { mean, variance })), n)
    }
    const { sum, held } = this.latentDivergence(latent)
    const code = config.latentDistribution === 'ln' ? tf.softmax(latent.value) : latent.value
    const reconstruction = tf.neg(tf.div(tf.sum(this.logLikelihood(code, logSize)), n))
    const total = tf.add(tf.add(reconstruction, tf.mul(klWeight, held)), klLibrary)
    return { total: total as tf.Scalar, reconstruction, klLatent: tf.div(sum, n), klLibrary }
  }
}

/**
 * The training loss of an scVI model and its gradients by automatic differentiation (float32), written from the model's
 * definition and sharing nothing with the kernels. Batch norm takes the statistics of the cells given.
 *
 * Linear weights are (inputs + category rows + continuous rows) × outputs; those of px_scale and px_dropout genes × hidden with a
 * deep decoder; px_r is (1 or batches) × genes.
 */
export function autodiffLoss(parameters: NamedMatrices, input: LossInput): LossResult {
  const names = Object.keys(parameters)
  let result: LossResult | undefined
  tf.tidy(() => {
    const parts = { reconstruction: 0, klLatent: 0, klLibrary: 0 }
    const differentiate = tf.valueAndGrads((...tensors: tf.Tensor[]) => {
      const named = new Map(names.map((name, i) => [name, tensors[i] as tf.Tensor2D]))
      const { total, reconstruction, klLatent, klLibrary } = new Forward(input, named).loss()
      parts.reconstruction = reconstruction.dataSync()[0]!
      parts.klLatent = klLatent.dataSync()[0]!
      parts.klLibrary = klLibrary.dataSync()[0]!
      return total
    })
    const { value, grads } = differentiate(names.map((name) => tensor(parameters[name]!)))
    const gradients: NamedMatrices = {}
    for (const [i, name] of names.entries()) {
      const { rows, columns } = parameters[name]!
      gradients[name] = { rows, columns, values: Float64Array.from(grads[i]!.dataSync()) }
    }
    result = { loss: value.dataSync()[0]!, ...parts, gradients }
  })
  return result!
}

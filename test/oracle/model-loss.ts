import { countHead } from '../../src/check/oracle/count-head.js'
import { sampleLatent } from '../../src/check/oracle/latent.js'
import { linear, log1pCounts } from '../../src/check/oracle/linear.js'
import { at, filled, type Matrix, matrix } from '../../src/check/oracle/matrix.js'
import { batchNorm, layerNorm } from '../../src/check/oracle/norm.js'
import type { LossInput, NamedMatrices } from './autodiff.js'
import { latentLoss, type Normals } from './model-prior.js'

const NOTHING = { categories: [], continuous: 0 }

function mean(m: Matrix): number {
  return m.values.reduce((sum, x) => sum + x, 0) / m.rows
}

function softmaxOfRows(m: Matrix): Matrix {
  const exps = filled(m.rows, m.columns, (i, j) => Math.exp(at(m, i, j)))
  const sums = Array.from({ length: m.rows }, (_, i) =>
    exps.values.subarray(i * m.columns, (i + 1) * m.columns).reduce((sum, x) => sum + x, 0),
  )
  return filled(m.rows, m.columns, (i, j) => at(exps, i, j) / sums[i]!)
}

/** What a model computes of its cells, in float64; cells × latent, and cells × 1. */
export interface ModelValues {
  latent: Matrix
  latentMean: Matrix
  latentVariance: Matrix
  library: Matrix | undefined
  logLikelihood: Matrix
  /** KL divergence from the standard normal. */
  kl: Matrix
  /** The training loss. */
  loss: number
}

/** The training loss of a model in float64. */
export const modelLoss = (parameters: NamedMatrices, input: LossInput): number =>
  modelValues(parameters, input).loss

/** A model in float64, put together from the oracles of the kernels. */
export function modelValues(parameters: NamedMatrices, input: LossInput): ModelValues {
  const { config, cells, categories, masks, noise } = input
  const get = (name: string): Matrix => parameters[name]!

  const has = (placement: string, side: string) => [side, 'both'].includes(placement)
  const normed = (name: string, h: Matrix) =>
    batchNorm(h, get(`${name}.norm.scale`), get(`${name}.norm.shift`), matrix(2, h.columns)).output

  function stack(
    name: string,
    side: 'encoder' | 'decoder',
    layers: number,
    covariates: boolean,
    from: Matrix,
  ): Matrix {
    let h = from
    for (let i = 0; i < layers; i++) {
      const layer = `${name}.fc${i}`
      const use = {
        categories:
          covariates && (i === 0 || config.deeplyInjectCovariates)
            ? categories.map((n) => (n > 1 ? n : 0))
            : [],
        continuous: covariates && i === 0 ? cells.continuous.length : 0,
      }
      h = linear(h, cells, use, get(`${layer}.weight`), get(`${layer}.bias`))
      if (has(config.batchNorm, side)) h = normed(layer, h)
      if (has(config.layerNorm, side)) h = layerNorm(h).output
      const mask = masks[layer]
      h = filled(
        h.rows,
        h.columns,
        (r, c) => Math.max(0, at(h, r, c)) * (mask === undefined ? 1 : at(mask, r, c)),
      )
    }
    return h
  }

  function draw(
    name: string,
    layers: number,
    normals: Matrix,
    prior?: { table: Matrix; codes: readonly number[] },
  ) {
    const h = stack(name, 'encoder', layers, config.encodeCovariates, log1pCounts(cells))
    const of = { ...encoded(name, h), normals, ...(prior ? { prior } : {}) }
    return { ...sampleLatent(of), normals: normalsOf(of) }
  }

  function encoded(name: string, h: Matrix): { mean: Matrix; rawVariance: Matrix } {
    const head = (part: string) =>
      linear(h, cells, NOTHING, get(`${name}.${part}.weight`), get(`${name}.${part}.bias`))
    return { mean: head('mean'), rawVariance: head('var') }
  }

  function normalsOf({ mean: m, rawVariance }: { mean: Matrix; rawVariance: Matrix }): Normals {
    const variance = filled(m.rows, m.columns, (i, j) => Math.exp(at(rawVariance, i, j)) + 1e-4)
    return { mean: m, variance }
  }

  /** The components of a prior; the encoder has no batch norm where it makes them. */
  function components(): Normals {
    if (config.prior === 'mixture') {
      const logs = get('prior.log_variances')
      return {
        mean: get('prior.means'),
        variance: filled(logs.rows, logs.columns, (k, d) => Math.exp(at(logs, k, d))),
      }
    }
    let h = get('prior.pseudo_inputs')
    for (let i = 0; i < config.nLayers; i++) {
      const layer = `z_encoder.fc${i}`
      h = linear(h, cells, NOTHING, get(`${layer}.weight`), get(`${layer}.bias`))
      if (has(config.layerNorm, 'encoder')) h = layerNorm(h).output
      h = filled(h.rows, h.columns, (r, c) => Math.max(0, at(h, r, c)))
    }
    return normalsOf(encoded('z_encoder', h))
  }

  /** Logits of a linear decoder, cells × genes. */
  function linearLogits(name: string, code: Matrix): Matrix {
    const use = { categories: categories.map((n) => (n > 1 ? n : 0)), continuous: cells.continuous.length }
    const bias = config.decoderBias ? get(`${name}.bias`) : undefined
    const logits = linear(code, cells, use, get(`${name}.weight`), bias)
    return has(config.batchNorm, 'decoder') ? normed(name, logits) : logits
  }

  /** What the output layer is computed from. */
  function decoded(code: Matrix) {
    const zinb = config.likelihood === 'zinb'
    if (config.decoder === 'linear') {
      return {
        logits: linearLogits('px_scale', code),
        ...(zinb && { zeroLogits: linearLogits('px_dropout', code) }),
      }
    }
    return {
      hidden: stack('decoder', 'decoder', config.nLayers, true, code),
      weight: get('px_scale.weight'),
      bias: get('px_scale.bias'),
      ...(zinb && { zeroWeight: get('px_dropout.weight'), zeroBias: get('px_dropout.bias') }),
    }
  }

  const latent = draw('z_encoder', config.nLayers, noise.latent)
  const prior = { table: input.libraryPrior!, codes: cells.categorical[0]! }
  const library = config.library === 'latent' ? draw('l_encoder', 1, noise.library!, prior) : undefined
  const code = config.latentDistribution === 'ln' ? softmaxOfRows(latent.output) : latent.output
  const { logLikelihood } = countHead({
    likelihood: config.likelihood,
    scale: config.library === 'size-factor' ? 'softplus' : 'softmax',
    cells,
    ...decoded(code),
    ...(config.likelihood === 'poisson' ? {} : { logDispersion: get('px_r') }),
    ...(library ? { logSize: library.output } : {}),
  })
  const mixture =
    config.prior === 'normal' ? undefined : { components: components(), logits: get('prior.logits') }
  const klLatent = latentLoss(config, latent.normals, latent.output, mixture)
  return {
    latent: code,
    latentMean: latent.normals.mean,
    latentVariance: latent.normals.variance,
    library: library?.output,
    logLikelihood,
    kl: latent.kl,
    loss: input.klWeight * klLatent + (library ? mean(library.kl) : 0) - mean(logLikelihood),
  }
}

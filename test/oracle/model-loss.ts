import type { LossInput, NamedMatrices } from './autodiff.js'
import { countHead } from './count-head.js'
import { sampleLatent } from './latent.js'
import { linear, log1pCounts } from './linear.js'
import { at, filled, type Matrix, matrix } from './matrix.js'
import { batchNorm, layerNorm } from './norm.js'

const NOTHING = { categories: [], continuous: 0 }

function mean(m: Matrix): number {
  return m.values.reduce((sum, x) => sum + x, 0) / m.rows
}

/** The training loss of an scVI model in float64, put together from the oracles of the kernels. */
export function modelLoss(parameters: NamedMatrices, input: LossInput): number {
  const { config, cells, categories, masks, noise } = input
  const get = (name: string): Matrix => parameters[name]!

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
      if ([side, 'both'].includes(config.batchNorm)) {
        const running = matrix(2, h.columns)
        h = batchNorm(h, get(`${layer}.norm.scale`), get(`${layer}.norm.shift`), running).output
      }
      if ([side, 'both'].includes(config.layerNorm)) h = layerNorm(h).output
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
    return sampleLatent({
      mean: linear(h, cells, NOTHING, get(`${name}.mean.weight`), get(`${name}.mean.bias`)),
      rawVariance: linear(h, cells, NOTHING, get(`${name}.var.weight`), get(`${name}.var.bias`)),
      normals,
      ...(prior ? { prior } : {}),
    })
  }

  const latent = draw('z_encoder', config.nLayers, noise.latent)
  const prior = { table: input.libraryPrior!, codes: cells.categorical[0]! }
  const library = config.library === 'latent' ? draw('l_encoder', 1, noise.library!, prior) : undefined
  const { logLikelihood } = countHead({
    likelihood: config.likelihood,
    scale: config.library === 'size-factor' ? 'softplus' : 'softmax',
    cells,
    hidden: stack('decoder', 'decoder', config.nLayers, true, latent.output),
    weight: get('px_scale.weight'),
    bias: get('px_scale.bias'),
    ...(config.likelihood === 'zinb'
      ? { zeroWeight: get('px_dropout.weight'), zeroBias: get('px_dropout.bias') }
      : {}),
    ...(config.likelihood === 'poisson' ? {} : { logDispersion: get('px_r') }),
    ...(library ? { logSize: library.output } : {}),
  })
  return input.klWeight * mean(latent.kl) + (library ? mean(library.kl) : 0) - mean(logLikelihood)
}

import type { ModelConfig } from '../../network/config.js'
import { Graph } from '../../network/graph.js'
import { stack } from '../../network/layers.js'
import type { ModelGraph, NetworkShape } from '../../network/model-graph.js'
import { CountHead } from '../../network/ops/count-head.js'
import { NOISE } from '../../numeric/philox.js'
import { covariatesOf, dispersionOf, latentOf, libraryOf, modelOf, styleOf } from './parts.js'

/**
 * The scVI model (Lopez et al. 2018). z has a standard normal prior; hidden units are a function of z and the covariates; each
 * gene's count is negative binomial (zero-inflated, or Poisson) with a mean of library size times a softmax over the genes and a
 * dispersion of its gene. The posterior of z, and of the library size where it is latent, comes from log1p of the counts.
 */
export function scviGraph(config: ModelConfig, shape: NetworkShape, seed: number): ModelGraph {
  const { nHidden, nLatent, nLayers, likelihood } = config
  const { nGenes } = shape
  const graph = new Graph(nGenes, seed)
  const latent = latentOf(graph, config, shape)
  const library = libraryOf(graph, config, shape)

  const style = styleOf(config, 'decoder')
  const covariates = covariatesOf(config, shape, 'decoder')
  const hidden = stack(graph, 'decoder', nLatent, nLayers, style, covariates, NOISE.dropoutEncoder).of(
    latent.code,
  )

  const weight = (name: string) => graph.plan.uniform(`${name}.weight`, nGenes, nHidden, nHidden)
  const bias = (name: string) => graph.plan.uniform(`${name}.bias`, 1, nGenes, nHidden)
  const weights = {
    weight: weight('px_scale'),
    bias: bias('px_scale'),
    ...(likelihood === 'zinb' && { zeroWeight: weight('px_dropout'), zeroBias: bias('px_dropout') }),
  }
  const head = graph.add(
    new CountHead({
      likelihood,
      scale: config.library === 'size-factor' ? 'softplus' : 'softmax',
      nGenes,
      from: { hidden, weights },
      ...dispersionOf(graph, config, shape),
      ...(library && { logSize: library.draw }),
    }),
  )
  return modelOf(graph, config, shape, { latent, library, head })
}

import type { ModelConfig } from '../../network/config.js'
import { Graph } from '../../network/graph.js'
import { batchNorm, normLayer } from '../../network/layers.js'
import type { ModelGraph, NetworkShape } from '../../network/model-graph.js'
import { CountHead } from '../../network/ops/count-head.js'
import { covariateRows, Linear } from '../../network/ops/linear.js'
import type { Value } from '../../network/value.js'
import { covariatesOf, dispersionOf, latentOf, libraryOf, modelOf } from './parts.js'

/**
 * The linearly decoded VAE (Svensson et al. 2020): as scVI, but the logits of the genes are a linear function of z and the
 * covariates, normalised over the cells. The weights of z are gene loadings: what a latent axis does to every gene.
 */
export function linearScviGraph(config: ModelConfig, shape: NetworkShape, seed: number): ModelGraph {
  const { nLatent, likelihood } = config
  const { nGenes } = shape
  const graph = new Graph(nGenes, seed)
  const latent = latentOf(graph, config, shape)
  const library = libraryOf(graph, config, shape)

  const covariates = covariatesOf(config, shape, 'decoder')(0)
  const rows = nLatent + covariateRows(covariates)
  const normed = config.batchNorm === 'decoder' || config.batchNorm === 'both'
  const logitsOf = (name: string): Value => {
    const weight = graph.plan.uniform(`${name}.weight`, rows, nGenes, rows)
    const bias = config.decoderBias ? graph.plan.uniform(`${name}.bias`, 1, nGenes, rows) : undefined
    const logits = graph.add(new Linear(latent.code, weight, bias, covariates)).output
    return normed ? batchNorm(graph, logits, normLayer(graph, name, nGenes)) : logits
  }
  const logits = logitsOf('px_scale')
  const head = graph.add(
    new CountHead({
      likelihood,
      scale: config.library === 'size-factor' ? 'softplus' : 'softmax',
      nGenes,
      from: { logits, ...(likelihood === 'zinb' && { zeroLogits: logitsOf('px_dropout') }) },
      ...dispersionOf(graph, config, shape),
      ...(library && { logSize: library.draw }),
    }),
  )
  return modelOf(graph, config, shape, { latent, library, head })
}

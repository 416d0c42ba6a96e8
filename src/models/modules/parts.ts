import type { ModelConfig } from '../../network/config.js'
import { logSumExp, mean, pointwise, sum } from '../../network/functions.js'
import type { Graph } from '../../network/graph.js'
import {
  drawn,
  type LayerStyle,
  type NormalLayers,
  normalLayers,
  normals,
  type Posterior,
  type Stack,
  stack,
} from '../../network/layers.js'
import type { ModelGraph, NetworkShape } from '../../network/model-graph.js'
import { type CountHead, CountMeans } from '../../network/ops/count-head.js'
import { GeneMeans } from '../../network/ops/gene-means.js'
import type { Covariates } from '../../network/ops/linear.js'
import type { LossTerm } from '../../network/pass.js'
import {
  divergence,
  divergenceByDimension,
  freeMixture,
  logMixture,
  logStandardNormal,
  type Mixture,
  variancesOf,
} from '../../network/priors.js'
import { STEP } from '../../network/step.js'
import { exp, maximum, subtract } from '../../network/terms.js'
import type { Value } from '../../network/value.js'
import { NOISE } from '../../numeric/philox.js'

/** The weight of a VampPrior's pseudo-inputs, components × genes. */
export const PSEUDO_INPUTS = 'prior.pseudo_inputs'

type Side = 'encoder' | 'decoder'

/** Norms, width and dropout of the hidden layers of one side. */
export const styleOf = (config: ModelConfig, side: Side): LayerStyle => ({
  hidden: config.nHidden,
  batchNorm: config.batchNorm === side || config.batchNorm === 'both',
  layerNorm: config.layerNorm === side || config.layerNorm === 'both',
  dropoutRate: side === 'encoder' ? config.dropoutRate : 0,
})

/** Which covariates each layer of a side takes. A covariate of one category says nothing. */
export function covariatesOf(config: ModelConfig, shape: NetworkShape, side: Side) {
  const categories = shape.categories.map((n) => (n > 1 ? n : 0))
  const none = shape.categories.map(() => 0)
  const taken = side === 'decoder' || config.encodeCovariates
  return (layer: number): Covariates => ({
    categories: taken && (layer === 0 || config.deeplyInjectCovariates) ? categories : none,
    continuous: taken && layer === 0 ? shape.nContinuous : 0,
  })
}

/** From log1p of the counts to normal distributions. */
interface Encoder {
  layers: Stack
  heads: NormalLayers
}

function encoder(
  graph: Graph,
  config: ModelConfig,
  shape: NetworkShape,
  {
    name,
    layers,
    dimensions,
    purpose,
  }: { name: string; layers: number; dimensions: number; purpose: number },
): Encoder {
  const covariates = covariatesOf(config, shape, 'encoder')
  const hidden = stack(graph, name, shape.nGenes, layers, styleOf(config, 'encoder'), covariates, purpose)
  return { layers: hidden, heads: normalLayers(graph, name, config.nHidden, dimensions) }
}

/** The latent: its posterior, what the decoder reads of it, and its part of the loss. */
export interface Latent {
  posterior: Posterior
  /** Cells × latent: the draw, or its softmax (logistic-normal). */
  code: Value
  /** Cells × 1: KL divergence to the prior. */
  kl: Value
  /** Cells × 1: ln p(z) at the draw. */
  logPrior: Value
  /** Components of the prior, where it is not the standard normal. */
  mixture?: Mixture
  loss: LossTerm
}

/** z from the counts: q(z | x), a draw, and its divergence from the prior that the configuration names. */
export function latentOf(graph: Graph, config: ModelConfig, shape: NetworkShape): Latent {
  const { nLatent, nLayers } = config
  const place = { name: 'z_encoder', layers: nLayers, dimensions: nLatent, purpose: NOISE.dropoutEncoder }
  const encode = encoder(graph, config, shape, place)
  const posterior = drawn(graph, normals(graph, encode.heads, encode.layers.of(graph.counts)), NOISE.latent)
  const { draw } = posterior
  const code =
    config.latentDistribution === 'ln'
      ? pointwise(graph, exp(subtract(draw, logSumExp(graph, draw, 'columns'))), 'latent')
      : draw
  const mixture = mixtureOf(graph, config, shape, encode)
  const logPrior = mixture ? logMixture(graph, draw, mixture) : logStandardNormal(graph, draw)
  const kl = mixture ? divergence(graph, posterior, logPrior) : posterior.kl
  const held = config.freeBits > 0 ? freeBits(graph, posterior, config.freeBits) : kl
  return {
    ...{ posterior, code, kl, logPrior, loss: { value: held, weight: STEP.klWeight } },
    ...(mixture && { mixture }),
  }
}

/** The components of a prior that is not the standard normal. */
function mixtureOf(
  graph: Graph,
  { prior, priorComponents, nLatent }: ModelConfig,
  { nGenes, pseudoInputs }: NetworkShape,
  { layers, heads }: Encoder,
): Mixture | undefined {
  if (prior === 'normal') return undefined
  if (prior === 'mixture') return freeMixture(graph, priorComponents, nLatent)
  // VampPrior (Tomczak & Welling 2018): the posteriors of pseudo-inputs, which are trained like weights
  const start = pseudoInputs ?? new Float32Array(priorComponents * nGenes)
  const inputs = graph.plan.given(PSEUDO_INPUTS, priorComponents, nGenes, start)
  const encoded = normals(graph, heads, layers.ofRows(graph.valueOf(inputs)))
  const logits = graph.valueOf(graph.plan.constant('prior.logits', 1, priorComponents, 0))
  return { means: encoded.mean, variances: variancesOf(graph, encoded), logits }
}

/** Free bits (Kingma et al. 2016): a dimension's divergence, on average over the minibatch, costs nothing below so many nats. */
function freeBits(graph: Graph, posterior: Posterior, nats: number): Value {
  const means = mean(graph, divergenceByDimension(graph, posterior), 'rows')
  return sum(graph, maximum(means, nats), 'all', 'free bits')
}

/** The log of the library size where it is latent: its posterior, with a prior for each batch. */
export function libraryOf(graph: Graph, config: ModelConfig, shape: NetworkShape): Posterior | undefined {
  if (config.library !== 'latent') return undefined
  if (!shape.libraryPrior) {
    throw new RangeError('A latent library needs the prior of each batch (libraryPrior).')
  }
  const prior = graph.constant('library prior', shape.categories[0]!, 2, shape.libraryPrior)
  // one past the last purpose of the latent's encoder, so that the two never share a mask
  const purpose = NOISE.dropoutEncoder + config.nLayers
  const encode = encoder(graph, config, shape, { name: 'l_encoder', layers: 1, dimensions: 1, purpose })
  const hidden = encode.layers.of(graph.counts)
  return drawn(graph, normals(graph, encode.heads, hidden), NOISE.library, prior)
}

/** The likelihood's dispersions, log θ: one for each gene, or for each gene and batch. */
export function dispersionOf({ plan }: Graph, config: ModelConfig, { nGenes, categories }: NetworkShape) {
  if (config.likelihood === 'poisson') return {}
  const rows = config.dispersion === 'gene-batch' ? categories[0]! : 1
  return { logDispersion: plan.normal('px_r', rows, nGenes) }
}

/** A model from its parts: its loss is −ln p(x | z, l) and the divergences, and these are what is added up over the cells. */
export function modelOf(
  graph: Graph,
  config: ModelConfig,
  shape: NetworkShape,
  { latent, library, head }: { latent: Latent; library: Posterior | undefined; head: CountHead },
): ModelGraph {
  const { logLikelihood } = head
  return {
    config,
    shape,
    graph,
    latent: latent.posterior,
    code: latent.code,
    logPrior: latent.logPrior,
    ...(latent.mixture && { mixture: latent.mixture }),
    ...(library && { library }),
    head,
    means: graph.add(new CountMeans(head.shape)),
    geneMeans: graph.add(new GeneMeans(head.shape)),
    sums: { logLikelihood, klLatent: latent.kl, ...(library && { klLibrary: library.kl }) },
    loss: [
      { value: logLikelihood, weight: -1 },
      latent.loss,
      // the library's divergence is never warmed up
      ...(library ? [{ value: library.kl, weight: 1 }] : []),
    ],
  }
}

import type { ModelConfig } from './config.js'
import type { Graph } from './graph.js'
import type { Posterior } from './layers.js'
import type { CountHead, CountMeans } from './ops/count-head.js'
import type { GeneMeans } from './ops/gene-means.js'
import type { LossTerm } from './pass.js'
import type { Mixture } from './priors.js'
import type { Value } from './value.js'

/** What of the data set shapes a network. */
export interface NetworkShape {
  nGenes: number
  /** Number of categories of each categorical covariate, the batch first (1 without batches). */
  categories: readonly number[]
  nContinuous: number
  /** Batches × 2: mean and variance of the log library size, for a latent library. */
  libraryPrior?: Float32Array
  /** Components × genes: where the pseudo-inputs of a VampPrior start, as log1p of counts; zeros when left out. */
  pseudoInputs?: Float32Array
}

/** What a model's forward code hands over: the graph, and which of its values are what. */
export interface ModelGraph {
  readonly config: ModelConfig
  readonly shape: NetworkShape
  readonly graph: Graph
  /** q(z | x), its draw and its KL divergence to the prior. */
  readonly latent: Posterior
  /** Cells × latent: what the decoder reads of the draw. */
  readonly code: Value
  /** Cells × 1: ln p(z) at the draw. */
  readonly logPrior: Value
  /** Components of the prior, where it is not the standard normal. */
  readonly mixture?: Mixture
  /** q(l | x) of a latent library size, as its log. */
  readonly library?: Posterior
  readonly head: CountHead
  readonly means: CountMeans
  readonly geneMeans: GeneMeans
  /** What a pass over cells adds up, by name: values of cells × 1. */
  readonly sums: Readonly<Record<string, Value>>
  /** The training loss. */
  readonly loss: readonly LossTerm[]
  /** Terms of the loss that were asked for beside the model's own. */
  readonly terms?: readonly LossTermRecord[]
}

/** What is known of a further term of the loss. */
export interface LossTermRecord {
  readonly name: string
  readonly weight: number
  /** The same for terms that are computed alike. */
  readonly digest: string
}

const TERM = 'term '

/** What the sums of a pass call a further term of the loss. */
export const termKey = (name: string): string => TERM + name

/** The name of such a term. */
export const termName = (key: string): string => key.slice(TERM.length)

const WEIGHT = 'term.'

/** What a network calls a new weight of the terms. */
export const termWeight = (name: string): string => WEIGHT + name

export const isTermWeight = (name: string): boolean => name.startsWith(WEIGHT)

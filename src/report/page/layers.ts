/** Rows of a layer's weights that belong to covariates: categories of each categorical one (0: not taken), then continuous ones. */
export interface PageCovariates {
  categories: readonly number[]
  continuous: number
}

/** A hidden layer as it computes once trained: batch norm is in the weights, dropout is gone. */
export interface PageLayer {
  inputs: number
  outputs: number
  covariates: PageCovariates
  /** Inputs, then covariates × outputs. */
  weight: Float32Array
  bias: Float32Array
  layerNorm: boolean
}

/** From hidden units to a number for each output: the logits of genes, or the means of a latent. */
export interface PageHead {
  inputs: number
  outputs: number
  /** Outputs × inputs, so that one output's weights lie together. */
  weight: Float32Array
  bias: Float32Array
}

/** A decoder; without hidden layers its head reads the latent, then the covariates. */
export interface PageDecoder {
  layers: readonly PageLayer[]
  /** Which covariates a head without hidden layers reads. */
  covariates: PageCovariates
  head: PageHead
  /** What makes a gene's rate of its logit. */
  scale: 'softmax' | 'softplus'
  /** Whether the softmax of the latent is decoded (logistic-normal). */
  softmaxLatent: boolean
}

/** What maps counts of the model's genes to posterior means. */
export interface PageEncoder {
  layers: readonly PageLayer[]
  head: PageHead
}

/** Rows of weights that covariates take. */
export const rowsOf = ({ categories, continuous }: PageCovariates): number =>
  categories.reduce((sum, n) => sum + n, continuous)

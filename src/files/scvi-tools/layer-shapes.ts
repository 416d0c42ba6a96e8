import type { ModelConfig } from '../../network/config.js'
import type { NetworkShape } from '../../network/model-graph.js'

/** A hidden layer as far as its weights go. */
export interface HiddenLayerShape {
  /** Prefix of the parameters' names. */
  name: string
  /** Inputs without covariates; genes for the first layer of an encoder. */
  inputs: number
  hidden: number
  covariates: { categories: readonly number[]; continuous: number }
  batchNorm: boolean
}

/** Rows of weights that a layer's covariates take. */
export const covariateRows = ({ covariates }: Pick<HiddenLayerShape, 'covariates'>): number =>
  covariates.categories.reduce((sum, n) => sum + n, 0) + covariates.continuous

/** The hidden layers that a configuration and a data set ask for, with the names of their parameters. */
export function shapeLayers(config: ModelConfig, shape: NetworkShape) {
  const { nHidden, nLatent, nLayers, encodeCovariates, deeplyInjectCovariates } = config
  // a covariate of one category says nothing
  const categories = shape.categories.map((n) => (n > 1 ? n : 0))
  const none = shape.categories.map(() => 0)
  const stack = (name: string, side: 'encoder' | 'decoder', n: number): HiddenLayerShape[] => {
    const taken = side === 'decoder' || encodeCovariates
    return Array.from({ length: n }, (_, i) => ({
      name: `${name}.fc${i}`,
      inputs: i ? nHidden : side === 'encoder' ? shape.nGenes : nLatent,
      hidden: nHidden,
      covariates: {
        categories: taken && (i === 0 || deeplyInjectCovariates) ? categories : none,
        continuous: taken && i === 0 ? shape.nContinuous : 0,
      },
      batchNorm: config.batchNorm === side || config.batchNorm === 'both',
    }))
  }
  return {
    encoder: stack('z_encoder', 'encoder', nLayers),
    library: stack('l_encoder', 'encoder', 1),
    decoder: stack('decoder', 'decoder', nLayers),
  }
}

import type { Device } from '../device/device.js'
import type { ModelDescription } from '../files/model-description.js'
import type { ModelGraph, NetworkShape } from '../network/model-graph.js'
import { Network } from '../network/network.js'
import { FEWEST_CELLS } from '../train/split.js'
import { linearScviGraph } from './modules/linear-scvi.js'
import { scviGraph } from './modules/scvi.js'

/** The forward code of each decoder. */
export const GRAPHS = { deep: scviGraph, linear: linearScviGraph } as const

/**
 * A network of a description's size, with its starting weights.
 *
 * @param extend adds to the graph: the terms of a user's loss, say
 */
export function networkOf(
  { config, genes, categorical, continuous, libraryPrior, batchSize, seed }: ModelDescription,
  device: Device,
  extend: (model: ModelGraph) => ModelGraph = (model) => model,
): Network {
  const shape: NetworkShape = {
    nGenes: genes.length,
    categories: categorical.map(({ categories }) => categories.length),
    nContinuous: continuous.length,
    ...(libraryPrior && { libraryPrior: Float32Array.from(libraryPrior) }),
  }
  const model = GRAPHS[config.decoder](config, shape, seed)
  return new Network(device, extend(model), batchSize + FEWEST_CELLS - 1)
}

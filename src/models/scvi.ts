import type { ModelData } from '../cells/cell-data.js'
import type { Device } from '../device/device.js'
import type { ModelDescription } from '../files/model-description.js'
import { Network, type NetworkShape } from '../network/network.js'
import { FEWEST_CELLS } from '../train/split.js'
import { Model } from './model.js'
import { type LoadOptions, loadedParts, type ModelKind, newParts } from './model-parts.js'
import type { ModelOptions } from './options.js'

/** What an scVI model is made for and of. */
export type SCVIOptions = ModelOptions

const KIND: ModelKind = { name: 'SCVI', network: networkOf }

/**
 * An scVI model (Lopez et al. 2018) of one data set.
 *
 * @example
 * ```ts
 * const adata = await readAnnData('data.h5ad')
 * await using model = await SCVI.create(adata, { batchKey: 'donor', nLatent: 20 })
 * await model.train()
 * const { values, rows, columns } = await model.getLatentRepresentation() // cells × 20
 * await model.save('data.model')
 * ```
 */
export class SCVI extends Model {
  /**
   * A model with random weights for the cells and genes given.
   *
   * @throws ScvaeError (usage) for an unknown option, one given twice or a value out of range, (bad-input) for obs columns that the
   *   data does not have.
   */
  static async create(adata: ModelData, options: SCVIOptions = {}): Promise<SCVI> {
    return new SCVI(await newParts(KIND, adata, options))
  }

  /**
   * Reads a model's folder and binds it to data, whose genes are found by name, in any order. Without data the model's own cells are
   * those that its folder tells of: they have latents, and cells can be generated from them, but no counts.
   *
   * @throws ScvaeError (bad-input) for a folder that is no model, genes that the data lacks, categories that the model does not know.
   */
  static async load(directory: string, adata?: ModelData, options: LoadOptions = {}): Promise<SCVI> {
    return new SCVI(await loadedParts(KIND, directory, adata, options))
  }
}

/** A network of a description's size, with its starting weights. */
function networkOf(
  { config, genes, categorical, continuous, libraryPrior, batchSize, seed }: ModelDescription,
  device: Device,
): Network {
  const shape: NetworkShape = {
    nGenes: genes.length,
    categories: categorical.map(({ categories }) => categories.length),
    nContinuous: continuous.length,
    ...(libraryPrior ? { libraryPrior: Float32Array.from(libraryPrior) } : {}),
  }
  return new Network(device, config, shape, batchSize + FEWEST_CELLS - 1, seed)
}

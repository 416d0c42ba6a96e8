import type { ModelData } from '../cells/cell-data.js'
import { DiagnosedModel } from './diagnosed-model.js'
import { type LoadOptions, loadedParts, newParts } from './model-parts.js'
import type { ModelOptions } from './options.js'

/** What an scVI model is made for and of. */
export type SCVIOptions = ModelOptions

const NAME = 'SCVI'

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
export class SCVI extends DiagnosedModel {
  /**
   * A model with random weights for the cells and genes given.
   *
   * @throws ScvaeError (usage) for an unknown option, one given twice or a value out of range, (bad-input) for obs columns that the
   *   data does not have.
   */
  static async create(adata: ModelData, options: SCVIOptions = {}): Promise<SCVI> {
    return new SCVI(await newParts(NAME, adata, options))
  }

  /**
   * Reads a model's folder and binds it to data, whose genes are found by name, in any order. Without data the model's own cells are
   * those that its folder tells of: they have latents, and cells can be generated from them, but no counts.
   *
   * @throws ScvaeError (bad-input) for a folder that is no model, genes that the data lacks, categories that the model does not know.
   */
  static async load(directory: string, adata?: ModelData, options: LoadOptions = {}): Promise<SCVI> {
    return new SCVI(await loadedParts(NAME, directory, adata, options))
  }
}

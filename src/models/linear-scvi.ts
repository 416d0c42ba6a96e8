import type { ModelData } from '../cells/cell-data.js'
import { ScvaeError } from '../errors.js'
import type { Matrix } from '../numeric/matrix.js'
import { DiagnosedModel } from './diagnosed-model.js'
import { loadingsOf } from './loadings.js'
import { type LoadOptions, loadedParts, type ModelParts, newParts } from './model-parts.js'
import type { ModelOptions } from './options.js'

/** What a linearly decoded model is made for and of. */
export type LinearSCVIOptions = Omit<ModelOptions, 'decoder'>

const NAME = 'LinearSCVI'

/**
 * A linearly decoded VAE (Svensson et al. 2020): as {@link SCVI}, with logits of the genes that are a linear function of the latent,
 * so that each latent axis has a loading for every gene.
 *
 * @example
 * ```ts
 * await using model = await LinearSCVI.create(adata, { nLatent: 10 })
 * await model.train()
 * const loadings = await model.getLoadings() // genes × 10
 * ```
 */
export class LinearSCVI extends DiagnosedModel {
  /** Made by `create` and `load`. */
  private constructor(parts: ModelParts) {
    super(parts)
  }

  /**
   * A model with random weights for the cells and genes given.
   *
   * @throws ScvaeError (usage) for an unknown option, one given twice or a value out of range, (bad-input) for obs columns that the
   *   data does not have.
   */
  static async create(adata: ModelData, options: LinearSCVIOptions = {}): Promise<LinearSCVI> {
    const { model, ...flat } = options
    const linear = { ...flat, model: { ...model, decoder: 'linear' } } as const
    return new LinearSCVI(await newParts(NAME, adata, linear))
  }

  /**
   * Reads a model's folder, as `SCVI.load` does.
   *
   * @throws ScvaeError (bad-input) for a folder of another model too.
   */
  static async load(directory: string, adata?: ModelData, options: LoadOptions = {}): Promise<LinearSCVI> {
    const parts = await loadedParts(NAME, directory, adata, options)
    if (parts.description.config.decoder === 'linear') return new LinearSCVI(parts)
    parts.network.release()
    if (parts.ownsDevice) await parts.device.dispose()
    throw new ScvaeError('bad-input', `The model in ${directory} has no linear decoder.`, {
      hint: 'Use SCVI.load.',
    })
  }

  /** Gene loadings, genes × nLatent, in the order of the model's genes. */
  getLoadings(): Promise<Matrix> {
    return this.exclusive(async () => loadingsOf(await this.network.state(), this.description.config))
  }
}

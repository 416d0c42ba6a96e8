import { ScvaeError } from '../../errors.js'
import type { ModelDescription } from '../model-files.js'

/** The classes of scvi-tools whose models are read and written: a deep decoder, and a linear one. */
export type ScviClass = 'SCVI' | 'LinearSCVI'

export const SCVI_CLASSES: readonly string[] = ['SCVI', 'LinearSCVI'] satisfies ScviClass[]

/**
 * The class that a model is loaded with in scvi-tools.
 *
 * @throws ScvaeError (bad-input) for a linear decoder with what `LinearSCVI` does not have
 */
export function scviClass(description: ModelDescription): ScviClass {
  const { config, categorical, continuous } = description
  if (config.decoder === 'deep') return 'SCVI'
  const lacking: [isAsked: boolean, what: string][] = [
    [categorical.length > 1 || continuous.length > 0, 'covariate beside the batch'],
    [config.library === 'size-factor', 'size factor'],
    [config.encodeCovariates, 'encoder that takes the batch'],
    [config.layerNorm !== 'none', 'layer norm'],
    [!['encoder', 'both'].includes(config.batchNorm), 'encoder without batch norm'],
  ]
  const missing = lacking.find(([isAsked]) => isAsked)
  if (!missing) return 'LinearSCVI'
  throw new ScvaeError(
    'bad-input',
    `The model cannot be written for scvi-tools, whose LinearSCVI has no ${missing[1]}.`,
  )
}

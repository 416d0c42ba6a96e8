import { halfToFloat } from '../../anndata/store/half-float.js'
import type { CellCovariates } from './forward.js'
import type { PageDecoder } from './layers.js'
import type { Packed } from './pack.js'
import type { PackedModel, PageHeader } from './page-data.js'
import { dequantize } from './quantize.js'

/** The decoder and the cells of a page, as numbers to compute with. */
export interface UnpackedModel {
  decoder: PageDecoder
  /** Cells × dimensions. */
  latent: Float32Array
  covariates: CellCovariates
  logDenominators: Float32Array
}

/** Reads a model from a page's pack. */
export function unpackModel(
  model: PackedModel,
  { arrays }: Pick<Packed<PageHeader>, 'arrays'>,
): UnpackedModel {
  const array = (name: string) => {
    const found = arrays[name]
    if (!found) throw new Error(`The page has no array "${name}".`)
    return found
  }
  const floats = (name: string) => array(name) as Float32Array
  const half = (name: string) => halfToFloat(array(name) as Uint16Array)
  const { low, step, values } = model.latent
  return {
    decoder: {
      layers: model.layers.map((layer) => ({
        ...layer,
        weight: half(layer.weight),
        bias: floats(layer.bias),
      })),
      covariates: model.headCovariates,
      head: { ...model.head, weight: half(model.head.weight), bias: floats(model.head.bias) },
      scale: model.scale,
      softmaxLatent: model.softmaxLatent,
    },
    latent: dequantize({
      values: array(values) as Uint16Array,
      low,
      step,
    }),
    covariates: { codes: model.codes.map(array), values: model.continuous.map(array) },
    logDenominators: floats(model.logDenominators),
  }
}

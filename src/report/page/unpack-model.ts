import { halfToFloat } from '../../anndata/store/half-float.js'
import type { CellCovariates } from './forward.js'
import type { PageDecoder, PageEncoder } from './layers.js'
import type { Packed, PackedArray } from './pack.js'
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
  const array = (name: string) => arrayOf(arrays, name)
  const floats = (name: string) => array(name) as Float32Array
  const { low, step, values } = model.latent
  return {
    decoder: {
      ...unpackNetwork(model, arrays),
      covariates: model.headCovariates,
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

/** Reads layers and a head whose weights are arrays of a pack. */
export function unpackNetwork({ layers, head }: PackedModel['encoder'], arrays: Arrays): PageEncoder {
  const floats = (name: string) => arrayOf(arrays, name) as Float32Array
  const weights = (name: string) => {
    const stored = arrayOf(arrays, name)
    return stored instanceof Uint16Array ? halfToFloat(stored) : (stored as Float32Array)
  }
  return {
    layers: layers.map((layer) => ({ ...layer, weight: weights(layer.weight), bias: floats(layer.bias) })),
    head: { ...head, weight: weights(head.weight), bias: floats(head.bias) },
  }
}

type Arrays = Packed<PageHeader>['arrays']

function arrayOf(arrays: Arrays, name: string): PackedArray {
  const found = arrays[name]
  if (!found) throw new Error(`The page has no array "${name}".`)
  return found
}

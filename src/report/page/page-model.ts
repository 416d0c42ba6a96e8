import type { ModelConfig } from '../../network/config.js'
import { NORM_EPSILON } from '../../network/ops/norms.js'
import {
  type PageCovariates,
  type PageDecoder,
  type PageEncoder,
  type PageHead,
  type PageLayer,
  rowsOf,
} from './layers.js'

/** A matrix of a saved model. */
interface Tensor {
  rows: number
  columns: number
  values: Float32Array
}

/** What of a saved model its page needs. */
export interface SavedNetwork {
  config: ModelConfig
  nGenes: number
  /** Categories of the batch, then of the other categorical covariates. */
  categories: readonly number[]
  nContinuous: number
  state: ReadonlyMap<string, Tensor>
}

/** A model's decoder, with all that does not depend on cells computed. */
export function pageDecoder(saved: SavedNetwork): PageDecoder {
  const { config } = saved
  return {
    ...decoderOf(saved),
    scale: config.library === 'size-factor' ? 'softplus' : 'softmax',
    softmaxLatent: config.latentDistribution === 'ln',
  }
}

/** Its encoder, likewise. */
export function pageEncoder(saved: SavedNetwork): PageEncoder {
  const { nHidden, nLatent } = saved.config
  return {
    layers: layersOf(saved, 'encoder', 'z_encoder', saved.nGenes),
    head: headOf(saved, 'z_encoder.mean', nHidden, nLatent),
  }
}

function decoderOf(saved: SavedNetwork): Pick<PageDecoder, 'layers' | 'covariates' | 'head'> {
  const { config, nGenes } = saved
  if (config.decoder === 'linear') {
    const covariates = covariatesOf(saved, 'decoder', 0)
    const inputs = config.nLatent + rowsOf(covariates)
    const norm = isNormed(config, 'decoder') ? normOf(saved, 'px_scale') : undefined
    const bias = config.decoderBias ? tensor(saved, 'px_scale.bias').values : new Float32Array(nGenes)
    const { weight, bias: shifted } = folded(tensor(saved, 'px_scale.weight').values, bias, norm)
    const head = { inputs, outputs: nGenes, weight: transposed(weight, inputs, nGenes), bias: shifted }
    return { layers: [], covariates, head }
  }
  return {
    layers: layersOf(saved, 'decoder', 'decoder', config.nLatent),
    covariates: { categories: [], continuous: 0 },
    head: {
      inputs: config.nHidden,
      outputs: nGenes,
      weight: tensor(saved, 'px_scale.weight').values,
      bias: tensor(saved, 'px_scale.bias').values,
    },
  }
}

type Side = 'encoder' | 'decoder'

function layersOf(saved: SavedNetwork, side: Side, name: string, inputs: number): PageLayer[] {
  const { config } = saved
  return Array.from({ length: config.nLayers }, (_, i) => {
    const layer = `${name}.fc${i}`
    const norm = isNormed(config, side) ? normOf(saved, layer) : undefined
    return {
      inputs: i ? config.nHidden : inputs,
      outputs: config.nHidden,
      covariates: covariatesOf(saved, side, i),
      ...folded(tensor(saved, `${layer}.weight`).values, tensor(saved, `${layer}.bias`).values, norm),
      layerNorm: config.layerNorm === side || config.layerNorm === 'both',
    }
  })
}

/** A linear layer on top of hidden units, whose weights are stored inputs × outputs. */
function headOf(saved: SavedNetwork, name: string, inputs: number, outputs: number): PageHead {
  const { values } = tensor(saved, `${name}.weight`)
  return {
    inputs,
    outputs,
    weight: transposed(values, inputs, outputs),
    bias: tensor(saved, `${name}.bias`).values,
  }
}

/** As the network's layers take covariates: one of a single category says nothing, and continuous ones go into the first layer. */
function covariatesOf(
  { config, categories, nContinuous }: SavedNetwork,
  side: Side,
  layer: number,
): PageCovariates {
  const taken = side === 'decoder' || config.encodeCovariates
  const injected = taken && (layer === 0 || config.deeplyInjectCovariates)
  return {
    categories: categories.map((n) => (injected && n > 1 ? n : 0)),
    continuous: taken && layer === 0 ? nContinuous : 0,
  }
}

const isNormed = ({ batchNorm }: ModelConfig, side: Side): boolean =>
  batchNorm === side || batchNorm === 'both'

/** What a batch normalisation does once its statistics stand: a factor and an offset for each column. */
interface Norm {
  factor: Float64Array
  offset: Float64Array
}

function normOf(saved: SavedNetwork, name: string): Norm {
  const scale = tensor(saved, `${name}.norm.scale`).values
  const shift = tensor(saved, `${name}.norm.shift`).values
  const { values: running, columns } = tensor(saved, `${name}.norm.running`)
  const factor = Float64Array.from(scale, (s, i) => s / Math.sqrt(running[columns + i]! + NORM_EPSILON))
  return { factor, offset: factor.map((f, i) => shift[i]! - f * running[i]!) }
}

function folded(
  weight: Float32Array,
  bias: Float32Array,
  norm: Norm | undefined,
): { weight: Float32Array; bias: Float32Array } {
  if (!norm) return { weight, bias }
  const { factor, offset } = norm
  const n = bias.length
  return {
    weight: weight.map((value, at) => value * factor[at % n]!),
    bias: bias.map((value, i) => value * factor[i]! + offset[i]!),
  }
}

function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from(
    { length: rows * columns },
    (_, at) => values[(at % rows) * columns + Math.floor(at / rows)]!,
  )
}

function tensor({ state }: SavedNetwork, name: string): Tensor {
  const found = state.get(name)
  if (!found) throw new Error(`The model has no tensor "${name}".`)
  return found
}

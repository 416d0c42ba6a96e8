import type { ModelConfig } from '../../network/config.js'
import type { NetworkShape } from '../../network/model-graph.js'
import type { HostTensor, NetworkState } from '../../network/parameters.js'
import { covariateRows, type HiddenLayerShape, shapeLayers } from './layer-shapes.js'

/** A tensor as PyTorch has it, row-major. */
export interface NamedTensor {
  shape: readonly number[]
  values: Float32Array
}

/** Where every element of one of our tensors lies in the tensors of scvi-tools. */
interface WeightLink {
  name: string
  rows: number
  columns: number
  /** Names and shapes in a state dict of scvi-tools. */
  theirs: readonly { name: string; shape: readonly number[] }[]
  /** Which of `theirs`, and which of its values in row-major order. */
  at(row: number, column: number): [tensor: number, index: number]
}

/** The same numbers in the same order. */
function same(name: string, theirName: string, rows: number, columns: number, vector = false): WeightLink {
  return {
    name,
    rows,
    columns,
    theirs: [{ name: theirName, shape: vector ? [columns] : [rows, columns] }],
    at: (row, column) => [0, row * columns + column],
  }
}

/** Rows are columns there. `place` says which column; the same number when left out. */
function turned(
  name: string,
  theirName: string,
  rows: number,
  columns: number,
  place = (row: number) => row,
): WeightLink {
  return {
    name,
    rows,
    columns,
    theirs: [{ name: theirName, shape: [columns, rows] }],
    at: (row, column) => [0, column * rows + place(row)],
  }
}

const linear = (name: string, theirName: string, inputs: number, outputs: number) => [
  turned(`${name}.weight`, `${theirName}.weight`, inputs, outputs),
  same(`${name}.bias`, `${theirName}.bias`, 1, outputs, true),
]

/** The output layers have a row a gene on both sides. */
const outputLinear = (name: string, theirName: string, genes: number, hidden: number) => [
  same(`${name}.weight`, `${theirName}.weight`, genes, hidden),
  same(`${name}.bias`, `${theirName}.bias`, 1, genes, true),
]

type LinkedLayer = Pick<HiddenLayerShape, 'name' | 'inputs' | 'hidden' | 'covariates' | 'batchNorm'>

function hiddenLayer(layer: LinkedLayer, theirName: string, biased = true): WeightLink[] {
  const { name, inputs, hidden, covariates, batchNorm } = layer
  const rows = inputs + covariateRows(layer)
  const { continuous } = covariates
  const categories = rows - inputs - continuous
  // ours: inputs, categories, continuous; theirs: inputs, continuous, categories
  const place = (row: number) =>
    row < inputs ? row : row < inputs + categories ? row + continuous : row - categories
  const links = [
    turned(`${name}.weight`, `${theirName}.0.weight`, rows, hidden, place),
    ...(biased ? [same(`${name}.bias`, `${theirName}.0.bias`, 1, hidden, true)] : []),
  ]
  if (!batchNorm) return links
  const norm = `${theirName}.1`
  return [
    ...links,
    same(`${name}.norm.scale`, `${norm}.weight`, 1, hidden, true),
    same(`${name}.norm.shift`, `${norm}.bias`, 1, hidden, true),
    {
      name: `${name}.norm.running`,
      rows: 2,
      columns: hidden,
      theirs: ['running_mean', 'running_var'].map((key) => ({ name: `${norm}.${key}`, shape: [hidden] })),
      at: (row, column) => [row, column],
    },
  ]
}

const layerName = (stack: string, i: number) => `${stack}.fc_layers.Layer ${i}`

/** The parts of scvi-tools' decoder: below the outputs, and the two outputs. */
interface DecoderLinks {
  hidden: WeightLink[]
  scale: WeightLink[]
  dropout: WeightLink[]
  /** A dispersion for each gene of each cell, which scvae does not have. */
  dispersion: WeightLink[]
}

function deepDecoder(config: ModelConfig, shape: NetworkShape): DecoderLinks {
  const output = (name: string, theirName: string) =>
    outputLinear(name, theirName, shape.nGenes, config.nHidden)
  const { decoder } = shapeLayers(config, shape)
  return {
    hidden: decoder.flatMap((layer, i) => hiddenLayer(layer, layerName('decoder.px_decoder', i))),
    scale: output('px_scale', 'decoder.px_scale_decoder.0'),
    dropout: output('px_dropout', 'decoder.px_dropout_decoder'),
    dispersion: output('px_r_decoder', 'decoder.px_r_decoder'),
  }
}

/** `LinearSCVI`'s: each output is one linear layer over the latent and the batch, inputs × genes here, with a batch norm of its own. */
function linearDecoder(config: ModelConfig, shape: NetworkShape, biased: boolean): DecoderLinks {
  const [nBatches] = shape.categories
  const output = (name: string, theirName: string) => {
    const layer: LinkedLayer = {
      name,
      inputs: config.nLatent,
      hidden: shape.nGenes,
      covariates: { categories: nBatches! > 1 ? [nBatches!] : [], continuous: 0 },
      batchNorm: config.batchNorm === 'decoder' || config.batchNorm === 'both',
    }
    return hiddenLayer(layer, layerName(theirName, 0), biased)
  }
  return {
    hidden: [],
    scale: output('px_scale', 'decoder.factor_regressor'),
    dropout: output('px_dropout', 'decoder.px_dropout_decoder'),
    dispersion: [],
  }
}

/** @param biased whether a linear decoder has a bias; a deep one always has */
function weightLinks(
  config: ModelConfig,
  shape: NetworkShape,
  biased: boolean,
): { used: WeightLink[]; unused: WeightLink[] } {
  const { nHidden, nLatent, likelihood, dispersion } = config
  const { nGenes } = shape
  const { encoder, library } = shapeLayers(config, shape)
  const decoder =
    config.decoder === 'deep' ? deepDecoder(config, shape) : linearDecoder(config, shape, biased)
  const libraryLinks = [
    ...library.flatMap((layer, i) => hiddenLayer(layer, layerName('l_encoder.encoder', i))),
    ...linear('l_encoder.mean', 'l_encoder.mean_encoder', nHidden, 1),
    ...linear('l_encoder.var', 'l_encoder.var_encoder', nHidden, 1),
  ]
  const dispersionLink =
    dispersion === 'gene'
      ? same('px_r', 'px_r', 1, nGenes, true)
      : turned('px_r', 'px_r', shape.categories[0]!, nGenes)
  const optional: [isUsed: boolean, links: WeightLink[]][] = [
    [config.library === 'latent', libraryLinks],
    [likelihood !== 'poisson', [dispersionLink]],
    [likelihood === 'zinb', decoder.dropout],
    [false, decoder.dispersion],
  ]
  return {
    used: [
      ...encoder.flatMap((layer, i) => hiddenLayer(layer, layerName('z_encoder.encoder', i))),
      ...linear('z_encoder.mean', 'z_encoder.mean_encoder', nHidden, nLatent),
      ...linear('z_encoder.var', 'z_encoder.var_encoder', nHidden, nLatent),
      ...decoder.hidden,
      ...decoder.scale,
      ...optional.flatMap(([isUsed, links]) => (isUsed ? links : [])),
    ],
    unused: optional.flatMap(([isUsed, links]) => (isUsed ? [] : links)),
  }
}

/** There when a linear decoder has a bias. */
const LINEAR_BIAS = `${layerName('decoder.factor_regressor', 0)}.0.bias`

/** Whether the decoder of a network's weights has a bias in its output. */
export const isBiased = (state: NetworkState): boolean => state.has('px_scale.bias')

const sameShape = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((n, i) => n === b[i])

/**
 * A network's weights from a state dict of scvi-tools, under our names and in our layouts. Tensors that no loss reaches (the
 * library encoder beside an observed library, say) are left out.
 *
 * @param find a tensor of the state dict
 * @param fail makes the error for a tensor that is missing or has another shape
 */
export function importWeights(
  config: ModelConfig,
  shape: NetworkShape,
  find: (name: string) => NamedTensor | undefined,
  fail: (problem: string) => Error,
): NetworkState {
  const state: NetworkState = new Map()
  const biased = find(LINEAR_BIAS) !== undefined
  for (const { name, rows, columns, theirs, at } of weightLinks(config, shape, biased).used) {
    const sources = theirs.map((their) => {
      const found = find(their.name)
      if (!found) throw fail(`it has no tensor "${their.name}"`)
      if (!sameShape(found.shape, their.shape)) {
        throw fail(
          `its tensor "${their.name}" is ${found.shape.join(' x ')}, where its settings ask for ${their.shape.join(' x ')}`,
        )
      }
      return found.values
    })
    const values = new Float32Array(rows * columns)
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const [tensor, index] = at(row, column)
        values[row * columns + column] = sources[tensor]![index]!
      }
    }
    state.set(name, { rows, columns, values })
  }
  return state
}

/** What scvi-tools starts a norm's scale and running variance from; everything else that is not used is 0. */
const isOne = (name: string) => /\.1\.weight$|\.running_var$/.test(name)

/** The state dict of scvi-tools with a network's weights; tensors that the model never uses are filled with constants. */
export function exportWeights(
  config: ModelConfig,
  shape: NetworkShape,
  state: NetworkState,
): Map<string, NamedTensor> {
  const { used, unused } = weightLinks(config, shape, isBiased(state))
  const tensors = new Map<string, NamedTensor>()
  const add = (link: WeightLink, source?: HostTensor) => {
    const made = link.theirs.map(({ name, shape: theirShape }) => {
      const values = new Float32Array((link.rows * link.columns) / link.theirs.length)
      if (!source && isOne(name)) values.fill(1)
      tensors.set(name, { shape: theirShape, values })
      return values
    })
    if (!source) return
    for (let row = 0; row < link.rows; row++) {
      for (let column = 0; column < link.columns; column++) {
        const [tensor, index] = link.at(row, column)
        made[tensor]![index] = source.values[row * link.columns + column]!
      }
    }
  }
  for (const link of used) add(link, state.get(link.name)!)
  for (const link of unused) add(link)
  return tensors
}

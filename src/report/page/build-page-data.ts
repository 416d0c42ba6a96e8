import { gzipSync } from 'node:zlib'
import { floatToHalf } from '../../anndata/store/half-float.js'
import type { Matrix } from '../../numeric/matrix.js'
import type { Coloring, ReportModel } from '../report-data.js'
import type { PageEncoder } from './layers.js'
import { type PackedArray, pack } from './pack.js'
import { NO_CATEGORY, type PackedModel, type PageColoring, type PageHeader } from './page-data.js'
import { quantize, quantizePlaces, trimmed } from './quantize.js'

/** Beyond this no legend can name them: the most frequent keep their names, the others share one. */
const MOST_CATEGORIES = 200

/**
 * What the page's script reads, as base64 of a compressed pack.
 *
 * @param umap cells × 2
 * @param colorings with none, the cells get one colour
 */
export function buildPageData(
  cellNames: readonly string[],
  umap: Matrix,
  colorings: readonly Coloring[],
  model?: ReportModel,
): string {
  const arrays: Record<string, PackedArray> = { positions: quantizePlaces(umap.values) }
  const add = (name: string, array: PackedArray): string => {
    arrays[name] = array
    return name
  }
  const shown = colorings.length > 0 ? colorings : [oneColor(cellNames.length)]
  const header: PageHeader = {
    nCells: cellNames.length,
    cellNames,
    positions: 'positions',
    colorings: shown.map((coloring, i) => packColoring(coloring, (array) => add(`coloring ${i}`, array))),
    ...(model && { model: packModel(model, add) }),
  }
  return Buffer.from(gzipSync(pack({ header, arrays }))).toString('base64')
}

type Add = (name: string, array: PackedArray) => string

const halves = (values: Float32Array): Uint16Array => new Uint16Array(floatToHalf(values).buffer)

function packModel(model: ReportModel, add: Add): PackedModel {
  const {
    decoder,
    encoder,
    query,
    genes,
    batchKey,
    batches,
    latent,
    covariates,
    logDenominators,
    surprising,
  } = model
  const { values, low, step } = quantize(latent)
  return {
    ...{ genes, batchKey, batches, query, scale: decoder.scale, softmaxLatent: decoder.softmaxLatent },
    ...packNetwork('decoder', decoder, halves, add),
    encoder: packNetwork('encoder', encoder, (weight) => weight, add),
    headCovariates: decoder.covariates,
    latent: { dimensions: latent.columns, low, step, values: add('latent', values) },
    codes: covariates.codes.map((codes, i) => add(`codes ${i}`, Uint16Array.from(codes))),
    continuous: covariates.values.map((of, i) => add(`continuous ${i}`, Float32Array.from(of))),
    logDenominators: add('log denominators', trimmed(logDenominators)),
    ...(surprising && {
      surprising: {
        cells: add('surprising cells', Uint32Array.from(surprising.cells)),
        perCell: surprising.perCell,
        genes: add('surprising genes', surprising.genes),
        observed: add('surprising observed', surprising.observed),
        expected: add('surprising expected', trimmed(surprising.expected)),
      },
    }),
  }
}

/** @param stored a layer's weights as the pack has them */
function packNetwork(
  side: string,
  { layers, head }: PageEncoder,
  stored: (weight: Float32Array) => PackedArray,
  add: Add,
): PackedModel['encoder'] {
  return {
    layers: layers.map(({ weight, bias, ...layer }, i) => ({
      ...layer,
      weight: add(`${side} ${i} weight`, stored(weight)),
      bias: add(`${side} ${i} bias`, bias),
    })),
    head: {
      inputs: head.inputs,
      outputs: head.outputs,
      weight: add(`${side} head weight`, stored(head.weight)),
      bias: add(`${side} head bias`, head.bias),
    },
  }
}

function oneColor(n: number): Coloring {
  return { kind: 'categorical', name: '(nothing)', categories: ['cells'], codes: new Uint8Array(n) }
}

function packColoring(coloring: Coloring, add: (array: PackedArray) => string): PageColoring {
  const { name } = coloring
  if (coloring.kind === 'numeric') return { kind: 'numeric', name, values: add(trimmed(coloring.values)) }
  const { categories, newCode } = mostFrequent(coloring.categories, coloring.codes)
  const codes = Uint16Array.from(coloring.codes, (code) => (code < 0 ? NO_CATEGORY : newCode[code]!))
  return { kind: 'categorical', name, categories, codes: add(codes) }
}

/** Keeps all categories where they are few, else the most frequent ones in their own order and one for all others. */
function mostFrequent(
  categories: readonly string[],
  codes: ArrayLike<number>,
): { categories: string[]; newCode: ArrayLike<number> } {
  if (categories.length <= MOST_CATEGORIES) {
    return { categories: [...categories], newCode: Array.from(categories.keys()) }
  }
  const sizes = new Float64Array(categories.length)
  for (let i = 0; i < codes.length; i++) if (codes[i]! >= 0) sizes[codes[i]!]!++
  const order = Array.from(categories.keys()).sort((a, b) => sizes[b]! - sizes[a]! || a - b)
  const kept = order.slice(0, MOST_CATEGORIES - 1).sort((a, b) => a - b)
  const newCode = new Int32Array(categories.length).fill(kept.length)
  for (const [code, category] of kept.entries()) newCode[category] = code
  const others = `${categories.length - kept.length} other categories`
  return { categories: [...kept.map((category) => categories[category]!), others], newCode }
}

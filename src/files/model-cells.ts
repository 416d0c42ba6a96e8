import { ScvaeError } from '../errors.js'
import type { ModelDescription, StoredLabels } from './model-description.js'
import { decodeTensors, encodeTensors, type StoredTensor } from './safetensors.js'

/** What a model knows of the cells that it was trained on, without their counts. */
export interface ModelCells {
  /** Posterior means and variances of the latent, cells × latent each, row-major. */
  mean: Float32Array
  variance: Float32Array
  /** Library size, or size factor, of every cell. */
  size: Float32Array
  /** Category of every cell, one array a categorical covariate, the batch first. */
  categorical: Int32Array[]
  /** Value of every cell, one array a continuous covariate. */
  continuous: Float32Array[]
  /** Names of the cells; absent where the data had none. */
  names?: string[]
  /** Columns of obs that are kept so that other cells can be given their values. */
  labels?: (StoredLabels & { codes: Int32Array })[]
}

/**
 * Cells as a safetensors file, for n cells:
 *
 * - `latent_mean`, `latent_variance`: F32, n × latent
 * - `size`: F32, n
 * - `categorical`: I32, covariates × n, positions in the categories of `config.json`; `continuous`: F32, covariates × n
 * - `labels`: I32, columns × n, positions in the labels of `config.json`, −1 for none; where there are any
 * - `names`: U8, the names' UTF-8 in one run, and `name_ends`: I32, n, where each ends in it
 */
export function encodeCells(cells: ModelCells): Uint8Array {
  const { mean, variance, size, categorical, continuous, names, labels } = cells
  const n = size.length
  const tensors = new Map<string, StoredTensor>([
    ['latent_mean', { shape: [n, mean.length / n], values: mean }],
    ['latent_variance', { shape: [n, variance.length / n], values: variance }],
    ['size', { shape: [n], values: size }],
    ['categorical', { shape: [categorical.length, n], values: joined(Int32Array, categorical, n) }],
    ['continuous', { shape: [continuous.length, n], values: joined(Float32Array, continuous, n) }],
  ])
  if (labels) {
    const codes = labels.map((column) => column.codes)
    tensors.set('labels', { shape: [labels.length, n], values: joined(Int32Array, codes, n) })
  }
  if (names) {
    const texts = names.map((name) => Buffer.from(name))
    let end = 0
    const ends = Int32Array.from(texts, (text) => {
      end += text.length
      return end
    })
    tensors.set('name_ends', { shape: [n], values: ends })
    // bytes last, so that all else lies at multiples of four
    tensors.set('names', { shape: [end], values: new Uint8Array(Buffer.concat(texts)) })
  }
  return encodeTensors(tensors)
}

/**
 * Reads what {@link encodeCells} made.
 *
 * @throws ScvaeError (bad-input) for a file that is damaged or does not belong to the model.
 */
export function decodeCells(file: Uint8Array, description: ModelDescription, path: string): ModelCells {
  const { tensors } = decodeTensors(file, path)
  const { config, categorical, continuous, labels } = description
  const n = tensors.get('size')?.values.length ?? 0
  const foreign = (name: string) =>
    new ScvaeError('bad-input', `${path} does not belong to its model: "${name}" is missing or differs.`)
  if (n === 0) throw foreign('size')
  const take = <T extends StoredTensor['values']>(name: string, type: new () => T, ...shape: number[]): T => {
    const tensor = tensors.get(name)
    if (tensor?.values instanceof type && String(tensor.shape) === String(shape)) return tensor.values
    throw foreign(name)
  }
  const codes = rowsOf(take('categorical', Int32Array, categorical.length, n), n)
  for (const [i, { categories }] of categorical.entries()) {
    if (codes[i]!.some((code) => code < 0 || code >= categories.length))
      throw new ScvaeError('bad-input', `${path} has cells of categories that its model does not have.`)
  }
  const labelCodes = labels && rowsOf(take('labels', Int32Array, labels.length, n), n)
  if (labels?.some(({ categories }, i) => labelCodes![i]!.some((c) => c < -1 || c >= categories.length)))
    throw new ScvaeError('bad-input', `${path} has cells of labels that its model does not have.`)
  const bytes = tensors.get('names')?.values
  const ends = bytes && take('name_ends', Int32Array, n)
  if (ends?.some((end, i) => end < (i === 0 ? 0 : ends[i - 1]!)) || ends?.at(-1) !== bytes?.length)
    throw foreign('name_ends')
  return {
    mean: take('latent_mean', Float32Array, n, config.nLatent),
    variance: take('latent_variance', Float32Array, n, config.nLatent),
    size: take('size', Float32Array, n),
    categorical: codes,
    continuous: rowsOf(take('continuous', Float32Array, continuous.length, n), n),
    ...(labels && { labels: labels.map((column, i) => ({ ...column, codes: labelCodes![i]! })) }),
    ...(ends && { names: namesOf(take('names', Uint8Array, ends.at(-1)!), ends) }),
  }
}

function joined<T extends Int32Array | Float32Array>(
  type: new (length: number) => T,
  columns: readonly T[],
  n: number,
): T {
  const all = new type(columns.length * n)
  for (const [i, column] of columns.entries()) all.set(column, i * n)
  return all
}

/** The rows of a matrix of `n` columns, as views. */
function rowsOf<T extends Int32Array | Float32Array>(values: T, n: number): T[] {
  return Array.from({ length: values.length / n }, (_, i) => values.subarray(i * n, (i + 1) * n) as T)
}

function namesOf(bytes: Uint8Array, ends: Int32Array): string[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return Array.from(ends, (end, i) => text.toString('utf8', i === 0 ? 0 : ends[i - 1]!, end))
}

import { type Data, DataType, Vector } from 'apache-arrow'
import { ScvaeError } from '../../errors.js'
import { damagedElement, encodingOf, singleAttribute } from '../store/nodes.js'
import type { NumericArray, StoreArray, StoreGroup, StoreNode } from '../store/store.js'
import { textOf } from './arrow-columns.js'
import { numbersToArrow, stringsToArrow } from './arrow-data.js'
import { joinCategories, readCodes, readColumn } from './column-encodings.js'

/** A data frame in a file: its columns are known, none is read yet. */
export interface FrameSource {
  /** Name of the index, where it has one other than `_index`. */
  readonly indexName: string | undefined
  readonly columns: readonly string[]
  /** The index as text. */
  names(): Promise<string[]>
  /** @throws ScvaeError `bad-input` for a column that cannot be read */
  column(name: string): Promise<Data>
}

/** The encodings of a data frame that are read; one more is a group without any that names its index. */
const FRAME_ENCODINGS: ReadonlySet<string> = new Set(['dataframe@0.1.0', 'dataframe@0.2.0'])

/** Where categories of data frames without encoding are, in `dataframe` 0.1.0. */
const CATEGORIES_GROUP = '__categories'

/** Records read at a time. */
const SLICE_RECORDS = 20_000

/** A node as a data frame, or undefined where it is none. */
export async function frameSource(
  node: StoreNode,
  root: StoreGroup,
  file: string,
): Promise<FrameSource | undefined> {
  if (node.kind === 'array') {
    return node.dtype === 'compound' && node.shape?.length === 1
      ? new RecordsFrame(node, root, file)
      : undefined
  }
  const encoding = encodingOf(node)
  return encoding !== undefined && FRAME_ENCODINGS.has(encoding)
    ? new GroupFrame(node, await columnNames(node), file)
    : undefined
}

/** The columns of a data frame in the order of its `column-order`, without the index. */
async function columnNames(group: StoreGroup): Promise<string[]> {
  const order = group.attribute('column-order')
  // a frame without columns has an empty float64 attribute
  if (Array.isArray(order)) return order.filter((name) => typeof name === 'string')
  if (typeof order === 'string') return [order]
  const others = [singleAttribute(group, '_index'), CATEGORIES_GROUP]
  return (await group.keys()).filter((name) => !others.includes(name))
}

/** A group with one member a column. */
class GroupFrame implements FrameSource {
  readonly indexName: string | undefined
  readonly columns: readonly string[]
  readonly #group: StoreGroup
  readonly #file: string
  readonly #index: string | undefined

  constructor(group: StoreGroup, columns: readonly string[], file: string) {
    this.#group = group
    this.columns = columns
    this.#file = file
    const index = singleAttribute(group, '_index')
    this.#index = typeof index === 'string' ? index : undefined
    this.indexName = this.#index === '_index' ? undefined : this.#index
  }

  async names(): Promise<string[]> {
    const element = this.#index === undefined ? undefined : await this.#group.child(this.#index)
    if (!element) throw damagedElement(this.#group, this.#file, 'has no index')
    const float = element.kind === 'array' && element.dtype.startsWith('float')
    return indexText(await readColumn(element, this.#file), float)
  }

  async column(name: string): Promise<Data> {
    const element = await this.#group.child(name)
    if (!element) {
      throw new ScvaeError('bad-input', `"${this.#file}": ${this.#group.path}/${name} is missing.`)
    }
    const categories = (await element.reference('categories')) ?? (await this.#categoriesByName(element))
    return categories ? readCodes(element, categories, this.#file) : readColumn(element, this.#file)
  }

  /** Categories that an attribute names by their path beside the column (zarr has no references). */
  async #categoriesByName(element: StoreNode): Promise<StoreNode | undefined> {
    const path = singleAttribute(element, 'categories')
    return typeof path === 'string' ? this.#group.child(path) : undefined
  }
}

/**
 * A compound array, as AnnData before 0.7 wrote it: its first field is the index, and columns of codes have their
 * categories in `uns/<column>_categories`.
 */
class RecordsFrame implements FrameSource {
  readonly indexName: string | undefined
  readonly columns: readonly string[]
  readonly #array: StoreArray
  readonly #root: StoreGroup
  readonly #file: string
  #fields: Promise<(NumericArray | string[] | undefined)[]> | undefined

  constructor(array: StoreArray, root: StoreGroup, file: string) {
    this.#array = array
    this.#root = root
    this.#file = file
    const [index, ...columns] = array.fields.map(({ name }) => name)
    this.indexName = index
    this.columns = columns
  }

  async names(): Promise<string[]> {
    const first = this.#array.fields[0]
    if (!first) throw damagedElement(this.#array, this.#file, 'has no index')
    return indexText(await this.#field(first.name), first.dtype.startsWith('float'))
  }

  async column(name: string): Promise<Data> {
    const data = await this.#field(name)
    const categories = await this.#root.child(`uns/${name}_categories`)
    if (categories?.kind !== 'array' || !DataType.isInt(data.type)) return data
    const levels = await readColumn(categories, this.#file)
    const codes = Int32Array.from(new Vector([data]), Number)
    // numbers that only look like codes stay numbers
    if (codes.some((code) => code >= levels.length)) return data
    return joinCategories(this.#array, codes, levels, false, this.#file)
  }

  async #field(name: string): Promise<Data> {
    this.#fields ??= readRecords(this.#array)
    const at = this.#array.fields.findIndex((field) => field.name === name)
    const values = (await this.#fields)[at]
    const { dtype, shape } = this.#array.fields[at]!
    if (!values || shape)
      throw damagedElement(this.#array, this.#file, `has a column "${name}" of no known type`)
    if (Array.isArray(values)) return stringsToArrow(values, undefined)
    return numbersToArrow(values, dtype, undefined)
  }
}

/** All records of a compound array, field by field; undefined for a field that cannot be read. */
export async function readRecords(array: StoreArray): Promise<(NumericArray | string[] | undefined)[]> {
  array.checkReadable()
  const [n = 1] = array.shape ?? []
  const slices: (NumericArray | string[] | undefined)[][] = []
  for (let start = 0; start < n; start += SLICE_RECORDS) {
    slices.push(await array.readFields(start, Math.min(start + SLICE_RECORDS, n)))
  }
  if (slices.length === 0) slices.push(await array.readFields(0, 0))
  return array.fields.map((_, i) => joinSlices(slices.map((slice) => slice[i])))
}

function joinSlices(
  slices: readonly (NumericArray | string[] | undefined)[],
): NumericArray | string[] | undefined {
  const [first] = slices
  if (slices.length === 1 || first === undefined) return first
  if (Array.isArray(first)) return (slices as string[][]).flat()
  const arrays = slices as NumericArray[]
  const length = arrays.reduce((sum, array) => sum + array.length, 0)
  const all = new (first.constructor as new (n: number) => NumericArray)(length)
  let at = 0
  for (const array of arrays) {
    all.set(array, at)
    at += array.length
  }
  return all
}

/** An index as text, as pandas would write it. */
function indexText(data: Data, float: boolean): string[] {
  return Array.from(new Vector([data]), (value: unknown) => {
    if (value === null) return 'nan'
    return float && Number.isInteger(value) ? `${value}.0` : textOf(value)
  })
}

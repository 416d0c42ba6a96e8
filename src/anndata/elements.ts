import type { Data, Table } from 'apache-arrow'
import type { NumericArray } from './store/store.js'

/** One element of an AnnData file, whole in memory and with nothing of it lost. */
export type Element =
  | ArrayElement
  | StringsElement
  | SparseElementValues
  | FrameElement
  | ColumnElement
  | RecordsElement
  | ScalarElement
  | DictElement

/** A dense numeric array of any number of dimensions, row-major. */
export interface ArrayElement {
  kind: 'array'
  /** numpy's name of the type in the file: `int64` values come as float64, `bool` as 0 and 1. */
  dtype: string
  shape: readonly number[]
  values: NumericArray
}

/** An array of strings of any number of dimensions, row-major. */
export interface StringsElement {
  kind: 'strings'
  shape: readonly number[]
  values: string[]
}

/** A sparse matrix as it is stored: entries in the file's order, explicit zeros among them. */
export interface SparseElementValues {
  kind: 'sparse'
  format: 'csr' | 'csc'
  /** numpy's name of the values' type in the file. */
  dtype: string
  shape: readonly [rows: number, columns: number]
  /** Offsets of the compressed dimension, one more than its positions. */
  pointers: Float64Array
  indices: Int32Array
  values: NumericArray
}

/** A data frame: row names and columns of one Arrow chunk each. */
export interface FrameElement {
  kind: 'frame'
  /** Name of the index, where it has one other than `_index`. */
  indexName?: string
  names: string[]
  table: Table
}

/** A categorical or nullable array outside a data frame. */
export interface ColumnElement {
  kind: 'column'
  values: Data
}

/** A structured array (`rec-array`, compound dataset); fields that cannot be read are left out. */
export interface RecordsElement {
  kind: 'records'
  length: number
  fields: { name: string; dtype: string; values: NumericArray | string[] }[]
}

/** A single value; null is AnnData's `null`. */
export interface ScalarElement {
  kind: 'scalar'
  dtype: string
  value: string | number | boolean | null
}

/** A mapping of names to elements (`uns` and what is in it). */
export interface DictElement {
  kind: 'dict'
  entries: Map<string, Element>
}

/** Everything in an AnnData file. */
export interface AnnDataElements {
  path: string
  nCells: number
  nGenes: number
  /** X: an array or a sparse matrix; missing where the file has none. */
  x?: Element
  obs: FrameElement
  var: FrameElement
  layers: Map<string, Element>
  obsm: Map<string, Element>
  varm: Map<string, Element>
  obsp: Map<string, Element>
  varp: Map<string, Element>
  uns: DictElement
  raw?: { x: Element; var: FrameElement; varm: Map<string, Element> }
  /** One sentence for each element that was left out or looks odd. */
  warnings: string[]
}

/** Dimensions of an element; none for a mapping and a single value. */
export function shapeOf(element: Element): readonly number[] {
  switch (element.kind) {
    case 'array':
    case 'strings':
    case 'sparse':
      return element.shape
    case 'frame':
      return [element.names.length, element.table.numCols]
    case 'column':
      return [element.values.length]
    case 'records':
      return [element.length]
    default:
      return []
  }
}

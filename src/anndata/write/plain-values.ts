import type { Table } from 'apache-arrow'
import { ScvaeError } from '../../errors.js'
import type { DictElement, Element, RecordsElement } from '../elements.js'
import { isTable, oneChunk } from '../frame/one-chunk.js'
import { dtypeOf } from '../store/dtype-of.js'
import type { NumericArray } from '../store/store.js'

/** Columns that are written as one structured array, numpy's `recarray`. */
export class Records {
  readonly fields: readonly { name: string; values: string[] | NumericArray }[]

  /** @param fields all of one length */
  constructor(fields: Readonly<Record<string, string[] | NumericArray>>) {
    this.fields = Object.entries(fields).map(([name, values]) => ({ name, values }))
  }
}

/** What `uns` can be given as: text, numbers, booleans, null, arrays of strings or numbers, tables, records, and mappings of these. */
export type PlainValue =
  | string
  | number
  | boolean
  | null
  | readonly string[]
  | NumericArray
  | Table
  | Records
  | { readonly [name: string]: PlainValue }

/** A mapping of plain values as the element that is written. */
export function dictElement(values: Readonly<Record<string, PlainValue>>, where: string): DictElement {
  const entries = Object.entries(values).map(
    ([name, value]) => [name, plainElement(value, `${where}/${name}`)] as const,
  )
  return { kind: 'dict', entries: new Map(entries) }
}

/** A plain value as the element that is written. */
export function plainElement(value: PlainValue, where: string): Element {
  if (value === null) return { kind: 'scalar', dtype: 'null', value }
  if (typeof value === 'string') return { kind: 'scalar', dtype: 'string', value }
  if (typeof value === 'boolean') return { kind: 'scalar', dtype: 'bool', value }
  if (typeof value === 'number') {
    // Python's int and float
    return { kind: 'scalar', dtype: Number.isSafeInteger(value) ? 'int64' : 'float64', value }
  }
  if (isNumericArray(value)) {
    return { kind: 'array', dtype: dtypeOf(value), shape: [value.length], values: value }
  }
  if (isStrings(value)) return { kind: 'strings', shape: [value.length], values: [...value] }
  if (isTable(value)) {
    const names = Array.from({ length: value.numRows }, (_, i) => String(i))
    return { kind: 'frame', names, table: oneChunk(value) }
  }
  if (value instanceof Records) return recordsElement(value)
  if (isPlainObject(value)) return dictElement(value, where)
  throw new ScvaeError('bad-input', `${where} is of a kind that AnnData cannot hold.`, {
    hint: 'Give text, numbers, booleans, null, arrays of strings, typed arrays, Arrow tables, or objects of these.',
  })
}

function recordsElement({ fields }: Records): RecordsElement {
  return {
    kind: 'records',
    length: fields[0]?.values.length ?? 0,
    fields: fields.map(({ name, values }) => ({
      name,
      dtype: Array.isArray(values) ? 'string' : dtypeOf(values),
      values,
    })),
  }
}

function isNumericArray(value: object): value is NumericArray {
  return ArrayBuffer.isView(value) && /^(Int|Uint|Float)(8|16|32|64)Array$/.test(value.constructor.name)
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function isPlainObject(value: object): value is Readonly<Record<string, PlainValue>> {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

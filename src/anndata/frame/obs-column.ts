import { DataType, type Vector } from 'apache-arrow'
import { ScvaeError } from '../../errors.js'
import type { AnnData } from '../read.js'
import { textOf } from './arrow-columns.js'
import { unknownColumn } from './dataframe.js'

/** An obs column as categories: numbers in numeric order, everything else in the order of its UTF-16 code units. */
export interface ObsCategories {
  /** Position of every cell's category; −1 where the value is missing (null or NaN). */
  codes: Int32Array
  /** The categories that occur, as text. */
  categories: string[]
}

/** What of {@link AnnData} the functions here need. */
type WithObs = Pick<AnnData, 'path' | 'nCells' | 'obs'>

/**
 * Any obs column as categories. Only categories that some cell has are kept, so that a filtered file trains no weight
 * for a batch without cells.
 *
 * @throws ScvaeError `bad-input` when there is no such column, naming those that there are
 */
export function obsColumn(adata: WithObs, name: string): ObsCategories {
  const vector = columnVector(adata, name)
  const codes = new Int32Array(adata.nCells).fill(-1)
  const found = new Map<unknown, number>()
  for (let i = 0; i < codes.length; i++) {
    const item: unknown = vector.get(i)
    const value = typeof item === 'bigint' ? Number(item) : item
    if (value === null || Number.isNaN(value)) continue
    let code = found.get(value)
    if (code === undefined) {
      code = found.size
      found.set(value, code)
    }
    codes[i] = code
  }
  const values = [...found.keys()]
  const order = values.map((_, i) => i)
  if (values.every((value) => typeof value === 'number')) {
    order.sort((a, b) => (values[a] as number) - (values[b] as number))
  } else {
    const texts = values.map(textOf)
    order.sort((a, b) => (texts[a]! < texts[b]! ? -1 : 1))
  }
  const rank = new Int32Array(order.length)
  for (const [position, code] of order.entries()) rank[code] = position
  for (let i = 0; i < codes.length; i++) if (codes[i]! >= 0) codes[i] = rank[codes[i]!]!
  return { codes, categories: order.map((code) => textOf(values[code])) }
}

/**
 * A numeric obs column (booleans as 0 and 1; categories that are numbers too), NaN where a value is missing.
 *
 * @throws ScvaeError `bad-input` when there is no such column or it holds text
 */
export function obsNumbers(adata: WithObs, name: string): Float64Array {
  const vector = columnVector(adata, name)
  const numbers = new Float64Array(adata.nCells)
  for (let i = 0; i < numbers.length; i++) {
    const value: unknown = vector.get(i)
    if (typeof value === 'string') {
      throw new ScvaeError(
        'bad-input',
        `"${adata.path}": the obs column "${name}" holds text ("${value}"), not numbers.`,
      )
    }
    numbers[i] = value === null ? Number.NaN : Number(value)
  }
  return numbers
}

/** The name of a column's type for people: `category`, `string`, `bool`, `int32`, `float64`, … */
export function columnType(type: DataType): string {
  if (DataType.isDictionary(type)) return 'category'
  return DataType.isUtf8(type) ? 'string' : String(type).toLowerCase()
}

function columnVector(adata: WithObs, name: string): Vector {
  const position = adata.obs.schema.fields.findIndex((field) => field.name === name)
  if (position >= 0) {
    const vector = adata.obs.getChildAt(position)!
    // a dictionary decodes its text at every access unless it keeps it
    return DataType.isDictionary(vector.type) ? vector.memoize() : vector
  }
  const columns = adata.obs.schema.fields.map((field) => field.name)
  throw unknownColumn(adata.path, 'obs', name, columns)
}

/** One value for every cell (or gene), in a form that today's AnnData files hold. */
export type Column =
  | { kind: 'float'; values: Float32Array | Float64Array }
  | { kind: 'int'; values: Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array }
  | { kind: 'string'; values: readonly string[] }
  | CategoryColumn

/** Categories and, for every cell, the position of its category; −1 where the value is missing. */
export interface CategoryColumn {
  kind: 'category'
  codes: ArrayLike<number>
  categories: readonly string[] | Int32Array | Float64Array
}

/** A column of numbers, or of flags in bytes. */
export const numberColumn = (values: Float32Array | Float64Array | Uint8Array): Column =>
  values instanceof Uint8Array ? { kind: 'int', values } : { kind: 'float', values }

/** Number of values of a column. */
export function columnLength(column: Column): number {
  return column.kind === 'category' ? column.codes.length : column.values.length
}

import type { Metadata } from 'h5wasm/node'
import { fixedStrings, isNumeric } from '../store/element-bytes.js'
import { type H5Module, stringsAt } from './heap.js'

// HDF5's type classes
const INTEGER = 0
const FLOAT = 1
const STRING = 3
const COMPOUND = 6
export const REFERENCE = 7
const ENUM = 8
export const ARRAY = 10

/** HDF5's padding of strings with spaces. */
const SPACE_PADDED = 2

/** The parts of h5wasm's description of a type that say how its bytes are read. */
export type ElementType = Pick<
  Metadata,
  'type' | 'size' | 'signed' | 'enum_type' | 'vlen' | 'strpad' | 'compound_type'
>

/** numpy's name of a type; `string`, `compound`, or `other` for what is not read. */
export function dtypeOf({ type, size, signed, enum_type, compound_type }: ElementType): string {
  if (type === STRING) return 'string'
  if (type === COMPOUND && compound_type) return 'compound'
  if (type === ENUM && enum_type) {
    const { FALSE, TRUE } = enum_type.members
    if (FALSE === 0 && TRUE === 1 && size === 1) return 'bool'
  }
  const name = `${type === FLOAT ? 'float' : signed ? 'int' : 'uint'}${size * 8}`
  return (type === INTEGER || type === FLOAT || type === ENUM) && isNumeric(name) ? name : 'other'
}

/** Strings from the bytes of their type: pointers into the heap for those of a variable length. All text is UTF-8. */
export function stringsOf(module: H5Module, type: ElementType, bytes: Uint8Array<ArrayBuffer>): string[] {
  if (type.vlen) return stringsAt(module, bytes)
  return fixedStrings(bytes, type.size, type.strpad === SPACE_PADDED)
}

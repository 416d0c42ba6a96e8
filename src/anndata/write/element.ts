import { ScvaeError } from '../../errors.js'
import type { Element, ScalarElement, SparseElementValues } from '../elements.js'
import type { Group } from '../hdf5/hdf5.js'
import type { Retypes } from '../hdf5/retype.js'
import { writeArrowColumn, writeFrame } from './frame.js'
import { isWritableType, writeNumbers } from './numbers.js'
import { setEncoding, writeDict } from './parts.js'
import { type WriteState, writeRecords } from './records.js'

/**
 * Writes any element of AnnData with its encoding.
 *
 * @throws ScvaeError `bad-input` for types, names and lengths that a file cannot hold
 */
export function writeElement(parent: Group, name: string, element: Element, state: WriteState): void {
  const { retypes } = state
  if (name === '' || name.includes('/')) {
    const where = parent.path.slice(1) || 'the file'
    throw new ScvaeError('bad-input', `"${name}" cannot be the name of an element of ${where}.`)
  }
  switch (element.kind) {
    case 'array': {
      const { values, dtype, shape } = element
      setEncoding(writeNumbers(parent, name, values, dtype, shape, retypes), 'array', '0.2.0')
      break
    }
    case 'strings': {
      const dataset = parent.create_dataset({
        name,
        data: element.values,
        shape: [...element.shape],
        dtype: 'S',
      })
      setEncoding(dataset, 'string-array', '0.2.0')
      break
    }
    case 'sparse':
      writeSparse(parent, name, element, retypes)
      break
    case 'frame':
      writeFrame(parent, name, element, retypes)
      break
    case 'column':
      writeArrowColumn(parent, name, element.values, retypes)
      break
    case 'records':
      writeRecords(parent, name, element, state)
      break
    case 'scalar':
      writeScalar(parent, name, element, retypes)
      break
    case 'dict': {
      const group = writeDict(parent, name)
      for (const [key, entry] of element.entries) writeElement(group, key, entry, state)
      break
    }
    default:
      element satisfies never
  }
}

/** A sparse matrix as it is: entries in their order, values of their type. */
function writeSparse(parent: Group, name: string, matrix: SparseElementValues, retypes: Retypes): void {
  const { format, dtype, shape, pointers, indices, values } = matrix
  const group = parent.create_group(name)
  setEncoding(group, `${format}_matrix`, '0.1.0')
  group.create_attribute('shape', BigInt64Array.from(shape, BigInt))
  const wide = values.length > 2 ** 31 - 1
  writeNumbers(group, 'indptr', pointers, wide ? 'int64' : 'int32', [pointers.length], retypes)
  writeNumbers(group, 'indices', indices, 'int32', [indices.length], retypes)
  writeNumbers(group, 'data', values, dtype, [values.length], retypes)
}

function writeScalar(parent: Group, name: string, { dtype, value }: ScalarElement, retypes: Retypes): void {
  if (value === null) {
    const dataset = parent.create_dataset({ name, data: new Float32Array(1), shape: [] })
    setEncoding(dataset, 'null', '0.1.0')
    retypes.add(dataset, 'null')
  } else if (typeof value === 'string') {
    setEncoding(parent.create_dataset({ name, data: value, shape: [], dtype: 'S' }), 'string', '0.2.0')
  } else {
    const type = typeof value === 'boolean' ? 'bool' : isWritableType(dtype) ? dtype : 'float64'
    const dataset = writeNumbers(parent, name, Float64Array.of(Number(value)), type, [], retypes)
    setEncoding(dataset, 'numeric-scalar', '0.2.0')
  }
}

import { ScvaeError } from '../errors.js'
import { SparseElement } from './counts/sparse-element.js'
import type { ArrayElement, Element, RecordsElement, ScalarElement, SparseElementValues } from './elements.js'
import { readColumn } from './frame/column-encodings.js'
import { readColumns } from './frame/dataframe.js'
import { frameSource, readRecords } from './frame/frame-source.js'
import { SlicedArray } from './slices/sliced-array.js'
import { isNumeric } from './store/element-bytes.js'
import { damagedElement, encodingOf, unknownEncoding } from './store/nodes.js'
import { readAllStrings } from './store/read-strings.js'
import type { Store, StoreArray, StoreGroup, StoreNode } from './store/store.js'

/** What the readers of elements hand on: the open file, and the sentences about what was left out. */
export interface ReadContext {
  store: Pick<Store, 'root' | 'file'>
  warnings: string[]
  /** Elements that were read. */
  elements: number
}

type ElementReader = (node: StoreNode, context: ReadContext, depth: number) => Promise<Element>

/** Groups in groups that are followed: a link to a group above would have no end. */
const DEEPEST = 64

/** Elements that are read of one file: with two such links there are as many paths as powers of two. */
const MOST_ELEMENTS = 50_000

/**
 * How each encoding is read, by `encoding-type@encoding-version`. A further encoding is one more entry.
 */
export const ELEMENT_ENCODINGS: Readonly<Record<string, ElementReader>> = {
  'array@0.2.0': readArray,
  'string-array@0.2.0': readArray,
  'csr_matrix@0.1.0': readSparse,
  'csc_matrix@0.1.0': readSparse,
  'dataframe@0.1.0': readDataFrame,
  'dataframe@0.2.0': readDataFrame,
  'categorical@0.2.0': readColumnElement,
  'nullable-integer@0.1.0': readColumnElement,
  'nullable-boolean@0.1.0': readColumnElement,
  'nullable-string-array@0.1.0': readColumnElement,
  'rec-array@0.2.0': readPlainArray,
  'numeric-scalar@0.2.0': readArray,
  'string@0.2.0': readArray,
  'bytes@0.2.0': readArray,
  'null@0.1.0': async () => ({ kind: 'scalar', dtype: 'null', value: null }),
  'dict@0.1.0': readDict,
}

/**
 * Reads an element of any encoding, whole. What carries none is read as AnnData before 0.8 left it. Members of a mapping
 * that cannot be read are left out with one warning each.
 *
 * @throws ScvaeError `bad-input` for an encoding without a reader, or an element that cannot be read
 */
export async function readElement(node: StoreNode, context: ReadContext, depth = 0): Promise<Element> {
  const encoding = encodingOf(node)
  context.elements++
  if (depth > DEEPEST) {
    throw damagedElement(node, context.store.file, `is more than ${DEEPEST} groups deep`)
  }
  const read = encoding === undefined ? legacyReader(node) : ELEMENT_ENCODINGS[encoding]
  if (!read) throw unknownEncoding(node, context.store.file)
  return read(node, context, depth)
}

/** The members of a mapping, those that cannot be read left out with one warning each. */
export async function readMembers(
  group: StoreGroup,
  context: ReadContext,
  depth = 0,
): Promise<Map<string, Element>> {
  const entries = new Map<string, Element>()
  for (const key of await group.keys()) {
    if (context.elements === MOST_ELEMENTS) {
      context.elements++
      context.warnings.push(
        `What follows ${group.path}/${key} is left out: there are more than ${MOST_ELEMENTS} elements.`,
      )
    }
    if (context.elements > MOST_ELEMENTS) break
    const path = group.path ? `${group.path}/${key}` : key
    const element = await orWarning(path, context, async () => {
      const node = await group.child(key)
      if (!node)
        throw new ScvaeError('bad-input', `"${context.store.file}": ${path} is no array and no group.`)
      return readElement(node, context, depth + 1)
    })
    if (element) entries.set(key, element)
  }
  return entries
}

/** What `read` gives, or undefined with one warning where it refuses. */
export async function orWarning<T>(
  path: string,
  context: ReadContext,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof ScvaeError)) throw error
    context.warnings.push(`${path} is left out. ${error.message}`)
    return undefined
  }
}

/** The reader of what carries no encoding. */
function legacyReader(node: StoreNode): ElementReader {
  if (node.kind === 'array') return readPlainArray
  return node.attribute('h5sparse_format') === undefined ? readDict : readSparse
}

async function readArray(node: StoreNode, context: ReadContext): Promise<Element> {
  const { file } = context.store
  if (node.kind !== 'array') throw damagedElement(node, file, 'is a group where an array belongs')
  if (node.shape === undefined) return { kind: 'scalar', dtype: 'null', value: null }
  node.checkReadable()
  if (node.shape.length === 0) return readScalar(node, file)
  if (node.dtype === 'string') {
    return { kind: 'strings', shape: node.shape, values: await readAllStrings(node, file) }
  }
  const { dtype, shape } = node
  const values = await new SlicedArray(node, file).readAll()
  return { kind: 'array', dtype, shape, values } satisfies ArrayElement
}

/** An array that says nothing of itself: records too, and a string that is a list of one as AnnData before 0.7 wrote it. */
async function readPlainArray(node: StoreNode, context: ReadContext): Promise<Element> {
  if (node.kind === 'array' && node.dtype === 'compound' && node.shape) return recordsOf(node)
  const element = await readArray(node, context)
  if (
    node.kind === 'array' &&
    node.fixedLength &&
    element.kind === 'strings' &&
    element.values.length === 1
  ) {
    return { kind: 'scalar', dtype: 'string', value: element.values[0]! }
  }
  return element
}

async function readScalar(node: StoreArray, file: string): Promise<ScalarElement> {
  const { dtype } = node
  if (dtype === 'string') return { kind: 'scalar', dtype, value: (await node.readStrings(0, 1))[0] ?? '' }
  if (!isNumeric(dtype)) throw damagedElement(node, file, 'is of a type that scvae does not read')
  const value = (await node.readNumbers(0, 1))[0]!
  return { kind: 'scalar', dtype, value: dtype === 'bool' ? value !== 0 : value }
}

async function recordsOf(node: StoreArray): Promise<RecordsElement> {
  const values = await readRecords(node)
  const fields = node.fields.flatMap(({ name, dtype, shape }, i) => {
    const field = values[i]
    return field === undefined || shape ? [] : [{ name, dtype, values: field }]
  })
  return { kind: 'records', length: node.shape?.[0] ?? 1, fields }
}

async function readSparse(node: StoreNode, { store }: ReadContext): Promise<SparseElementValues> {
  const { file } = store
  if (node.kind !== 'group') throw damagedElement(node, file, 'is an array where a group belongs')
  const { format, data, indices, pointers, shape } = await SparseElement.open(node, file)
  const others = shape[format === 'csr' ? 1 : 0]
  const positions = await indices.readAll()
  for (let k = 0; k < positions.length; k++) {
    if (positions[k]! >= 0 && positions[k]! < others) continue
    throw damagedElement(node, file, `has the position ${positions[k]} of ${others}`)
  }
  const values = await data.readAll()
  return {
    kind: 'sparse',
    format,
    dtype: data.dtype,
    shape,
    pointers,
    indices: positions instanceof Int32Array ? positions : new Int32Array(positions),
    values,
  }
}

async function readDataFrame(node: StoreNode, { store, warnings }: ReadContext): Promise<Element> {
  const source = await frameSource(node, store.root, store.file)
  if (!source) throw damagedElement(node, store.file, 'is no data frame')
  return { kind: 'frame', ...(await readColumns(source, store.file, node.path, warnings)) }
}

async function readColumnElement(node: StoreNode, { store }: ReadContext): Promise<Element> {
  return { kind: 'column', values: await readColumn(node, store.file) }
}

async function readDict(node: StoreNode, context: ReadContext, depth: number): Promise<Element> {
  if (node.kind !== 'group')
    throw damagedElement(node, context.store.file, 'is an array where a group belongs')
  return { kind: 'dict', entries: await readMembers(node, context, depth) }
}

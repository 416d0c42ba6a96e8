import { sparseFormat } from './counts/sparse-element.js'
import { frameSource } from './frame/frame-source.js'
import { ELEMENT_ENCODINGS } from './read-element.js'
import { encodingOf } from './store/nodes.js'
import type { Store, StoreArray, StoreGroup, StoreNode } from './store/store.js'

/** An element of a file that was looked at, not read. */
export interface ElementSummary {
  /** Where it is: `obsm/X_pca`, `uns/neighbors`. */
  path: string
  /**
   * What it is: `array`, `strings`, `csr_matrix`, `csc_matrix`, `dataframe`, `records`, `mapping`, `scalar`, `null`, a
   * column's encoding (`categorical`, `nullable-integer`, …), or `unknown`, which is not read.
   */
  kind: string
  /** numpy's name of the values' type, where there is one. */
  dtype?: string
  /** Rows and columns of a data frame; the number of members of a mapping. */
  shape?: readonly number[]
}

/** The mappings of an AnnData file. */
const MAPPINGS = ['obsm', 'varm', 'obsp', 'varp', 'uns', 'raw/varm', 'raw.varm']

/** The members of all mappings but layers. */
export async function summarizeMappings(store: Store): Promise<ElementSummary[]> {
  const summaries: ElementSummary[] = []
  for (const path of MAPPINGS) {
    const node = await store.root.child(path)
    if (!node) continue
    // AnnData before 0.7 kept the arrays of a mapping as the fields of one compound array
    if (node.kind === 'array') summaries.push(...fieldSummaries(node))
    else summaries.push(...(await memberSummaries(node, store)))
  }
  return summaries
}

/** Which AnnData wrote a file, as far as its layout tells. */
export async function writtenBy({ root }: Store): Promise<string> {
  if (encodingOf(root)) return 'AnnData 0.8 or later'
  const obs = await root.child('obs')
  return obs?.kind === 'array' ? 'AnnData before 0.7' : 'AnnData 0.7'
}

function fieldSummaries(array: StoreArray): ElementSummary[] {
  return array.fields.map(({ name, dtype, shape }) => ({
    path: `${array.path}/${name}`,
    kind: dtype === 'string' ? 'strings' : 'array',
    dtype,
    shape: [array.shape?.[0] ?? 0, ...(shape ?? [])],
  }))
}

async function memberSummaries(group: StoreGroup, store: Store): Promise<ElementSummary[]> {
  const summaries: ElementSummary[] = []
  for (const key of await group.keys()) {
    const node = await group.child(key)
    const summary = node ? await summarizeNode(node, store) : { kind: 'unknown' }
    summaries.push({ path: `${group.path}/${key}`, ...summary })
  }
  return summaries
}

async function summarizeNode(node: StoreNode, store: Store): Promise<Omit<ElementSummary, 'path'>> {
  const encoding = encodingOf(node)
  if (encoding !== undefined && !(encoding in ELEMENT_ENCODINGS)) return { kind: 'unknown' }
  if (node.kind === 'array') return summarizeArray(node)
  const format = sparseFormat(node)
  if (format) {
    const shape = node.attribute('shape') ?? node.attribute('h5sparse_shape')
    const data = await node.child('data')
    return {
      kind: `${format}_matrix`,
      ...(data?.kind === 'array' && { dtype: data.dtype }),
      ...(Array.isArray(shape) && { shape: shape.map(Number) }),
    }
  }
  const frame = await frameSource(node, store.root, store.file)
  if (frame) return { kind: 'dataframe', shape: [(await frame.names()).length, frame.columns.length] }
  if (encoding === undefined || encoding.startsWith('dict@')) {
    return { kind: 'mapping', shape: [(await node.keys()).length] }
  }
  const values = await node.child(encoding.startsWith('categorical@') ? 'codes' : 'values')
  return {
    kind: encoding.split('@')[0]!,
    ...(values?.kind === 'array' && values.shape && { dtype: values.dtype, shape: values.shape }),
  }
}

function summarizeArray({ dtype, shape }: StoreArray): Omit<ElementSummary, 'path'> {
  if (shape === undefined) return { kind: 'null' }
  if (shape.length === 0) return { kind: 'scalar', dtype }
  if (dtype === 'compound') return { kind: 'records', shape }
  return { kind: dtype === 'string' ? 'strings' : 'array', dtype, shape }
}

import { ScvaeError } from '../../errors.js'

import type { Store, StoreGroup, StoreNode } from './store.js'

/** Refuses a file that is something else than AnnData, in one sentence that says what it has. */
export async function checkLayout({ root, file }: Store): Promise<void> {
  const keys = await root.keys()
  if (keys.includes('obs') && keys.includes('var')) return
  const tenX = await root.child('matrix/barcodes')
  const found = keys.length > 0 ? `it has ${keys.slice(0, 8).join(', ')}` : 'it is empty'
  throw new ScvaeError(
    'bad-input',
    `"${file}" is HDF5 without the layout of AnnData (obs and var): ${found}.`,
    {
      hint: tenX
        ? 'It looks like a 10x matrix: readCounts takes it, and so does scvae fit.'
        : 'scvae reads AnnData, 10x matrices and loom.',
    },
  )
}

/** Shapes of the arrays of `obsm` or `varm`, by name; what has no two-dimensional shape (a data frame) is left out. */
export async function arrayShapes(
  root: StoreGroup,
  name: string,
): Promise<Record<string, [rows: number, cols: number]>> {
  const shapes: Record<string, [number, number]> = {}
  for (const { key, shape } of await mappingShapes(root, name)) {
    if (shape?.length === 2) shapes[key] = [shape[0]!, shape[1]!]
  }
  return shapes
}

/** Keys of a mapping; none where it is missing. */
export async function mappingKeys(root: StoreGroup, name: string): Promise<string[]> {
  const node = await root.child(name)
  if (node?.kind === 'array') return node.fields.map((field) => field.name)
  return (await node?.keys()) ?? []
}

async function mappingShapes(
  root: StoreGroup,
  name: string,
): Promise<{ key: string; shape: readonly number[] | undefined }[]> {
  const node = await root.child(name)
  // AnnData before 0.7 kept the arrays of a mapping as the fields of one compound array
  if (node?.kind === 'array') {
    const length = node.shape?.[0] ?? 0
    return node.fields.map((field) => ({ key: field.name, shape: [length, ...(field.shape ?? [])] }))
  }
  const shapes: { key: string; shape: readonly number[] | undefined }[] = []
  for (const key of (await node?.keys()) ?? []) {
    const child = await node!.child(key)
    if (child) shapes.push({ key, shape: shapeOf(child) })
  }
  return shapes
}

function shapeOf(node: StoreNode): readonly number[] | undefined {
  if (node.kind === 'array') return node.shape
  const shape = node.attribute('shape') ?? node.attribute('h5sparse_shape')
  return Array.isArray(shape) ? shape.map(Number) : undefined
}

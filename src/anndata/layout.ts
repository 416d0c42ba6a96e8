import { ScvaeError } from '../errors.js'
import { attribute, child, childGroup, type Group, isDataset } from './hdf5.js'

/** Refuses an HDF5 file that is something else than AnnData, in one sentence that says what it has. */
export function checkLayout(root: Group, file: string): void {
  const keys = root.keys()
  if (keys.includes('obs') && keys.includes('var')) return
  const tenX = childGroup(root, 'matrix')?.keys().includes('barcodes')
  const found = keys.length > 0 ? `it has ${keys.slice(0, 8).join(', ')}` : 'it is empty'
  throw new ScvaeError(
    'bad-input',
    `"${file}" is HDF5 without the layout of AnnData (obs and var): ${found}.`,
    {
      hint: tenX
        ? 'It looks like a 10x matrix: convert it once with scanpy.read_10x_h5 and write_h5ad.'
        : 'scvae reads .h5ad files.',
    },
  )
}

/** Shapes of the arrays of `obsm` or `varm`, by name; what has no two-dimensional shape (a data frame) is left out. */
export function arrayShapes(root: Group, name: string): Record<string, [rows: number, cols: number]> {
  const group = childGroup(root, name)
  const shapes: Record<string, [number, number]> = {}
  for (const key of group?.keys() ?? []) {
    const element = child(group!, key)
    if (!element) continue
    const shape = isDataset(element) ? element.shape : attribute(element, 'shape')
    if (Array.isArray(shape) && shape.length === 2) shapes[key] = [Number(shape[0]), Number(shape[1])]
  }
  return shapes
}

/** Keys of a mapping group; none where it is missing. */
export function groupKeys(root: Group, name: string): string[] {
  return childGroup(root, name)?.keys() ?? []
}

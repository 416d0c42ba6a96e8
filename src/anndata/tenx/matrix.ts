import { ScvaeError } from '../../errors.js'
import type { CountMatrix } from '../counts/counts.js'
import { LocatedScan } from '../counts/located-scan.js'
import { RowBlocks } from '../counts/row-blocks.js'
import type { StoredValues } from '../counts/stored-values.js'
import { SliceReader } from '../slices/reader.js'
import { SlicedArray } from '../slices/sliced-array.js'
import type { NumericArray, StoreGroup } from '../store/store.js'

/** What is known of a 10x matrix from its names. */
interface Layout {
  nCells: number
  nFeatures: number
  /** Features that are kept. */
  nGenes: number
  /** New position of every feature, −1 for one that is left out; undefined where all are kept. */
  newGene: Int32Array | undefined
}

/**
 * Reads `data`, `indices` and `indptr` of a 10x group: by the file's word columns of a genes × cells matrix, which are
 * rows of cells × genes.
 *
 * @throws ScvaeError `bad-input` when the parts do not fit each other or the names
 */
export async function readTenXMatrix(
  group: StoreGroup,
  file: string,
  layout: Layout,
): Promise<{ counts: CountMatrix; values: StoredValues }> {
  const { nCells, nFeatures, nGenes, newGene } = layout
  const damaged = (what: string) =>
    new ScvaeError('bad-input', `"${file}": ${group.path} is a damaged 10x matrix: ${what}.`, {
      hint: 'Copy or download the file again.',
    })
  const part = async (name: string) => {
    const node = await group.child(name)
    if (node?.kind !== 'array' || node.shape?.length !== 1) throw damaged(`it has no list ${name}`)
    return new SlicedArray(node, file)
  }
  const shape = await (await part('shape')).readAll()
  if (shape.length !== 2 || shape[0] !== nFeatures || shape[1] !== nCells) {
    throw damaged(`its shape is ${shape.join(' × ')} for ${nFeatures} features and ${nCells} barcodes`)
  }
  const data = await part('data')
  const indices = await part('indices')
  if (indices.length !== data.length) {
    throw damaged(`it has ${indices.length} indices for ${data.length} values`)
  }
  const indptr = await part('indptr')
  if (indptr.length !== nCells + 1) throw damaged(`indptr has ${indptr.length} values for ${nCells} barcodes`)
  const pointers = await indptr.readAll()
  for (let i = 0; i <= nCells; i++) {
    const least = i === 0 ? 0 : pointers[i - 1]!
    if (!(pointers[i]! >= least && pointers[i]! <= data.length)) throw damaged('indptr does not ascend')
  }
  if (pointers[0] !== 0 || pointers[nCells] !== data.length) {
    throw damaged(`indptr runs from ${pointers[0]} to ${pointers[nCells]} for ${data.length} values`)
  }

  const blocks = new RowBlocks(nCells, nGenes)
  const scan = new LocatedScan()
  let cell = 0
  const slices = new SliceReader(data, indices).run('numbers', () => ({ arrays: 2 }))
  for await (const { region, result } of slices) {
    const [start, stop] = region.rows
    const [values, features] = result.values as [NumericArray, NumericArray]
    // entries that are kept move up, in place
    const cells = new Int32Array(stop - start)
    const genes = new Int32Array(stop - start)
    let kept = 0
    for (let k = 0; k < values.length; k++) {
      while (pointers[cell + 1]! <= start + k) cell++
      const feature = features[k]!
      if (!(feature >= 0 && feature < nFeatures)) throw damaged(`feature position ${feature} of ${nFeatures}`)
      const gene = newGene ? newGene[feature]! : feature
      if (gene < 0) continue
      const value = values[k]!
      cells[kept] = cell
      genes[kept] = gene
      values[kept++] = value
      blocks.add(cell, gene, value)
    }
    scan.add(values.subarray(0, kept), (k) => ({ cell: cells[k]!, gene: genes[k]! }))
  }
  return { counts: blocks.finish(), values: scan.values }
}

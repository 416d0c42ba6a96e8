import { extname } from 'node:path'
import { openFrame } from '../../anndata/frame/dataframe.js'
import { withAnnData } from '../../anndata/mudata/modality.js'
import { detectFormat } from '../../anndata/read-any.js'
import { readElement } from '../../anndata/read-element.js'
import { childGroup } from '../../anndata/store/nodes.js'
import type { Store } from '../../anndata/store/store.js'
import { refuseExisting } from '../../anndata/write/beside.js'
import type { AnnDataFile } from '../../anndata/write/copy.js'
import { keysOfFile } from '../../anndata/write/file-keys.js'
import type { FileKeys } from '../../anndata/write/own-keys.js'
import { ScvaeError } from '../../errors.js'
import type { Matrix } from '../../numeric/matrix.js'
import { sameFile } from '../outputs.js'

/** Fewer cells than this have no neighbourhoods. */
const FEWEST_CELLS = 4

/** A file with positions of its cells, and those cells that have one. */
export interface FittedFile extends AnnDataFile {
  keys: FileKeys
  /** All cells of the file. */
  nCells: number
  /** Those that have a position, ascending. */
  cells: Int32Array
  /** Their positions, cells × dimensions. */
  points: Matrix
}

/** Where positions are read and the copy is written. */
export interface FittedSettings {
  file: string
  modality: string | undefined
  useRep: string
  output: string
  overwrite: boolean
}

/**
 * Reads the positions of a file's cells, such as `obsm/X_scvae`; cells with NaN there have none. What is asked of the output
 * is checked first.
 *
 * @throws ScvaeError `usage` for an output that cannot be written, `bad-input` for a file without such positions
 */
export async function readFitted(settings: FittedSettings): Promise<FittedFile> {
  const { file, useRep, output, overwrite } = settings
  if (!['.h5ad', '.h5mu'].includes(extname(output))) {
    throw new ScvaeError('usage', `-o must end in .h5ad or .h5mu, not "${output}".`)
  }
  if (sameFile(output, file)) {
    throw new ScvaeError('usage', `"${output}" is the input file, which is never written to.`)
  }
  refuseExisting(output, overwrite)
  const format = await detectFormat(file)
  if (format !== 'h5ad' && format !== 'zarr') {
    throw new ScvaeError('usage', `"${file}" is no AnnData file, so it has no positions of cells.`, {
      hint: 'Take the file that scvae fit has written.',
    })
  }
  return withAnnData(file, settings.modality, async (store) => {
    const all = await readPositions(store, useRep, '--use-rep')
    const nCells = all.rows
    const { cells, points } = withPosition(all)
    if (cells.length < FEWEST_CELLS) {
      throw new ScvaeError('bad-input', `obsm/${useRep} of "${file}" has positions of ${cells.length} cells.`)
    }
    const modality = store.modality?.name
    return {
      ...{ path: file, format, warnings: [], ...(modality !== undefined && { modality }) },
      ...{ keys: await keysOfFile({ path: file, ...(modality !== undefined && { modality }) }) },
      ...{ nCells, cells, points },
    }
  })
}

/**
 * A matrix of obsm with a row for each cell.
 *
 * @param option what names such a matrix on the command line
 * @throws ScvaeError `bad-input` where there is none, naming those that there are
 */
export async function readPositions(store: Store, key: string, option: string): Promise<Matrix> {
  const { file } = store
  const node = await store.root.child(`obsm/${key}`)
  if (!node) {
    const names = (await (await childGroup(store.root, 'obsm'))?.keys()) ?? []
    throw new ScvaeError('bad-input', `"${file}" has no obsm/${key}.`, {
      hint: names.length > 0 ? `${option} takes one of ${names.join(', ')}.` : 'Fit the file first.',
    })
  }
  const element = await readElement(node, { store, warnings: [], elements: 0 })
  const nCells = (await (await openFrame(store, 'obs')).names()).length
  if (element.kind !== 'array' || element.shape.length !== 2 || element.shape[0] !== nCells) {
    throw new ScvaeError('bad-input', `obsm/${key} of "${file}" is no matrix with a row for each cell.`)
  }
  return { values: Float32Array.from(element.values, Number), rows: nCells, columns: element.shape[1]! }
}

/** The rows without NaN. */
function withPosition({ values, rows, columns }: Matrix): { cells: Int32Array; points: Matrix } {
  const row = (i: number) => values.subarray(i * columns, (i + 1) * columns)
  const cells = Int32Array.from({ length: rows }, (_, i) => i).filter((i) => !row(i).some(Number.isNaN))
  const points = new Float32Array(cells.length * columns)
  for (const [i, cell] of cells.entries()) points.set(row(cell), i * columns)
  return { cells, points: { values: points, rows: cells.length, columns } }
}

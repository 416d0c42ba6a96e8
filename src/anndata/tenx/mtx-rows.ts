import { ScvaeError } from '../../errors.js'
import type { Rows } from './dialects.js'
import type { MtxFile } from './mtx-file.js'
import type { MtxFiles } from './mtx-folder.js'

/** Names that were read, as far as there are any. */
interface Named {
  features: { names: readonly string[] } | undefined
  cells: { names: readonly string[] } | undefined
}

const OTHER: Readonly<Record<Rows, Rows>> = { genes: 'cells', cells: 'genes' }

/**
 * What the rows of a matrix are: by the option, else by the number of names, else by the dialect.
 *
 * @throws ScvaeError `bad-input` where the names do not fit the matrix, and where nothing tells
 */
export async function decideRows(
  mtx: MtxFile,
  files: MtxFiles,
  { features, cells }: Named,
  options: { transpose?: boolean; features?: string; barcodes?: string },
  warnings: string[],
): Promise<Rows> {
  const { path, size } = mtx
  const told = options.transpose === undefined ? undefined : options.transpose ? 'cells' : 'genes'
  const isTold = told !== undefined || options.features !== undefined || options.barcodes !== undefined
  if (!isTold && (!features || !cells)) {
    // names would not help a matrix that is damaged
    await mtx.check()
    throw nameless(mtx, files)
  }
  const fits = (rows: Rows) => {
    const [nGenes, nCells] = rows === 'genes' ? [size.rows, size.columns] : [size.columns, size.rows]
    return (features?.names.length ?? nGenes) === nGenes && (cells?.names.length ?? nCells) === nCells
  }
  const fitting = (['genes', 'cells'] as const).filter(fits)
  if (fitting.length === 0) throw unfitting(mtx, files, { features, cells })
  if (told) {
    if (fits(told)) return told
    const names = `"${files.features ?? files.barcodes}"`
    throw new ScvaeError(
      'bad-input',
      `"${path}" is ${size.rows} × ${size.columns}: by the number of names in ${names}, its rows are ${OTHER[told]}, not ${told}.`,
      { hint: `Leave out ${told === 'cells' ? '--transpose' : '--no-transpose'}.` },
    )
  }
  const usual = files.dialect?.rows
  if (fitting.length === 2) {
    if (usual) return usual
    throw new ScvaeError(
      'bad-input',
      `"${path}" is ${size.rows} × ${size.columns}, and its names fit both ways: nothing says which side is genes.`,
      { hint: 'Give --transpose where rows are cells, --no-transpose where rows are genes.' },
    )
  }
  const [rows] = fitting
  if (usual && rows !== usual) {
    warnings.push(
      `The rows of "${path}" are ${rows}, by the number of its names; ${files.dialect!.name} writes ${usual} as rows.`,
    )
  }
  return rows!
}

function nameless({ path, size }: MtxFile, { missing, features, barcodes }: MtxFiles): ScvaeError {
  const what = `Beside "${path}" there is no ${missing} (.gz or not)`
  if (features || barcodes) {
    return new ScvaeError('bad-input', `${what}.`, {
      hint: `It names the ${features ? 'cells' : 'genes'}: copy it there too, or give another with ${features ? '--barcodes' : '--features'} FILE.`,
    })
  }
  return new ScvaeError(
    'bad-input',
    `${what}: nothing says which side of its ${size.rows} × ${size.columns} is genes.`,
    {
      hint: 'Give --features FILE and --barcodes FILE; or, with numbers for names, --transpose where rows are cells and --no-transpose where rows are genes.',
    },
  )
}

function unfitting({ path, size }: MtxFile, files: MtxFiles, { features, cells }: Named): ScvaeError {
  const genes = features && `"${files.features}" names ${features.names.length} genes`
  const barcodes = cells && `"${files.barcodes}" ${genes ? '' : 'names '}${cells.names.length} cells`
  return new ScvaeError(
    'bad-input',
    `"${path}" is ${size.rows} × ${size.columns}, but ${[genes, barcodes].filter(Boolean).join(' and ')}.`,
    { hint: 'The three files must come from one matrix.' },
  )
}

import { chmodSync, copyFileSync, statSync } from 'node:fs'
import { ScvaeError } from '../../errors.js'
import type { Matrix } from '../../numeric/matrix.js'
import type { Column } from '../frame/column.js'
import { openFrame } from '../frame/dataframe.js'
import { child, childGroup, type Group, withH5File } from '../hdf5/hdf5.js'
import { Hdf5Group } from '../hdf5/store.js'
import { checkOptionKeys } from '../option-keys.js'
import { rewriteHint } from '../store/readable.js'
import { checkRows, writeMatrix } from './anndata.js'
import { writeBeside } from './beside.js'
import { checkColumn, setColumnOrder, writeColumn, writeDict } from './parts.js'
import { replaceColumn, replaceMatrix } from './replace.js'

/** What {@link appendAnnData} adds, in the order of the file. */
export interface Additions {
  /** One row a cell. */
  obsm?: Readonly<Record<string, Matrix>>
  /** One value a cell. */
  obs?: Readonly<Record<string, Column>>
  /** One row a gene. */
  varm?: Readonly<Record<string, Matrix>>
}

/**
 * Copies an `.h5ad` file and adds obsm and varm arrays and obs columns to the copy; all else stays byte for byte what it was.
 *
 * A key that exists already is filled anew where it has the same type and size. HDF5 through h5wasm cannot delete, so
 * any other is an error.
 *
 * @param source the file to copy, never changed (unless it is the target)
 * @param target the file to make, written beside and renamed
 * @throws ScvaeError `bad-input` when an addition does not fit the file or a key that is there, `usage` when the target
 * exists and `overwrite` is not set; the target is then as it was
 */
export async function appendAnnData(
  source: string,
  target: string,
  additions: Additions,
  options: { overwrite?: boolean } = {},
): Promise<void> {
  checkOptionKeys('appendAnnData', additions, ['obsm', 'obs', 'varm'])
  checkOptionKeys('appendAnnData', options, ['overwrite'])
  await writeBeside(
    target,
    async (temporary) => {
      await withH5File(source, 'r', () => copyFileSync(source, temporary))
      // a copy takes the mode of its source, which may be read-only
      chmodSync(temporary, statSync(source).mode | 0o200)
      await withH5File(temporary, 'a', (file) => add(file, source, additions))
    },
    options,
  )
}

async function add(
  file: Group,
  source: string,
  { obsm = {}, obs = {}, varm = {} }: Additions,
): Promise<void> {
  const store = { root: new Hdf5Group(file, source), file: source }
  const stored = await openFrame(store, 'obs')
  const nCells = (await stored.names()).length
  const frame = childGroup(file, 'obs')
  if (!frame) {
    throw new ScvaeError(
      'bad-input',
      `"${source}": obs is a compound table, as AnnData before 0.7 wrote it, to which no column can be added.`,
      { hint: rewriteHint(source) },
    )
  }
  // all checks come before the first change
  for (const [name, matrix] of Object.entries(obsm)) checkRows('obsm', name, matrix, nCells)
  if (Object.keys(varm).length > 0) {
    const nGenes = (await (await openFrame(store, 'var')).names()).length
    for (const [name, matrix] of Object.entries(varm)) checkRows('varm', name, matrix, nGenes)
  }
  for (const [name, column] of Object.entries(obs)) checkColumn('obs', name, column, nCells)

  const order = [...stored.columns]
  for (const [name, column] of Object.entries(obs)) {
    const existing = child(frame, name)
    if (existing) await replaceColumn(existing, column, source)
    else writeColumn(frame, name, column)
    if (!order.includes(name)) order.push(name)
  }
  setColumnOrder(frame, order)

  addMatrices(file, 'obsm', obsm, source)
  addMatrices(file, 'varm', varm, source)
}

function addMatrices(
  file: Group,
  mapping: 'obsm' | 'varm',
  matrices: Readonly<Record<string, Matrix>>,
  source: string,
): void {
  if (Object.keys(matrices).length === 0) return
  const group = childGroup(file, mapping) ?? writeDict(file, mapping)
  for (const [name, matrix] of Object.entries(matrices)) {
    const existing = child(group, name)
    if (existing) replaceMatrix(existing, matrix, source)
    else writeMatrix(group, name, matrix)
  }
}

import { ScvaeError } from '../../errors.js'
import { type AnnDataElements, type Element, shapeOf } from '../elements.js'
import { type Group, loadLibrary, withH5File } from '../hdf5/hdf5.js'
import { Retypes } from '../hdf5/retype.js'
import { checkOptionKeys } from '../option-keys.js'
import { writeBeside } from './beside.js'
import { writeElement } from './element.js'
import { writeFrame } from './frame.js'
import { setEncoding, writeDict } from './parts.js'
import type { WriteState } from './records.js'

/**
 * Writes a whole AnnData file from its elements, as `readElements` gives them.
 *
 * Arrays are gzip chunks of half a MB; slices of 16 MB are converted at a time. Types are kept, 64-bit integers, booleans and
 * half floats too.
 *
 * @param path the `.h5ad` file to make, written beside and renamed
 * @returns one sentence for each thing that is not written as it was
 * @throws ScvaeError `bad-input` for elements that do not fit the numbers of cells and genes or that a file cannot hold,
 * `usage` when the file exists and `overwrite` is not set
 */
export async function writeElements(
  path: string,
  elements: Omit<AnnDataElements, 'path' | 'warnings'>,
  options: { overwrite?: boolean } = {},
): Promise<string[]> {
  checkOptionKeys('writeElements', options, ['overwrite'])
  checkShapes(elements)
  return writeBeside(
    path,
    (temporary) => writeNewFile(temporary, (file, state) => fillAnnData(file, elements, state)),
    options,
  )
}

/** Makes an HDF5 file with the root of AnnData or MuData; the types that wait for its end are given when it is closed. */
export async function writeNewFile(
  path: string,
  fillRoot: (file: Group, state: WriteState) => void | Promise<void>,
  encoding: 'anndata' | 'MuData' = 'anndata',
): Promise<string[]> {
  const state: WriteState = {
    module: await (await loadLibrary()).ready,
    retypes: new Retypes(),
    warnings: [],
  }
  await withH5File(path, 'w', async (file) => {
    setEncoding(file, encoding, '0.1.0')
    await fillRoot(file, state)
  })
  state.retypes.apply(path)
  return state.warnings
}

const MAPPINGS = ['layers', 'obsm', 'varm', 'obsp', 'varp'] as const

/** Writes the elements of an AnnData file into an empty group. */
export function fillAnnData(
  file: Group,
  elements: Omit<AnnDataElements, 'path' | 'warnings'>,
  state: WriteState,
): void {
  const { x, obs, var: variables, uns, raw } = elements
  if (x) writeElement(file, 'X', x, state)
  writeFrame(file, 'obs', obs, state.retypes)
  writeFrame(file, 'var', variables, state.retypes)
  for (const name of MAPPINGS) writeMapping(file, name, elements[name], state)
  writeElement(file, 'uns', uns, state)
  if (!raw) return
  const group = file.create_group('raw')
  setEncoding(group, 'raw', '0.1.0')
  writeElement(group, 'X', raw.x, state)
  writeFrame(group, 'var', raw.var, state.retypes)
  writeMapping(group, 'varm', raw.varm, state)
}

function writeMapping(
  parent: Group,
  name: string,
  entries: ReadonlyMap<string, Element>,
  state: WriteState,
): void {
  const group = writeDict(parent, name)
  for (const [key, element] of entries) writeElement(group, key, element, state)
}

/** Refuses elements that anndata would refuse to read together. */
export function checkShapes(elements: Omit<AnnDataElements, 'path' | 'warnings'>): void {
  const { nCells, nGenes, x, obs, var: variables, raw } = elements
  const check = (name: string, element: Element, wanted: readonly number[]) => {
    // a data frame fits by its rows where any number of columns does
    const got = shapeOf(element).slice(0, wanted.length)
    if (wanted.every((n, i) => got[i] === n)) return
    throw new ScvaeError(
      'bad-input',
      `${name} is ${got.length > 0 ? got.join(' × ') : 'no array'} where ${wanted.join(' × ')} belongs.`,
    )
  }
  check('obs', obs, [nCells])
  check('var', variables, [nGenes])
  if (x) check('X', x, [nCells, nGenes])
  const dimensions = {
    layers: [nCells, nGenes],
    obsm: [nCells],
    varm: [nGenes],
    obsp: [nCells, nCells],
    varp: [nGenes, nGenes],
  }
  for (const mapping of MAPPINGS) {
    for (const [key, element] of elements[mapping]) check(`${mapping}/${key}`, element, dimensions[mapping])
  }
  if (raw) check('raw/X', raw.x, [nCells, raw.var.names.length])
}

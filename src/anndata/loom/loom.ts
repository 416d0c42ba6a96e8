import { type Data, DataType, type Table, Vector } from 'apache-arrow'
import { ScvaeError } from '../../errors.js'
import { assembleAnnData } from '../assemble.js'
import { numbersToArrow, stringsToArrow } from '../frame/arrow-data.js'
import { arrowTable } from '../frame/arrow-table.js'
import { unknownColumn } from '../frame/dataframe.js'
import { nearestList } from '../frame/nearest.js'
import { checkOptionKeys } from '../option-keys.js'
import type { AnnData } from '../read.js'
import { SlicedArray } from '../slices/sliced-array.js'
import { isNumeric } from '../store/element-bytes.js'
import { readAllStrings } from '../store/read-strings.js'
import type { Store, StoreArray, StoreGroup } from '../store/store.js'
import { readLoomMatrix } from './matrix.js'
import { CELL_ATTRIBUTES, GENE_ATTRIBUTES, type NameAttributes, nameAttribute } from './name-attributes.js'

/** Options of {@link readLoom}. */
export interface LoomOptions {
  /** Counts from `layers/<name>` instead of the matrix. */
  layer?: string
  /** Only these column attributes. */
  obs?: string[]
}

/** Whether an HDF5 file is laid out as loom is. */
export async function isLoom(root: StoreGroup): Promise<boolean> {
  const matrix = await root.child('matrix')
  const kinds = await Promise.all(['row_attrs', 'col_attrs'].map((name) => root.child(name)))
  return matrix?.kind === 'array' && kinds.every((node) => node?.kind === 'group')
}

/**
 * Reads a loom file of version 2 or 3: its genes × cells matrix or a layer as sparse cells × genes, column attributes as
 * obs, row attributes as var. Attributes of several dimensions are left out with a warning.
 *
 * @throws ScvaeError `bad-input` for a file that is not loom or damaged, and a layer or column that is not there; `usage`
 * for an unknown option
 */
export async function readLoom(store: Store, options: LoomOptions = {}): Promise<AnnData> {
  checkOptionKeys('readLoom', options, ['layer', 'obs'])
  const { file, root } = store
  if (!(await isLoom(root))) {
    throw new ScvaeError(
      'bad-input',
      `"${file}" lacks the parts of a loom file (matrix, row_attrs, col_attrs).`,
    )
  }
  const warnings: string[] = []
  const matrix = await chooseMatrix(store, options.layer)
  const { shape = [] } = matrix
  if (shape.length !== 2) {
    throw new ScvaeError('bad-input', `"${file}": ${matrix.path} has ${shape.length} dimensions, not two.`)
  }
  const [nGenes, nCells] = shape as [number, number]
  const frame = (name: string, known: NameAttributes, length: number, only?: readonly string[]) =>
    readAttributes(store, name, { known, length, warnings, ...(only && { only }) })
  const obs = await frame('col_attrs', CELL_ATTRIBUTES, nCells, options.obs)
  const variables = await frame('row_attrs', GENE_ATTRIBUTES, nGenes)
  const { counts, values } = await readLoomMatrix(new SlicedArray(matrix, file))
  return assembleAnnData({
    path: file,
    obs: obs.table,
    obsNames: obs.names,
    var: variables.table,
    varNames: variables.names,
    counts,
    values,
    warnings,
    countsSource: options.layer === undefined ? 'X' : `layers/${options.layer}`,
  })
}

async function chooseMatrix({ root, file }: Store, layer: string | undefined): Promise<StoreArray> {
  const group = await root.child('layers')
  const layers = group?.kind === 'group' ? await group.keys() : []
  const node = layer === undefined ? await root.child('matrix') : await root.child(`layers/${layer}`)
  if (node?.kind === 'array') return node
  throw new ScvaeError('bad-input', `"${file}" has no layer "${layer}".`, {
    hint:
      layers.length > 0
        ? `Its layers, nearest first: ${nearestList(layer!, layers)}.`
        : 'It has no layers at all.',
  })
}

interface Reading {
  known: NameAttributes
  length: number
  warnings: string[]
  only?: readonly string[]
}

async function readAttributes(
  { root, file }: Store,
  groupName: string,
  { known, length, warnings, only }: Reading,
): Promise<{ names: string[]; table: Table }> {
  const group = (await root.child(groupName)) as StoreGroup
  const keys = await group.keys()
  const index = nameAttribute(keys, known)
  const columns = keys.filter((key) => key !== index)
  for (const name of only ?? []) if (!columns.includes(name)) throw unknownColumn(file, 'obs', name, columns)
  const read: (readonly [string, Data])[] = []
  const wide: string[] = []
  for (const name of only ?? columns) {
    const node = await group.child(name)
    if (node?.kind === 'array' && (node.shape?.length ?? 0) > 1) {
      wide.push(name)
      continue
    }
    try {
      read.push([columnName(name, keys, known), await readAttribute(group, name, length, file)])
    } catch (error) {
      if (!(error instanceof ScvaeError)) throw error
      warnings.push(`The attribute "${name}" is left out. ${error.message}`)
    }
  }
  if (wide.length > 0)
    warnings.push(`Attributes of several dimensions are left out: ${wide.join(', ')} (${groupName}).`)
  const table = arrowTable(read, length)
  if (index !== undefined) {
    const data = await readAttribute(group, index, length, file)
    return { names: Array.from(new Vector([data]), String), table }
  }
  const { what, usual } = known
  const telling = only ? undefined : tellingColumn(read)
  if (telling) {
    const [name, names] = telling
    warnings.push(`${groupName} has no ${usual}: the ${what} names are those of "${name}", which all differ.`)
    return { names, table }
  }
  warnings.push(`${groupName} has no ${usual}: ${what} names are numbers.`)
  return { names: Array.from({ length }, (_, i) => String(i)), table }
}

/** Under which name an attribute becomes a column. */
function columnName(name: string, keys: readonly string[], { renamed }: NameAttributes): string {
  const other = renamed[name]
  return other === undefined || keys.includes(other) ? name : other
}

/** The one column of text that differs in every row, with its values. */
function tellingColumn(
  columns: readonly (readonly [string, Data])[],
): [name: string, values: string[]] | undefined {
  const found: [string, string[]][] = []
  for (const [name, data] of columns) {
    if (!DataType.isUtf8(data.type) || data.length < 2) continue
    const values = Array.from(new Vector([data]), String)
    if (new Set(values).size === values.length) found.push([name, values])
  }
  return found.length === 1 ? found[0] : undefined
}

/** One attribute as an Arrow chunk. */
async function readAttribute(group: StoreGroup, name: string, length: number, file: string): Promise<Data> {
  const node = await group.child(name)
  if (
    node?.kind !== 'array' ||
    node.shape?.length !== 1 ||
    !(node.dtype === 'string' || isNumeric(node.dtype))
  ) {
    throw new ScvaeError('bad-input', `"${file}": ${group.path}/${name} is no list of text or numbers.`)
  }
  if (node.shape[0] !== length) {
    throw new ScvaeError(
      'bad-input',
      `"${file}": ${node.path} has ${node.shape[0]} values where the matrix has ${length}.`,
    )
  }
  if (node.dtype === 'string') {
    return stringsToArrow((await readAllStrings(node, file)).map(withoutReferences), undefined)
  }
  return numbersToArrow(await new SlicedArray(node, file).readAll(), node.dtype, undefined)
}

/** Text as it was before loom 2 made it ASCII: other characters are there as XML's decimal references. */
function withoutReferences(text: string): string {
  return text.replace(/&#(\d{1,7});/g, (reference, digits: string) =>
    Number(digits) <= 0x10ffff ? String.fromCodePoint(Number(digits)) : reference,
  )
}

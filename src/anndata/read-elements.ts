import { DataType } from 'apache-arrow'
import { ScvaeError } from '../errors.js'
import { pathInFile } from './counts/count-sources.js'
import {
  type AnnDataElements,
  type DictElement,
  type Element,
  type FrameElement,
  shapeOf,
} from './elements.js'
import { openFrame, readColumns } from './frame/dataframe.js'
import { readRecords } from './frame/frame-source.js'
import { warnIfRepeated } from './frame/repeated-names.js'
import { orWarning, type ReadContext, readElement, readMembers } from './read-element.js'
import { checkLayout } from './store/layout.js'
import type { Store, StoreArray } from './store/store.js'

/** Which parts of a file are read. */
export interface ReadParts {
  /** Whether X, layers and raw are, which are most of a file. */
  matrices: boolean
}

/**
 * Reads everything in an AnnData file, whole in memory. What cannot be read is left out with one warning each.
 *
 * @throws ScvaeError `bad-input` for a file that is not AnnData, or whose obs or var cannot be read
 */
export async function readElements(
  store: Store,
  { matrices }: ReadParts = { matrices: true },
): Promise<AnnDataElements> {
  await checkLayout(store)
  const context: ReadContext = { store, warnings: [], elements: 0 }
  const { warnings } = context
  const obs = await frameAt('obs', context)
  const variables = await frameAt('var', context)
  const nCells = obs.names.length
  const nGenes = variables.names.length
  warnIfRepeated(obs.names, 'cell', warnings)
  warnIfRepeated(variables.names, 'gene', warnings)
  const x = matrices ? await matrixAt('X', nCells, nGenes, context) : undefined
  const raw = matrices ? await readRaw(nCells, context) : undefined
  const mapping = (name: string, rows: number, columns?: number) => mappingAt(name, context, rows, columns)
  return {
    path: store.file,
    nCells,
    nGenes,
    ...(x && { x }),
    obs,
    var: variables,
    layers: matrices ? await mapping('layers', nCells, nGenes) : new Map(),
    obsm: await mapping('obsm', nCells),
    varm: await mapping('varm', nGenes),
    obsp: await mapping('obsp', nCells, nCells),
    varp: await mapping('varp', nGenes, nGenes),
    uns: await readUns(obs, variables, context),
    ...(raw && { raw }),
    warnings,
  }
}

async function frameAt(path: string, { store, warnings }: ReadContext): Promise<FrameElement> {
  return { kind: 'frame', ...(await readColumns(await openFrame(store, path), store.file, path, warnings)) }
}

/** X of the file or of raw; undefined where there is none or it cannot be read. */
async function matrixAt(
  path: string,
  rows: number,
  columns: number,
  context: ReadContext,
): Promise<Element | undefined> {
  const node = await context.store.root.child(path)
  if (!node) return undefined
  return orWarning(path, context, async () => {
    const element = await readElement(node, context)
    // a file without X may say so
    if (element.kind === 'scalar' && element.value === null) return undefined
    checkSize(path, element, rows, columns, context)
    return element
  })
}

async function readRaw(nCells: number, context: ReadContext): Promise<AnnDataElements['raw']> {
  const { root } = context.store
  const matrixPath = await pathInFile(root, 'raw/X')
  const varPath = await pathInFile(root, 'raw/var')
  if (!matrixPath || !varPath) return undefined
  const variables = await orWarning('raw', context, () => frameAt(varPath, context))
  if (!variables) return undefined
  const nGenes = variables.names.length
  const x = await matrixAt(matrixPath, nCells, nGenes, context)
  const varmPath = (await pathInFile(root, 'raw/varm')) ?? 'raw/varm'
  return x && { x, var: variables, varm: await mappingAt(varmPath, context, nGenes) }
}

/** The members of a mapping, those of a wrong size left out with one warning each. */
async function mappingAt(
  path: string,
  context: ReadContext,
  rows: number,
  columns?: number,
): Promise<Map<string, Element>> {
  const node = await context.store.root.child(path)
  if (!node) return new Map()
  const members = await orWarning(path, context, () =>
    node.kind === 'group' ? readMembers(node, context) : readFieldArrays(node),
  )
  for (const [key, element] of members ?? []) {
    const fits = await orWarning(`${path}/${key}`, context, async () => {
      checkSize(`${path}/${key}`, element, rows, columns, context)
      return true
    })
    if (!fits) members!.delete(key)
  }
  return members ?? new Map()
}

/** A mapping as AnnData before 0.7 kept it: the fields of one compound array, each an array itself. */
async function readFieldArrays(array: StoreArray): Promise<Map<string, Element>> {
  const entries = new Map<string, Element>()
  const values = await readRecords(array)
  const length = array.shape?.[0] ?? 0
  for (const [i, { name, dtype, shape }] of array.fields.entries()) {
    const field = values[i]
    if (!field) continue
    const whole = [length, ...(shape ?? [])]
    if (Array.isArray(field)) entries.set(name, { kind: 'strings', shape: whole, values: field })
    else entries.set(name, { kind: 'array', dtype, shape: whole, values: field })
  }
  return entries
}

/** `uns`, without the categories that compound data frames kept there. */
async function readUns(
  obs: FrameElement,
  variables: FrameElement,
  context: ReadContext,
): Promise<DictElement> {
  const { root } = context.store
  const node = await root.child('uns')
  const entries = node?.kind === 'group' ? await readMembers(node, context) : new Map<string, Element>()
  const compound = (await root.child('obs'))?.kind === 'array'
  for (const { table } of compound ? [obs, variables] : []) {
    for (const field of table.schema.fields) {
      if (DataType.isDictionary(field.type)) entries.delete(`${field.name}_categories`)
    }
  }
  return { kind: 'dict', entries }
}

function checkSize(
  path: string,
  element: Element,
  rows: number,
  columns: number | undefined,
  { store }: ReadContext,
): void {
  const [gotRows, gotColumns] = shapeOf(element)
  if (gotRows !== rows || (columns !== undefined && gotColumns !== columns)) {
    const wanted = columns === undefined ? `${rows} rows` : `${rows} × ${columns}`
    const got = [gotRows, ...(columns === undefined ? [] : [gotColumns])].map((n) => n ?? '?').join(' × ')
    throw new ScvaeError('bad-input', `"${store.file}": ${path} has ${got} where ${wanted} belong.`)
  }
}

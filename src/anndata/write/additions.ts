import { ScvaeError } from '../../errors.js'
import type { Matrix } from '../../numeric/matrix.js'
import type { DictElement, SparseElementValues } from '../elements.js'
import type { Column } from '../frame/column.js'
import { openFrame } from '../frame/dataframe.js'
import { childGroup, type Group } from '../hdf5/hdf5.js'
import { STAND_IN_FIELD } from '../hdf5/retype.js'
import { Hdf5Group } from '../hdf5/store.js'
import { floatToHalf } from '../store/half-float.js'
import { checkRows, writeMatrix } from './anndata.js'
import { writeElement } from './element.js'
import { ChunkedDataset, checkColumn, setColumnOrder, setEncoding, writeColumn, writeDict } from './parts.js'
import { type PlainValue, plainElement } from './plain-values.js'
import type { WriteState } from './records.js'

/** What is added to a file, in the order of its cells and genes. */
export interface Additions {
  /** One row a cell. */
  obsm?: Readonly<Record<string, Matrix>>
  /** One value a cell. */
  obs?: Readonly<Record<string, Column>>
  /** One row a gene. */
  varm?: Readonly<Record<string, Matrix>>
  /** One value a gene. */
  var?: Readonly<Record<string, Column>>
  /** Cells × genes. */
  layers?: Readonly<Record<string, StreamedRows | HalfRows>>
  /** Further layers whose rows are made together. */
  jointLayers?: JointLayers
  /** Cells × cells. */
  obsp?: Readonly<Record<string, SparseElementValues>>
  uns?: Readonly<Record<string, PlainValue>>
}

/** Rows of float32 numbers that are made while they are written: hands on whole rows, all of them, in order. */
export type StreamedRows = (add: (rows: Float32Array) => void) => Promise<void>

/** Layers whose rows are made together: hands on the same rows of each, in the order of the names. */
export interface JointLayers {
  names: readonly string[]
  rows: (add: (rows: readonly Float32Array[]) => void) => Promise<void>
}

/** Rows that are stored as half floats: values from 6e-8 to 65,504, to three digits. */
export interface HalfRows {
  half: StreamedRows
}

/** Where things can be added. */
const MAPPINGS = ['obs', 'var', 'obsm', 'varm', 'layers', 'obsp', 'uns'] as const
export const ADDITION_KEYS = [...MAPPINGS, 'jointLayers'] as const

/** Paths of what is added, such as `obsm/X_scvae`. */
export function additionPaths(additions: Additions): string[] {
  const joint = additions.jointLayers?.names.map((name) => `layers/${name}`) ?? []
  const others = MAPPINGS.flatMap((mapping) =>
    Object.keys(additions[mapping] ?? {}).map((name) => `${mapping}/${name}`),
  )
  return [...others, ...joint]
}

/**
 * Adds to an AnnData file that is open for writing and has none of the keys.
 *
 * @param root of the file, or of a modality in it
 * @param record what `uns/scvae` becomes
 * @param source the file for a sentence
 * @throws ScvaeError `bad-input` when an addition does not fit the file
 */
export async function addTo(
  root: Group,
  {
    obsm = {},
    obs = {},
    varm = {},
    var: variables = {},
    layers = {},
    jointLayers,
    obsp = {},
    uns = {},
  }: Additions,
  record: DictElement,
  source: string,
  state: WriteState,
): Promise<void> {
  const store = { root: new Hdf5Group(root, source), file: source }
  const [cells, genes] = [await openFrame(store, 'obs'), await openFrame(store, 'var')]
  const [nCells, nGenes] = [(await cells.names()).length, (await genes.names()).length]
  // all checks come before the first change
  for (const [name, matrix] of Object.entries(obsm)) checkRows('obsm', name, matrix, nCells)
  for (const [name, matrix] of Object.entries(varm)) checkRows('varm', name, matrix, nGenes)
  for (const [name, column] of Object.entries(obs)) checkColumn('obs', name, column, nCells)
  for (const [name, column] of Object.entries(variables)) checkColumn('var', name, column, nGenes)
  for (const [name, { shape }] of Object.entries(obsp)) checkPairs(name, shape, nCells)
  const settings = Object.entries(uns).map(
    ([name, value]) => [name, plainElement(value, `uns/${name}`)] as const,
  )
  addColumns(childGroup(root, 'obs')!, cells.columns, obs)
  addColumns(childGroup(root, 'var')!, genes.columns, variables)
  addMatrices(root, 'obsm', obsm)
  addMatrices(root, 'varm', varm)
  await addLayers(root, layers, [nCells, nGenes], state)
  if (jointLayers) await addJointLayers(root, jointLayers, [nCells, nGenes])
  if (Object.keys(obsp).length > 0) {
    const pairs = childGroup(root, 'obsp') ?? writeDict(root, 'obsp')
    for (const [name, matrix] of Object.entries(obsp)) writeElement(pairs, name, matrix, state)
  }
  const group = childGroup(root, 'uns') ?? writeDict(root, 'uns')
  for (const [name, element] of [...settings, ['scvae', record] as const]) {
    writeElement(group, name, element, state)
  }
}

function checkPairs(name: string, [rows, columns]: readonly [number, number], nCells: number): void {
  if (rows === nCells && columns === nCells) return
  throw new ScvaeError('bad-input', `obsp "${name}" is ${rows} × ${columns} for ${nCells} cells.`)
}

function addColumns(
  frame: Group,
  present: readonly string[],
  columns: Readonly<Record<string, Column>>,
): void {
  if (Object.keys(columns).length === 0) return
  for (const [name, column] of Object.entries(columns)) writeColumn(frame, name, column)
  setColumnOrder(frame, [...present, ...Object.keys(columns)])
}

function addMatrices(
  root: Group,
  mapping: 'obsm' | 'varm',
  matrices: Readonly<Record<string, Matrix>>,
): void {
  if (Object.keys(matrices).length === 0) return
  const group = childGroup(root, mapping) ?? writeDict(root, mapping)
  for (const [name, matrix] of Object.entries(matrices)) writeMatrix(group, name, matrix)
}

async function addLayers(
  root: Group,
  layers: Readonly<Record<string, StreamedRows | HalfRows>>,
  shape: number[],
  { retypes }: WriteState,
): Promise<void> {
  if (Object.keys(layers).length === 0) return
  const group = childGroup(root, 'layers') ?? writeDict(root, 'layers')
  for (const [name, layer] of Object.entries(layers)) {
    const half = 'half' in layer
    const chunks = half
      ? new ChunkedDataset(group, name, new Int16Array(), shape, STAND_IN_FIELD.float16)
      : new ChunkedDataset(group, name, new Float32Array(), shape)
    const stream = half ? layer.half : layer
    await stream((rows) => chunks.add(half ? floatToHalf(rows) : rows))
    const dataset = chunks.end()
    setEncoding(dataset, 'array', '0.2.0')
    if (half) retypes.add(dataset, 'float16')
  }
}

async function addJointLayers(root: Group, { names, rows }: JointLayers, shape: number[]): Promise<void> {
  const group = childGroup(root, 'layers') ?? writeDict(root, 'layers')
  const layers = names.map((name) => new ChunkedDataset(group, name, new Float32Array(), shape))
  await rows((all) => {
    for (const [k, layer] of layers.entries()) layer.add(all[k]!)
  })
  for (const layer of layers) setEncoding(layer.end(), 'array', '0.2.0')
}

import type { Table } from 'apache-arrow'
import { ScvaeError } from '../../errors.js'
import type { Matrix } from '../../numeric/matrix.js'
import { CountMatrix } from '../counts/counts.js'
import { plainValues } from '../counts/csr-arrays.js'
import { GENES_KEY, geneGroups, withGeneGroups } from '../counts/gene-groups.js'
import type { Column } from '../frame/column.js'
import { isTable, oneChunk } from '../frame/one-chunk.js'
import type { Group } from '../hdf5/hdf5.js'
import { checkOptionKeys } from '../option-keys.js'
import { writeBeside } from './beside.js'
import { writeElement } from './element.js'
import { writeNewFile } from './elements.js'
import { writeFrame } from './frame.js'
import { setEncoding, writeArray, writeChunks, writeDataFrame, writeDict } from './parts.js'
import { dictElement, type PlainValue } from './plain-values.js'
import type { WriteState } from './records.js'

/** A data frame to write: an Arrow table, or columns by name. */
export type NewFrame = Table | Readonly<Record<string, Column>>

/** What {@link writeAnnData} writes. Tables may have columns of any type that `readAnnData` gives. */
export interface NewAnnData {
  counts: CountMatrix
  /** Further matrices of cells × genes. */
  layers?: Readonly<Record<string, CountMatrix | Matrix>>
  obs: NewFrame
  obsNames: readonly string[]
  var?: NewFrame
  varNames: readonly string[]
  /** One row a cell. */
  obsm?: Readonly<Record<string, Matrix | Table>>
  /** One row a gene. */
  varm?: Readonly<Record<string, Matrix | Table>>
  uns?: Readonly<Record<string, PlainValue>>
}

const KEYS = ['counts', 'layers', 'obs', 'obsNames', 'var', 'varNames', 'obsm', 'varm', 'uns']

/**
 * Writes a new `.h5ad` file that anndata ≥ 0.9 reads: X as float32 CSR with gzip chunks (NaN for missing counts), `obs` and `var` as data frames,
 * `layers`, `obsm` and `varm` as CSR, dense float32 or data frames, `uns` as nested mappings. Absent genes are told by `obs/scvae_genes` and
 * `varm/scvae_genes`, and have no entry.
 *
 * @param path the file to make, written beside and renamed
 * @throws ScvaeError `bad-input` when names, columns or matrices do not fit the counts, `usage` when the file exists and
 * `overwrite` is not set
 */
export async function writeAnnData(
  path: string,
  contents: NewAnnData,
  options: { overwrite?: boolean } = {},
): Promise<void> {
  checkOptionKeys('writeAnnData', options, ['overwrite'])
  checkOptionKeys('writeAnnData', contents, KEYS)
  const { counts, obsNames, varNames, layers = {}, obsm = {}, varm = {}, uns = {} } = contents
  const { nCells, nGenes } = counts
  if (obsNames.length !== nCells || varNames.length !== nGenes) {
    throw new ScvaeError(
      'bad-input',
      `There are ${obsNames.length} cell names and ${varNames.length} gene names for ${nCells} cells and ${nGenes} genes.`,
    )
  }
  for (const [name, layer] of Object.entries(layers)) checkLayer(name, layer, counts)
  for (const [name, matrix] of Object.entries(obsm)) checkRows('obsm', name, matrix, nCells)
  for (const [name, matrix] of Object.entries(varm)) checkRows('varm', name, matrix, nGenes)
  const unsElement = dictElement(uns, 'uns')
  const told = withGroups(contents.obs, counts)
  await writeBeside(
    path,
    (temporary) =>
      writeNewFile(temporary, (file, state) => {
        writeCsr(file, 'X', counts)
        writeNewFrame(file, 'obs', obsNames, told.obs, state)
        writeNewFrame(file, 'var', varNames, contents.var ?? {}, state)
        const group = writeDict(file, 'layers')
        for (const [name, layer] of Object.entries(layers)) {
          if (layer instanceof CountMatrix) writeCsr(group, name, layer)
          else writeMatrix(group, name, layer)
        }
        writeRows(file, 'obsm', obsm, obsNames, state)
        writeRows(file, 'varm', { ...varm, ...told.varm }, varNames, state)
        for (const name of ['obsp', 'varp']) writeDict(file, name)
        writeElement(file, 'uns', unsElement, state)
      }),
    options,
  )
}

/** obs and varm with what they tell of absent genes. */
function withGroups(obs: NewFrame, counts: CountMatrix): { obs: NewFrame; varm: Record<string, Table> } {
  const { absent, nGenes } = counts
  if (isTable(obs)) return withGeneGroups(oneChunk(obs), counts)
  if (!absent) return { obs, varm: {} }
  const column: Column = { kind: 'category', codes: absent.groups, categories: absent.names }
  return { obs: { ...obs, [GENES_KEY]: column }, varm: { [GENES_KEY]: geneGroups(absent, nGenes) } }
}

/** A dense matrix of `obsm` or `varm`, or a layer. */
export function writeMatrix(parent: Group, name: string, matrix: Matrix): void {
  writeArray(parent, name, matrix.values, [matrix.rows, matrix.columns])
}

/** Refuses a matrix that does not have one row a cell or gene, and a name that cannot be its key. */
export function checkRows(
  mapping: 'obsm' | 'varm',
  name: string,
  matrix: Matrix | Table,
  rows: number,
): void {
  checkKey(mapping, name)
  const of = `${rows} ${mapping === 'obsm' ? 'cells' : 'genes'}`
  if (isTable(matrix)) {
    if (matrix.numRows === rows) return
    throw new ScvaeError('bad-input', `${mapping} "${name}" has ${matrix.numRows} rows for ${of}.`)
  }
  if (matrix.rows !== rows || matrix.values.length !== matrix.rows * matrix.columns) {
    throw new ScvaeError(
      'bad-input',
      `${mapping} "${name}" has ${matrix.values.length} values as ${matrix.rows} × ${matrix.columns} for ${of}.`,
    )
  }
}

function checkLayer(
  name: string,
  layer: CountMatrix | Matrix,
  { nCells, nGenes, absent }: CountMatrix,
): void {
  checkKey('layers', name)
  if (layer instanceof CountMatrix && layer.absent && layer.absent !== absent) {
    throw new ScvaeError('bad-input', `The layer "${name}" lacks other genes than the counts do.`)
  }
  const [rows, cols] =
    layer instanceof CountMatrix ? [layer.nCells, layer.nGenes] : [layer.rows, layer.columns]
  const filled = layer instanceof CountMatrix || layer.values.length === rows * cols
  if (rows === nCells && cols === nGenes && filled) return
  throw new ScvaeError(
    'bad-input',
    `The layer "${name}" is ${rows} × ${cols}${filled ? '' : ' with another number of values'} for ${nCells} cells and ${nGenes} genes.`,
  )
}

/** Refuses a name that HDF5 would take for a path. */
function checkKey(mapping: string, name: string): void {
  if (name === '' || name.includes('/')) {
    throw new ScvaeError('bad-input', `"${name}" cannot be the name of an element of ${mapping}.`)
  }
}

function writeRows(
  file: Group,
  mapping: 'obsm' | 'varm',
  matrices: Readonly<Record<string, Matrix | Table>>,
  names: readonly string[],
  state: WriteState,
): void {
  const group = writeDict(file, mapping)
  for (const [name, matrix] of Object.entries(matrices)) {
    if (isTable(matrix)) writeNewFrame(group, name, names, matrix, state)
    else writeMatrix(group, name, matrix)
  }
}

function writeNewFrame(
  parent: Group,
  name: string,
  names: readonly string[],
  frame: NewFrame,
  { retypes }: WriteState,
): void {
  if (isTable(frame)) writeFrame(parent, name, { names, table: oneChunk(frame) }, retypes)
  else writeDataFrame(parent, name, names, Object.entries(frame))
}

function writeCsr(file: Group, name: string, counts: CountMatrix): void {
  const group = file.create_group(name)
  setEncoding(group, 'csr_matrix', '0.1.0')
  const { nonzeros, nCells, nGenes } = counts
  group.create_attribute('shape', BigInt64Array.of(BigInt(nCells), BigInt(nGenes)))
  const indptr = new Float64Array(nCells + 1)
  for (const { firstCell, nCells: cells, offsets } of counts.blocks) {
    const shift = indptr[firstCell]! - offsets[0]!
    for (let i = 1; i <= cells; i++) indptr[firstCell + i] = offsets[i]! + shift
  }
  const wide = nonzeros > 2 ** 31 - 1
  const pointers = wide ? BigInt64Array.from(indptr, BigInt) : Int32Array.from(indptr)
  writeChunks(group, 'indptr', [pointers], pointers, [nCells + 1])
  writeChunks(group, 'indices', genesOf(counts), new Int32Array(0), [nonzeros])
  writeChunks(group, 'data', valuesOf(counts), new Float32Array(0), [nonzeros])
}

function* genesOf({ blocks }: CountMatrix): Generator<Int32Array> {
  for (const { offsets, nCells, genes } of blocks) yield genes.subarray(offsets[0], offsets[nCells])
}

function* valuesOf(counts: CountMatrix): Generator<Float32Array> {
  for (const { offsets, nCells, counts: values } of counts.blocks)
    yield plainValues(values.subarray(offsets[0], offsets[nCells]), counts)
}

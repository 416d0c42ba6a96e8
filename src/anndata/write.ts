import type { Table } from 'apache-arrow'
import { ScvaeError } from '../errors.js'
import { columnsOfTable } from './arrow-columns.js'
import type { Column } from './column.js'
import type { CountMatrix } from './counts.js'
import { type Group, withH5File } from './hdf5.js'
import { checkOptionKeys } from './option-keys.js'
import { writeBeside } from './write-beside.js'
import { setEncoding, writeArray, writeChunks, writeDataFrame, writeDict } from './write-elements.js'

/** A dense cells × columns matrix, row-major. */
export interface DenseMatrix {
  data: Float32Array
  rows: number
  cols: number
}

/** What {@link writeAnnData} writes. Tables may have columns of any type that {@link readAnnData} gives. */
export interface NewAnnData {
  counts: CountMatrix
  obs: Table | Readonly<Record<string, Column>>
  obsNames: readonly string[]
  var?: Table | Readonly<Record<string, Column>>
  varNames: readonly string[]
  obsm?: Readonly<Record<string, DenseMatrix>>
}

/**
 * Writes a new `.h5ad` file that anndata ≥ 0.9 reads: X as float32 CSR with gzip chunks, `obs` and `var` as data frames
 * (booleans become categoricals of `False` and `True`), `obsm` as dense float32.
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
  const { counts, obsNames, varNames } = contents
  if (obsNames.length !== counts.nCells || varNames.length !== counts.nGenes) {
    throw new ScvaeError(
      'bad-input',
      `There are ${obsNames.length} cell names and ${varNames.length} gene names for ${counts.nCells} cells and ${counts.nGenes} genes.`,
    )
  }
  for (const [name, matrix] of Object.entries(contents.obsm ?? {})) checkMatrix(name, matrix, counts.nCells)
  await writeBeside(
    path,
    (temporary) =>
      withH5File(temporary, 'w', (file) => {
        setEncoding(file, 'anndata', '0.1.0')
        writeCsr(file, 'X', counts)
        writeDataFrame(file, 'obs', obsNames, columnsOf(contents.obs))
        writeDataFrame(file, 'var', varNames, columnsOf(contents.var ?? {}))
        const obsm = writeDict(file, 'obsm')
        for (const [name, matrix] of Object.entries(contents.obsm ?? {})) writeMatrix(obsm, name, matrix)
        for (const name of ['varm', 'obsp', 'varp', 'layers', 'uns']) writeDict(file, name)
      }),
    options,
  )
}

/** A dense matrix of `obsm`. */
export function writeMatrix(parent: Group, name: string, matrix: DenseMatrix): void {
  writeArray(parent, name, matrix.data, [matrix.rows, matrix.cols])
}

/** Refuses a matrix that does not have one row a cell. */
export function checkMatrix(name: string, matrix: DenseMatrix, nCells: number): void {
  if (matrix.rows !== nCells || matrix.data.length !== matrix.rows * matrix.cols) {
    throw new ScvaeError(
      'bad-input',
      `obsm "${name}" has ${matrix.data.length} values as ${matrix.rows} × ${matrix.cols} for ${nCells} cells.`,
    )
  }
}

function columnsOf(columns: Table | Readonly<Record<string, Column>>): (readonly [string, Column])[] {
  return 'schema' in columns && 'batches' in columns
    ? columnsOfTable(columns as Table)
    : Object.entries(columns as Readonly<Record<string, Column>>)
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
  const pieces = counts.blocks.map(({ offsets, nCells: cells, genes, counts: values }) => ({
    genes: genes.subarray(offsets[0], offsets[cells]),
    values: values.subarray(offsets[0], offsets[cells]),
  }))
  const pick = <K extends 'genes' | 'values'>(key: K) => pieces.map((piece) => piece[key])
  writeChunks(group, 'indices', pick('genes'), new Int32Array(0), [nonzeros])
  writeChunks(group, 'data', pick('values'), new Float32Array(0), [nonzeros])
}

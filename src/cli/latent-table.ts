import { writeFileSync } from 'node:fs'
import { Dictionary, Int32, Table, tableToIPC, Utf8, type Vector, vectorFromArray } from 'apache-arrow'
import type { ScoreColumns } from '../analysis/outliers/score-columns.js'
import type { CategoryColumn } from '../anndata/frame/column.js'
import { tableToCsv } from '../anndata/frame/table-csv.js'
import type { Matrix } from '../numeric/matrix.js'
import { writeChunks } from './write-chunks.js'

/** What the Arrow and CSV files hold: every cell of the file with its latent position and its scores. */
export interface LatentTable {
  cellNames: readonly string[]
  /** All cells × latent dimensions; NaN for a cell that was not fitted. */
  latent: Matrix
  scores: Readonly<ScoreColumns>
  /** Clusters of the cells and reasons of the unusual ones, by the usual names of their columns. */
  categories?: Readonly<Record<string, CategoryColumn>>
}

/** Writes an Arrow IPC file: `cell`, `z1` … `zd`, then scores and clusters by their usual names in obs. */
export function writeArrow(path: string, table: LatentTable): void {
  const cell = vectorFromArray(table.cellNames, new Utf8())
  const columns = new Table({ cell, ...tableColumns(table) })
  writeFileSync(path, tableToIPC(columns, 'file'))
}

/** Writes as CSV what the Arrow file has. */
export function writeTableCsv(path: string, table: LatentTable): void {
  writeCsv(path, 'cell', table.cellNames, tableColumns(table))
}

/** Writes `cell`, `z1` … `zd` as CSV; a cell that was not fitted has empty fields. */
export function writeLatentCsv(path: string, table: LatentTable): void {
  writeCsv(path, 'cell', table.cellNames, latentColumns(table))
}

/** Writes `cell`, the scores and the clusters as CSV. */
export function writeScoresCsv(path: string, table: LatentTable): void {
  writeCsv(path, 'cell', table.cellNames, scoreColumns(table))
}

/** Writes `gene` and its loading on each latent axis, `Z_0` … as scvi-tools names them, as CSV. */
export function writeLoadingsCsv(path: string, genes: readonly string[], loadings: Matrix): void {
  writeCsv(
    path,
    'gene',
    genes,
    columnsOf(loadings, (f) => `Z_${f}`),
  )
}

/** Latent, scores and clusters by the names of their columns. */
export const tableColumns = (table: LatentTable): Record<string, Vector> => ({
  ...latentColumns(table),
  ...scoreColumns(table),
})

const latentColumns = ({ latent }: LatentTable) => columnsOf(latent, (f) => `z${f + 1}`)

function columnsOf(
  { values, rows, columns }: Matrix,
  nameOf: (column: number) => string,
): Record<string, Vector> {
  const column = (f: number) => Float32Array.from({ length: rows }, (_, i) => values[i * columns + f]!)
  return Object.fromEntries(
    Array.from({ length: columns }, (_, f): [string, Vector] => [nameOf(f), vectorFromArray(column(f))]),
  )
}

function scoreColumns({ scores, categories = {} }: LatentTable): Record<string, Vector> {
  const numbers = Object.entries(scores).map(([name, values]): [string, Vector] => [
    name,
    vectorFromArray(values),
  ])
  const texts = Object.entries(categories).map(([name, column]): [string, Vector] => [
    name,
    categoryVector(column),
  ])
  return Object.fromEntries([...numbers, ...texts])
}

function categoryVector({ codes, categories }: CategoryColumn): Vector {
  const names = Array.from(codes, (code) => (code < 0 ? null : String(categories[code])))
  return vectorFromArray(names, new Dictionary(new Utf8(), new Int32()))
}

function writeCsv(
  path: string,
  nameColumn: string,
  names: readonly string[],
  columns: Record<string, Vector>,
): void {
  writeChunks(path, tableToCsv(new Table(columns), names, { nameColumn }))
}

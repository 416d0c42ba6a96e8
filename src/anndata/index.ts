/**
 * scvae/anndata: AnnData and its relatives read, written and converted, without models or devices.
 *
 * @module
 */

export { type ErrorKind, ScvaeError } from '../errors.js'
export type { Matrix } from '../numeric/matrix.js'
export { MISSING } from '../numeric/missing.js'
export { type Conversion, type ConvertOptions, convertFile, type OutputFormat } from './convert.js'
export type { AbsentGenes } from './counts/absent-genes.js'
export { checkCounts } from './counts/check-counts.js'
export type { CountsSource } from './counts/count-sources.js'
export { type CountBlock, type CountColumns, CountMatrix } from './counts/counts.js'
export { type CsrArrays, countMatrixFromCsr, toCsr } from './counts/csr-arrays.js'
export type { LocatedValue, StoredValues } from './counts/stored-values.js'
export type {
  AnnDataElements,
  ArrayElement,
  ColumnElement,
  DictElement,
  Element,
  FrameElement,
  RecordsElement,
  ScalarElement,
  SparseElementValues,
  StringsElement,
} from './elements.js'
export type { CategoryColumn, Column } from './frame/column.js'
export { type CsvOptions, tableToCsv } from './frame/table-csv.js'
export {
  type AnnData,
  type GeneChooser,
  type GenesInFile,
  type ReadFrom,
  type ReadOptions,
  readAnnData,
} from './read.js'
export { type CountsFormat, type CountsOptions, readCounts } from './read-any.js'
export { readElements } from './read-file.js'
export { readSampleSheet, type SheetRow } from './sheet/sample-sheet.js'
export type { NumericArray } from './store/store.js'
export { type NewAnnData, type NewFrame, writeAnnData } from './write/anndata.js'
export { writeElements } from './write/elements.js'
export { type PlainValue, Records } from './write/plain-values.js'
export { writeZarr } from './zarr/write.js'

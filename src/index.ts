/**
 * scvae as a library: variational autoencoders for single-cell counts.
 *
 * @module
 */

export { type Conversion, type ConvertOptions, convertFile } from './anndata/convert.js'
export { checkCounts } from './anndata/counts/check-counts.js'
export { CountMatrix } from './anndata/counts/counts.js'
export { type CsrArrays, countMatrixFromCsr, toCsr } from './anndata/counts/csr-arrays.js'
export type { AnnDataElements, Element } from './anndata/elements.js'
export type { Column } from './anndata/frame/column.js'
export { type CsvOptions, tableToCsv } from './anndata/frame/table-csv.js'
export { type AnnData, type ReadOptions, readAnnData } from './anndata/read.js'
export { type CountsOptions, readCounts } from './anndata/read-any.js'
export { readElements } from './anndata/read-file.js'
export { type DenseMatrix, type NewAnnData, writeAnnData } from './anndata/write/anndata.js'
export { writeElements } from './anndata/write/elements.js'
export type { PlainValue } from './anndata/write/plain-values.js'
export { writeZarr } from './anndata/zarr/write.js'
export { createCpuDevice } from './device/cpu/cpu-device.js'
export type { Device } from './device/device.js'
export { type DeviceChoice, openDevice } from './device/open-device.js'
export { ScvaeError } from './errors.js'
export type { EpochRecord } from './files/epoch-record.js'
export { type ExportOptions, exportScviModel } from './files/scvi-tools/export.js'
export { convertScviModel, type ImportedModel } from './files/scvi-tools/import.js'
export { SCVI, type SCVIOptions } from './models/scvi.js'
export type { ModelConfig } from './network/config.js'
export type { TrainOptions } from './train/options.js'
export type { TrainHooks, TrainSummary } from './train/trainer.js'

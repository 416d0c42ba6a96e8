/**
 * scvae as a library: variational autoencoders for single-cell counts.
 *
 * @module
 */

export { checkCounts } from './anndata/check-counts.js'
export { CountMatrix } from './anndata/counts.js'
export { type AnnData, type ReadOptions, readAnnData } from './anndata/read.js'
export { type CountsOptions, readCounts } from './anndata/read-any.js'
export { writeAnnData } from './anndata/write.js'
export { createCpuDevice } from './device/cpu/cpu-device.js'
export type { Device } from './device/device.js'
export { ScvaeError } from './errors.js'
export type { ModelConfig } from './model/config.js'
export { SCVI, type SCVIOptions } from './scvi.js'
export type { EpochRecord, TrainOptions } from './train/options.js'
export type { TrainHooks, TrainSummary } from './train/trainer.js'

/**
 * scvae as a library: variational autoencoders for single-cell counts.
 *
 * @module
 */

export { type Clusters, type LeidenOptions, leiden } from './analysis/clustering/leiden.js'
export type { AggregatedFit, BoundedEstimate } from './analysis/diagnose/aggregated.js'
export type { LatentUse } from './analysis/diagnose/collapse.js'
export type { CrossTalk } from './analysis/diagnose/cross-talk.js'
export type { Estimate } from './analysis/diagnose/estimate.js'
export type { Gaps } from './analysis/diagnose/gaps.js'
export type { HoleCells } from './analysis/diagnose/hole-cells.js'
export type { InformationGap } from './analysis/diagnose/information-gap.js'
export type { HeldoutFit } from './analysis/diagnose/overfit.js'
export type { Check, GeneCheck, PredictiveFit } from './analysis/diagnose/predictive-checks.js'
export type { TechnicalShare } from './analysis/diagnose/technical.js'
export type { GeneEffect } from './analysis/expression/gene-effect.js'
export type { ExpressionBlock } from './analysis/expression/normalized-expression.js'
export type { Corruption } from './analysis/imputation/hide-counts.js'
export type { ImputedBlock } from './analysis/imputation/impute.js'
export type { FoundScores, ImputationScores } from './analysis/imputation/scores.js'
export {
  type AggregateScores,
  aggregateScores,
  type EmbeddingScores,
  type EvaluateOptions,
  evaluateEmbedding,
  METRICS,
  type MetricName,
} from './analysis/metrics/evaluate.js'
export type { Partition } from './analysis/metrics/partition.js'
export { type NeighborOptions, type Neighbors, neighbors } from './analysis/neighbors/neighbors.js'
export type { BesideNeighbors, CountsBeside } from './analysis/outliers/beside-neighbors.js'
export { type CellScoreOptions, type CellScores, scoreCells } from './analysis/outliers/cell-scores.js'
export type { MixedDistances } from './analysis/outliers/likeness.js'
export type { NewGroups } from './analysis/outliers/new-groups.js'
export type { OutlierScores } from './analysis/outliers/outlier-score.js'
export {
  OUTLIER_REASONS,
  type OutlierReason,
  type OutlierReasons,
} from './analysis/outliers/reasons/outlier-reasons.js'
export type { Surprise } from './analysis/outliers/surprise.js'
export type { LatentPosterior } from './analysis/posterior/inference.js'
export type { LabelTransfer } from './analysis/transfer/transfer-labels.js'
export { umap } from './analysis/umap/umap.js'
export type { UmapOptions } from './analysis/umap/umap-settings.js'
export * from './anndata/index.js'
export type { CovariateCategories, CovariateKeys, ModelData } from './cells/cell-data.js'
export { type JoinOptions, joinAnnData } from './cells/join/join-anndata.js'
export type { JoinKind } from './cells/join/join-genes.js'
export { type CpuDevice, type CpuDeviceOptions, createCpuDevice } from './device/cpu/cpu-device.js'
export type { CellRow, Device, Likelihood } from './device/device.js'
export { type DeviceChoice, type DeviceName, openDevice } from './device/open-device.js'
export type { EpochRecord } from './files/epoch-record.js'
export type { ModelDescription, ModelInput, StoredLabels } from './files/model-description.js'
export { type ExportOptions, exportScviModel } from './files/scvi-tools/export.js'
export { convertScviModel, type ImportedModel } from './files/scvi-tools/import.js'
export type { RegistryData } from './files/scvi-tools/registry.js'
export type {
  Abundance,
  AbundanceDifference,
  AbundanceOptions,
  AbundanceSample,
  LabelCounts,
} from './models/abundance-options.js'
export type { GroupOptions } from './models/cell-groups.js'
export type {
  CellSide,
  DiagnosedModel,
  DiagnoseOptions,
  Diagnosis,
  DimensionsOptions,
  RateAndDistortion,
  SingleDimensions,
} from './models/diagnosed-model.js'
export type {
  ComparedSamples,
  DifferentialOptions,
  GeneDifference,
  GroupComparison,
  WeightedDraws,
} from './models/differential-options.js'
export {
  evaluateImputation,
  type ImputationResult,
  type ImputationTrial,
} from './models/evaluate-imputation.js'
export type { ExpressionModel } from './models/expression-model.js'
export type { DrawOptions, ExpressionOptions } from './models/expression-options.js'
export type { GeneratedCells } from './models/generated-cells.js'
export type { GeneratedBlock, GenerationOptions } from './models/generation.js'
export type { CorrelationOptions, ImputeOptions, ImputingModel } from './models/imputing-model.js'
export type { LatentModel } from './models/latent-model.js'
export type { LikelihoodParameters } from './models/likelihood-parameters.js'
export { LinearSCVI, type LinearSCVIOptions } from './models/linear-scvi.js'
export type { ExtraTerm } from './models/loss-terms.js'
export type { Model, ModelTrainOptions } from './models/model.js'
export type { LoadOptions } from './models/model-parts.js'
export {
  type NullBatches,
  type NullBatchOptions,
  type NullRefit,
  nullBatches,
} from './models/null-batches.js'
export type {
  CellsOptions,
  LatentOptions,
  ModelOptions,
  SaveOptions,
  SeededOptions,
  SurpriseOptions,
} from './models/options.js'
export type {
  LibraryOptions,
  LikelihoodOptions,
  MarginalOptions,
  PredictiveModel,
  PredictiveOptions,
} from './models/predictive-model.js'
export { type BetaCurve, betaCurve, type CurveOptions, type CurvePoint } from './models/rate-distortion.js'
export type { FitPlan, FittedModel } from './models/refit.js'
export { SCVI, type SCVIOptions } from './models/scvi.js'
export {
  fitSeeds,
  fitStability,
  type HeldoutBound,
  type SeedFit,
  type SeedFits,
  type SeedHooks,
  type Stability,
} from './models/seeds.js'
export type { TermNodes } from './models/term-nodes.js'
export type { CellPart } from './models/training-split.js'
export type { LabelTransferAnswer, TransferOptions, TransferredLabels } from './models/transfer.js'
export { type Rung, type Trial, type TuneHooks, type TuneResult, tune } from './models/tune.js'
export {
  type Candidate,
  defaultCandidates,
  gridCandidates,
  type TunedName,
  type TuneGrid,
} from './models/tune-grid.js'
export type { ModelConfig, NormPlacement } from './network/config.js'
export type { Over, Side } from './network/functions.js'
export type { HostTensor, NetworkState } from './network/parameters.js'
export * as terms from './network/terms.js'
export type { Extent, Term, Value } from './network/value.js'
export type { Matrix } from './numeric/matrix.js'
export type { TrainOptions } from './train/options.js'
export type { Split } from './train/split.js'
export type { TrainHooks, TrainSummary } from './train/trainer.js'

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as anndata from '../src/anndata/index.js'
import * as scvae from '../src/index.js'
import { emitDeclarations, mentionsOf, reexports } from './public-types.js'

it('exports what users rely on, and nothing else', () => {
  expect(Object.keys(scvae).sort()).toMatchInlineSnapshot(`
    [
      "CountMatrix",
      "LinearSCVI",
      "METRICS",
      "MISSING",
      "OUTLIER_REASONS",
      "Records",
      "SCVI",
      "ScvaeError",
      "aggregateScores",
      "betaCurve",
      "checkCounts",
      "convertFile",
      "convertScviModel",
      "countMatrixFromCsr",
      "createCpuDevice",
      "defaultCandidates",
      "evaluateEmbedding",
      "evaluateImputation",
      "exportScviModel",
      "fitSeeds",
      "fitStability",
      "gridCandidates",
      "joinAnnData",
      "leiden",
      "neighbors",
      "nullBatches",
      "openDevice",
      "readAnnData",
      "readCounts",
      "readElements",
      "readSampleSheet",
      "scoreCells",
      "tableToCsv",
      "terms",
      "toCsr",
      "tune",
      "umap",
      "writeAnnData",
      "writeElements",
      "writeZarr",
    ]
  `)
})

it('exports all of scvae/anndata too', () => {
  expect(scvae).toMatchObject(anndata)
})

it('gives a model these methods', () => {
  const methods = (of: object) =>
    Object.getOwnPropertyNames(of).filter(
      (name) => !['constructor', 'length', 'name', 'prototype'].includes(name),
    )
  expect(methods(scvae.SCVI).sort()).toMatchInlineSnapshot(`
    [
      "create",
      "load",
    ]
  `)
  const DiagnosedModel = Object.getPrototypeOf(scvae.SCVI)
  const ImputingModel = Object.getPrototypeOf(DiagnosedModel)
  const PredictiveModel = Object.getPrototypeOf(ImputingModel)
  const ExpressionModel = Object.getPrototypeOf(PredictiveModel)
  const classes = [DiagnosedModel, ImputingModel, PredictiveModel, ExpressionModel]
  expect(classes.flatMap((one) => methods(one.prototype)).sort()).toMatchInlineSnapshot(`
    [
      "cellPosterior",
      "diagnose",
      "differentialExpression",
      "eachEntry",
      "eachGenerated",
      "eachImputed",
      "eachNormalizedExpression",
      "getElbo",
      "getFeatureCorrelationMatrix",
      "getLatentLibrarySize",
      "getLikelihoodParameters",
      "getMarginalLl",
      "getNormalizedExpression",
      "getReconstructionError",
      "impute",
      "posteriorPredictiveSample",
      "predictive",
      "rateAndDistortion",
      "singleDimensions",
    ]
  `)
})

describe('the types', () => {
  const folder = mkdtempSync(join(tmpdir(), 'scvae-types-'))
  const file = (name: string) => join(folder, 'src', name)
  const names = (name: string) => [...reexports(file(name)).keys()]
  /** What computes is of no concern to those who only choose it, and what a value is to those who put values together. */
  const WITHOUT_PARTS = ['Device', 'CpuDevice', 'CpuDeviceOptions', 'Term', 'Value']

  beforeAll(() => emitDeclarations(folder), 60_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('are these', () => {
    const types = (all: string[], values: object) => all.filter((name) => !(name in values)).sort()
    expect(types(names('anndata/index.d.ts'), anndata)).toMatchInlineSnapshot(`
      [
        "AbsentGenes",
        "AnnData",
        "AnnDataElements",
        "ArrayElement",
        "CategoryColumn",
        "Column",
        "ColumnElement",
        "Conversion",
        "ConvertOptions",
        "CountBlock",
        "CountColumns",
        "CountsFormat",
        "CountsOptions",
        "CountsSource",
        "CsrArrays",
        "CsvOptions",
        "DictElement",
        "Element",
        "ErrorKind",
        "FrameElement",
        "GeneChooser",
        "GenesInFile",
        "LocatedValue",
        "Matrix",
        "NewAnnData",
        "NewFrame",
        "NumericArray",
        "OutputFormat",
        "PlainValue",
        "ReadFrom",
        "ReadOptions",
        "RecordsElement",
        "ScalarElement",
        "SheetRow",
        "SparseElementValues",
        "StoredValues",
        "StringsElement",
      ]
    `)
    const more = names('index.d.ts').filter((name) => !names('anndata/index.d.ts').includes(name))
    expect(types(more, scvae)).toMatchInlineSnapshot(`
      [
        "Abundance",
        "AbundanceDifference",
        "AbundanceOptions",
        "AbundanceSample",
        "AggregateScores",
        "AggregatedFit",
        "BesideNeighbors",
        "BetaCurve",
        "BoundedEstimate",
        "Candidate",
        "CellPart",
        "CellRow",
        "CellScoreOptions",
        "CellScores",
        "CellSide",
        "CellsOptions",
        "Check",
        "Clusters",
        "ComparedSamples",
        "CorrelationOptions",
        "Corruption",
        "CountsBeside",
        "CovariateCategories",
        "CovariateKeys",
        "CpuDevice",
        "CpuDeviceOptions",
        "CrossTalk",
        "CurveOptions",
        "CurvePoint",
        "Device",
        "DeviceChoice",
        "DeviceName",
        "DiagnoseOptions",
        "DiagnosedModel",
        "Diagnosis",
        "DifferentialOptions",
        "DimensionsOptions",
        "DrawOptions",
        "EmbeddingScores",
        "EpochRecord",
        "Estimate",
        "EvaluateOptions",
        "ExportOptions",
        "ExpressionBlock",
        "ExpressionModel",
        "ExpressionOptions",
        "Extent",
        "ExtraTerm",
        "FitPlan",
        "FittedModel",
        "FoundScores",
        "Gaps",
        "GeneCheck",
        "GeneDifference",
        "GeneEffect",
        "GeneratedBlock",
        "GeneratedCells",
        "GenerationOptions",
        "GroupComparison",
        "GroupOptions",
        "HeldoutBound",
        "HeldoutFit",
        "HoleCells",
        "HostTensor",
        "ImportedModel",
        "ImputationResult",
        "ImputationScores",
        "ImputationTrial",
        "ImputeOptions",
        "ImputedBlock",
        "ImputingModel",
        "InformationGap",
        "JoinKind",
        "JoinOptions",
        "LabelCounts",
        "LabelTransfer",
        "LabelTransferAnswer",
        "LatentModel",
        "LatentOptions",
        "LatentPosterior",
        "LatentUse",
        "LeidenOptions",
        "LibraryOptions",
        "Likelihood",
        "LikelihoodOptions",
        "LikelihoodParameters",
        "LinearSCVIOptions",
        "LoadOptions",
        "MarginalOptions",
        "MetricName",
        "MixedDistances",
        "Model",
        "ModelConfig",
        "ModelData",
        "ModelDescription",
        "ModelInput",
        "ModelOptions",
        "ModelTrainOptions",
        "NeighborOptions",
        "Neighbors",
        "NetworkState",
        "NewGroups",
        "NormPlacement",
        "NullBatchOptions",
        "NullBatches",
        "NullRefit",
        "OutlierReason",
        "OutlierReasons",
        "OutlierScores",
        "Over",
        "Partition",
        "PredictiveFit",
        "PredictiveModel",
        "PredictiveOptions",
        "RateAndDistortion",
        "RegistryData",
        "Rung",
        "SCVIOptions",
        "SaveOptions",
        "SeedFit",
        "SeedFits",
        "SeedHooks",
        "SeededOptions",
        "Side",
        "SingleDimensions",
        "Split",
        "Stability",
        "StoredLabels",
        "Surprise",
        "SurpriseOptions",
        "TechnicalShare",
        "Term",
        "TermNodes",
        "TrainHooks",
        "TrainOptions",
        "TrainSummary",
        "TransferOptions",
        "TransferredLabels",
        "Trial",
        "TuneGrid",
        "TuneHooks",
        "TuneResult",
        "TunedName",
        "UmapOptions",
        "Value",
        "WeightedDraws",
      ]
    `)
  })

  it.each(['index.d.ts', 'anndata/index.d.ts'])(
    'that are used in types of %s are exported with them',
    (index) => {
      const all = names(index)
      const missing = all
        .filter((name) => !WITHOUT_PARTS.includes(name))
        .flatMap((name) => mentionsOf(name, file(index)).map((mention) => `${mention} of ${name}`))
        .filter((mention) => !all.includes(mention.split(' ')[0]!))
      expect(missing).toEqual([])
      // and the search sees what a class takes and gives
      if (index === 'index.d.ts') {
        expect(mentionsOf('SCVI', file(index)).sort()).toEqual([
          'DiagnosedModel',
          'LoadOptions',
          'ModelData',
          'SCVIOptions',
        ])
        expect(mentionsOf('Model', file(index))).toContain('Surprise')
      }
    },
  )
})

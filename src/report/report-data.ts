import type { SurprisingGenes } from '../analysis/outliers/surprising-genes.js'
import type { EpochRecord } from '../files/epoch-record.js'
import type { Matrix } from '../numeric/matrix.js'
import type { PageQuery } from './page/embed-file.js'
import type { CellCovariates } from './page/forward.js'
import type { PageDecoder, PageEncoder } from './page/layers.js'
import type { Warning } from './warning.js'

/** A named value as it is printed in a list of facts. */
export type NamedValue = readonly [name: string, value: string]

/** Something that cells can be coloured by. Arrays are parallel to the cells of the report. */
export type Coloring =
  | {
      kind: 'categorical'
      name: string
      categories: readonly string[]
      /** Position in `categories`, −1 for a missing value. */
      codes: ArrayLike<number>
    }
  | { kind: 'numeric'; name: string; values: ArrayLike<number> }

/** One row of the outlier table. p-values are in [0, 1]. */
export interface OutlierRow {
  cell: string
  /** Its position among the cells of the report. */
  place: number
  score: number
  adjustedP: number
  surpriseP: number
  aggregatedP: number
  neighborP: number
  librarySize: number
  /** Value of the obs column `OutlierSummary.labelName`. */
  label?: string
  flagged: boolean
  /** Why a flagged cell is unusual. */
  reason?: string
  /** Genes of its unexplained counts. */
  genes?: string
}

export interface OutlierSummary {
  /** False discovery rate of the flag. */
  alpha: number
  flagged: number
  /** Cells that have a score. */
  scored: number
  /** The obs column that the rows' labels come from. */
  labelName?: string
  /** The highest scores first. */
  rows: readonly OutlierRow[]
}

/** Clusters of the cells at one resolution. */
export interface ClusterSummary {
  /** The obs column that holds them. */
  name: string
  resolution: number
  modularity: number
  /** Cells of each cluster, the largest first. */
  sizes: ArrayLike<number>
  /** Where several seeds were fitted: how well each is found again by them, and how much of its cells' neighbourhoods; 0 to 1. */
  stability?: { reproducibility: ArrayLike<number>; sharedNeighbors: ArrayLike<number> }
}

/** What the fits of several seeds agree on. */
export interface StabilitySummary {
  verdict: string
  fits: readonly { seed: number; bound: number; error: number; epochs: number; kept: boolean }[]
}

/** What a latent dimension goes along with. */
export interface AlongWith {
  name: string
  /** The share of the dimension's variance that the column accounts for: squared correlation, or the share between its categories. */
  share: number
}

/** How cells lie among each other before and after the integration of batches. */
export interface Integration {
  /** Cells that were looked at, and the nearest other ones of each. */
  nCells: number
  nearest: number
  measures: readonly {
    /** The obs column. */
    key: string
    /** Whether it holds the batches, which are to be mixed; else labels, which are to stay together. */
    isBatch: boolean
    /** Mean share of the nearest cells that are of the cell's own value, in principal components of counts and in the latent. */
    before: number
    after: number
    /** The same, were the cells mixed. */
    chance: number
  }[]
}

/** A trained model and what is known of the cells of the report beside their counts. */
export interface ReportModel {
  decoder: PageDecoder
  encoder: PageEncoder
  /** How cells of other files go into the encoder. */
  query: PageQuery
  /** Names of the genes that people know them by. */
  genes: readonly string[]
  /** The obs column of the batches, or null. */
  batchKey: string | null
  batches: readonly string[]
  /** Posterior means, cells × latent. */
  latent: Matrix
  covariates: CellCovariates
  /** By cell: the log of what the softmax of its logits divides by. */
  logDenominators: Float32Array
  /** Genes of the most unusual cells that the model explains least. */
  surprising?: SurprisingGenes
}

/** What a run was asked to do, and with what. */
export interface RunClaim {
  version: string
  kernelsId: string | null
  /** SHA-256 of the input; null where it could not be read again. */
  sha256: string | null
  /** Options by their names, as `fit --config` takes them. */
  settings: Readonly<Record<string, unknown>>
}

/** Everything that a report shows. "Cells of the report" are the cells that were fitted or embedded, in one order. */
export interface ReportData {
  run: {
    command: string
    version: string
    seed: number
    device: string
    kernels: string
    /** Which build of the kernels it was; none where they are in no file. */
    kernelsId: string | null
    threads: number
    /** What makes the run again; none of a page that was made without training. */
    claim?: RunClaim
    /** ISO 8601. */
    startedAt: string
    seconds: number
    /** Seconds a phase. */
    timings: readonly (readonly [phase: string, seconds: number])[]
  }
  data: {
    path: string
    /** Names of the files that the cells are from. */
    files: readonly string[]
    nCells: number
    /** Genes that the model was fitted to. */
    nGenes: number
    /** Genes in the file. */
    totalGenes: number
    /** Counts of the fitted cells and genes that are not zero. */
    nonzeros: number
    /** Those that are missing. */
    missing: number
    /** Where the counts were read from: `X`, `layers/counts`, … */
    countsSource: string
    /** Cells of the file that were not fitted. */
    cellsLeftOut: number
    /** SHA-256 of the input; null where it is not known. */
    sha256: string | null
  }
  /** Settings of the model and its training that are not the defaults, and those that are. */
  settings: readonly NamedValue[]
  defaults: readonly NamedValue[]
  /** The earliest first. */
  warnings: readonly Warning[]
  history: readonly EpochRecord[]
  /** The epoch whose weights were kept. */
  keptEpoch?: number
  /** Names of the cells of the report. */
  cellNames: readonly string[]
  /** Cells × 2; left out when no layout was computed. */
  umap?: Matrix
  colorings: readonly Coloring[]
  /** The model, where the page is to compute with it. */
  model?: ReportModel
  /** What a latent dimension tells about a cell, in nats: its mean KL divergence from the prior, or from what all cells share. */
  latentKl: ArrayLike<number>
  /** For each dimension the column that it goes along with, where there is one. */
  alongWith: readonly (AlongWith | undefined)[]
  integration?: Integration
  /** Files of the run that other programs load, the name of the latent in obsm, and what names of obs begin with. */
  outputs?: { h5ad: string; latent: string; obsm: string; prefix: string }
  /** None where none were asked for. */
  clusters?: readonly ClusterSummary[]
  /** Where several seeds were fitted. */
  stability?: StabilitySummary
  outliers?: OutlierSummary
  metrics: readonly NamedValue[]
}

import type { PageQuery } from './embed-file.js'
import type { PageCovariates } from './layers.js'

/** The code of a cell without a category, and what a value that is missing is told by among numbers is NaN. */
export const NO_CATEGORY = 0xffff

/** What cells can be coloured by; `codes` and `values` name arrays of the pack. */
export type PageColoring =
  | {
      kind: 'categorical'
      name: string
      categories: readonly string[]
      /** Uint16 by cell; {@link NO_CATEGORY} is missing. */
      codes: string
    }
  | {
      kind: 'numeric'
      name: string
      /** Float32 by cell; NaN is missing. */
      values: string
    }

/** A layer whose weights are arrays of the pack: of a decoder in half precision (uint16), of an encoder in single. */
export interface PackedLayer {
  inputs: number
  outputs: number
  covariates: PageCovariates
  layerNorm: boolean
  weight: string
  bias: string
}

/** A head, likewise. */
export interface PackedHead {
  inputs: number
  outputs: number
  weight: string
  bias: string
}

/** The model, and what is known of its cells beside their places. */
export interface PackedModel {
  genes: readonly string[]
  /** The obs column of the batches, or null. */
  batchKey: string | null
  batches: readonly string[]
  layers: readonly PackedLayer[]
  headCovariates: PageCovariates
  head: PackedHead
  scale: 'softmax' | 'softplus'
  softmaxLatent: boolean
  /** Posterior means, cells × dimensions: whole numbers in steps of each dimension from its least value. */
  latent: { dimensions: number; low: readonly number[]; step: readonly number[]; values: string }
  /** Categorical covariates (Uint16 by cell), the batch first, and continuous ones (Float32 by cell). */
  codes: readonly string[]
  continuous: readonly string[]
  /** Float32 by cell: the log of what the softmax of its logits divides by, in its own batch. */
  logDenominators: string
  encoder: { layers: readonly PackedLayer[]; head: PackedHead }
  query: PageQuery
  /** Genes of some cells (Uint32, ascending) whose counts are farthest from the expected ones, the farthest first. */
  surprising?: {
    cells: string
    perCell: number
    /** Cells × `perCell`: positions of genes (Int32, −1 for none), and Float32. */
    genes: string
    observed: string
    expected: string
  }
}

/** What the page's script is given of a run, beside the arrays that are named here. */
export interface PageHeader {
  nCells: number
  cellNames: readonly string[]
  /** Uint16 x and y of every cell, in units of 1/65535 of the longer side. */
  positions: string
  colorings: readonly PageColoring[]
  model?: PackedModel
}

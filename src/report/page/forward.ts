import {
  type PageCovariates,
  type PageDecoder,
  type PageEncoder,
  type PageHead,
  type PageLayer,
  rowsOf,
} from './layers.js'

/** Added to the variance of layer norm, as in the network. */
const LAYER_NORM_EPSILON = 1e-5

/** Covariates of some cells. */
export interface CellCovariates {
  /** A code for each cell, by categorical covariate, the batch first. */
  codes: readonly ArrayLike<number>[]
  /** A value for each cell, by continuous covariate. */
  values: readonly ArrayLike<number>[]
}

/** Some rows of cells, from one to before another. */
export interface Stretch {
  from: number
  to: number
}

/**
 * Hidden units below the genes' logits.
 *
 * @param latent cells × latent
 * @param cells of the latent and the covariates that are decoded
 * @param batch code in place of the cells' own
 * @returns cells of the stretch × units
 */
export function decodedHidden(
  decoder: PageDecoder,
  latent: Float32Array,
  covariates: CellCovariates,
  cells: Stretch,
  batch?: number,
): Float32Array {
  const { layers, head, softmaxLatent } = decoder
  const rows = cells.to - cells.from
  const d = layers[0]?.inputs ?? head.inputs - rowsOf(decoder.covariates)
  const own = latent.subarray(cells.from * d, cells.to * d)
  const input = softmaxLatent ? softmaxRows(own, d) : own
  const of = codeOf(covariates, cells.from, batch)
  if (layers.length === 0) return beside(input, d, decoder.covariates, covariates, cells, of)
  return layers.reduce<Float32Array>(
    (x, layer) => hiddenLayer(layer, x, rows, covariates, cells.from, of),
    input,
  )
}

/** The logit of one gene in each row of hidden units. */
export function geneLogits(
  { inputs, weight, bias }: PageHead,
  hidden: Float32Array,
  gene: number,
): Float32Array {
  const rows = hidden.length / inputs
  const logits = new Float32Array(rows)
  const first = gene * inputs
  for (let row = 0; row < rows; row++)
    logits[row] = bias[gene]! + dot(hidden, row * inputs, weight, first, inputs)
  return logits
}

/** The logits of all genes of a row of hidden units. */
export function rowLogits(
  { inputs, outputs, weight, bias }: PageHead,
  hidden: Float32Array,
  row: number,
): Float32Array {
  const logits = new Float32Array(outputs)
  const from = row * inputs
  for (let gene = 0; gene < outputs; gene++)
    logits[gene] = bias[gene]! + dot(hidden, from, weight, gene * inputs, inputs)
  return logits
}

/** The log of what a softmax of logits divides by. */
export function logSumExp(logits: Float32Array): number {
  let most = Number.NEGATIVE_INFINITY
  for (const logit of logits) if (logit > most) most = logit
  let sum = 0
  for (const logit of logits) sum += Math.exp(logit - most)
  return most + Math.log(sum)
}

/** The log of what a row's softmax divides by; 0 where there is none. */
export function logDenominators({ head, scale }: PageDecoder, hidden: Float32Array): Float32Array {
  const rows = hidden.length / head.inputs
  const logs = new Float32Array(rows)
  if (scale === 'softplus') return logs
  for (let row = 0; row < rows; row++) logs[row] = logSumExp(rowLogits(head, hidden, row))
  return logs
}

/** A gene's share of a cell's counts, or its rate for one unit of the size factor. */
export const rateOf = (scale: PageDecoder['scale'], logit: number, logDenominator: number): number =>
  scale === 'softmax'
    ? Math.exp(logit - logDenominator)
    : Math.max(logit, 0) + Math.log1p(Math.exp(-Math.abs(logit)))

/**
 * Posterior means of cells.
 *
 * @param counts cells × genes of the model, zero where a cell has none
 */
export function encodedMeans(
  encoder: PageEncoder,
  counts: Float32Array,
  covariates: CellCovariates,
): Float32Array {
  const { layers, head } = encoder
  const nGenes = layers[0]!.inputs
  const rows = counts.length / nGenes
  const of = codeOf(covariates, 0, undefined)
  const logged = counts.map(Math.log1p)
  const hidden = layers.reduce<Float32Array>(
    (x, layer) => hiddenLayer(layer, x, rows, covariates, 0, of),
    logged,
  )
  const means = new Float32Array(rows * head.outputs)
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < head.outputs; k++) {
      means[row * head.outputs + k] =
        head.bias[k]! + dot(hidden, row * head.inputs, head.weight, k * head.inputs, head.inputs)
    }
  }
  return means
}

type CodeOf = (covariate: number, row: number) => number

const codeOf =
  ({ codes }: CellCovariates, from: number, batch: number | undefined): CodeOf =>
  (covariate, row) =>
    covariate === 0 && batch !== undefined ? batch : codes[covariate]![from + row]!

function hiddenLayer(
  { inputs, outputs, covariates: taken, weight, bias, layerNorm }: PageLayer,
  input: Float32Array,
  rows: number,
  { values }: CellCovariates,
  from: number,
  codes: CodeOf,
): Float32Array {
  const output = new Float32Array(rows * outputs)
  // thousands of terms are added up: in doubles, so that their order is of no account
  const units = new Float64Array(outputs)
  for (let row = 0; row < rows; row++) {
    units.set(bias)
    for (let k = 0; k < inputs; k++) addRow(units, weight, k, input[row * inputs + k]!)
    let at = inputs
    for (const [covariate, n] of taken.categories.entries()) {
      if (n > 0) addRow(units, weight, at + codes(covariate, row), 1)
      at += n
    }
    for (let c = 0; c < taken.continuous; c++) addRow(units, weight, at + c, values[c]![from + row]!)
    if (layerNorm) normalise(units)
    for (let j = 0; j < outputs; j++) output[row * outputs + j] = Math.max(0, units[j]!)
  }
  return output
}

function addRow(units: Float64Array, weight: Float32Array, row: number, factor: number): void {
  if (factor === 0) return
  const first = row * units.length
  for (let j = 0; j < units.length; j++) units[j] = units[j]! + factor * weight[first + j]!
}

function normalise(units: Float64Array): void {
  const n = units.length
  let sum = 0
  for (const value of units) sum += value
  const mean = sum / n
  let squares = 0
  for (const value of units) squares += (value - mean) ** 2
  const factor = 1 / Math.sqrt(squares / n + LAYER_NORM_EPSILON)
  for (let j = 0; j < n; j++) units[j] = (units[j]! - mean) * factor
}

/** Latents with the covariates beside them, one column for each category. */
function beside(
  input: Float32Array,
  d: number,
  taken: PageCovariates,
  { values }: CellCovariates,
  cells: Stretch,
  codes: CodeOf,
): Float32Array {
  const width = d + rowsOf(taken)
  const rows = cells.to - cells.from
  const output = new Float32Array(rows * width)
  for (let row = 0; row < rows; row++) {
    output.set(input.subarray(row * d, (row + 1) * d), row * width)
    let at = row * width + d
    for (const [covariate, n] of taken.categories.entries()) {
      if (n > 0) output[at + codes(covariate, row)] = 1
      at += n
    }
    for (let c = 0; c < taken.continuous; c++) output[at + c] = values[c]![cells.from + row]!
  }
  return output
}

function softmaxRows(values: Float32Array, d: number): Float32Array {
  const output = new Float32Array(values.length)
  for (let first = 0; first < values.length; first += d) {
    const row = values.subarray(first, first + d)
    const most = Math.max(...row)
    const raised = row.map((value) => Math.exp(value - most))
    const sum = raised.reduce((total, value) => total + value, 0)
    for (let k = 0; k < d; k++) output[first + k] = raised[k]! / sum
  }
  return output
}

function dot(a: Float32Array, fromA: number, b: Float32Array, fromB: number, n: number): number {
  let sum = 0
  for (let k = 0; k < n; k++) sum += a[fromA + k]! * b[fromB + k]!
  return sum
}

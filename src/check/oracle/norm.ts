import { at, columnSums, filled, type Matrix, matrix } from './matrix.js'

const BATCH_NORM_EPSILON = 1e-3
const LAYER_NORM_EPSILON = 1e-5

function meanAndVariance(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length
  return { mean, variance }
}

function column(m: Matrix, j: number): number[] {
  return Array.from({ length: m.rows }, (_, i) => at(m, i, j))
}

function row(m: Matrix, i: number): number[] {
  return Array.from({ length: m.columns }, (_, j) => at(m, i, j))
}

export interface BatchNormResult {
  output: Matrix
  /** 2 × features: mean and 1/√(variance + ε) of the minibatch. */
  saved: Matrix
  /** 2 × features, after the update. */
  running: Matrix
}

/** Normalises by the biased variance of the minibatch; the unbiased one goes into the running variance. */
export function batchNorm(input: Matrix, scale: Matrix, shift: Matrix, running: Matrix): BatchNormResult {
  const n = input.rows
  const output = matrix(n, input.columns)
  const saved = matrix(2, input.columns)
  const after = matrix(2, input.columns)
  for (let j = 0; j < input.columns; j++) {
    const { mean, variance } = meanAndVariance(column(input, j))
    const inverse = 1 / Math.sqrt(variance + BATCH_NORM_EPSILON)
    saved.values[j] = mean
    saved.values[input.columns + j] = inverse
    after.values[j] = 0.99 * at(running, 0, j) + 0.01 * mean
    after.values[input.columns + j] = 0.99 * at(running, 1, j) + 0.01 * variance * (n / (n - 1))
    for (let i = 0; i < n; i++) {
      output.values[i * input.columns + j] =
        at(scale, 0, j) * (at(input, i, j) - mean) * inverse + at(shift, 0, j)
    }
  }
  return { output, saved, running: after }
}

export function batchNormEvaluation(input: Matrix, scale: Matrix, shift: Matrix, running: Matrix): Matrix {
  return filled(input.rows, input.columns, (i, j) => {
    const normal = (at(input, i, j) - at(running, 0, j)) / Math.sqrt(at(running, 1, j) + BATCH_NORM_EPSILON)
    return at(scale, 0, j) * normal + at(shift, 0, j)
  })
}

export interface BatchNormGradient {
  input: Matrix
  scale: Matrix
  shift: Matrix
}

/**
 * With n = normalised input and g = gradient of the output: d scale = Σ g·n, d shift = Σ g and
 * d input = scale/√(variance + ε) · (g − mean(g) − n·mean(g·n)), sums and means over the cells.
 */
export function batchNormGradient(input: Matrix, scale: Matrix, outputGradient: Matrix): BatchNormGradient {
  const normalised = matrix(input.rows, input.columns)
  const inverses: number[] = []
  for (let j = 0; j < input.columns; j++) {
    const { mean, variance } = meanAndVariance(column(input, j))
    inverses.push(1 / Math.sqrt(variance + BATCH_NORM_EPSILON))
    for (let i = 0; i < input.rows; i++) {
      normalised.values[i * input.columns + j] = (at(input, i, j) - mean) * inverses[j]!
    }
  }
  const products = filled(
    input.rows,
    input.columns,
    (i, j) => at(outputGradient, i, j) * at(normalised, i, j),
  )
  const scaleGradient = columnSums(products)
  const shiftGradient = columnSums(outputGradient)
  return {
    scale: scaleGradient,
    shift: shiftGradient,
    input: filled(input.rows, input.columns, (i, j) => {
      const centred = at(outputGradient, i, j) - at(shiftGradient, 0, j) / input.rows
      const projected = (at(normalised, i, j) * at(scaleGradient, 0, j)) / input.rows
      return at(scale, 0, j) * inverses[j]! * (centred - projected)
    }),
  }
}

/** Each cell's features to mean 0 and variance 1; `saved` holds 1/√(variance + ε) of each cell. */
export function layerNorm(input: Matrix): { output: Matrix; saved: Matrix } {
  const statistics = Array.from({ length: input.rows }, (_, i) => meanAndVariance(row(input, i)))
  const saved = filled(input.rows, 1, (i) => 1 / Math.sqrt(statistics[i]!.variance + LAYER_NORM_EPSILON))
  return {
    output: filled(
      input.rows,
      input.columns,
      (i, j) => (at(input, i, j) - statistics[i]!.mean) * at(saved, i, 0),
    ),
    saved,
  }
}

/** As for batch norm with scale 1, means over the features of a cell. */
export function layerNormGradient(input: Matrix, outputGradient: Matrix): Matrix {
  const { output, saved } = layerNorm(input)
  return filled(input.rows, input.columns, (i, j) => {
    let mean = 0
    let projection = 0
    for (let k = 0; k < input.columns; k++) {
      mean += at(outputGradient, i, k) / input.columns
      projection += (at(outputGradient, i, k) * at(output, i, k)) / input.columns
    }
    return at(saved, i, 0) * (at(outputGradient, i, j) - mean - at(output, i, j) * projection)
  })
}

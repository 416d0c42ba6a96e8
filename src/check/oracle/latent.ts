import { at, filled, type Matrix, matrix } from './matrix.js'
import { type NoiseNumbers, noiseNormal } from './philox.js'

const VARIANCE_FLOOR = 1e-4

export interface LatentArguments {
  /** Cells × dimensions. */
  mean: Matrix
  rawVariance: Matrix
  /** Standard normal draws, cells × dimensions; zeros take the mean. */
  normals: Matrix
  /** Batches × 2 (mean, variance), by the cells' batch codes; the standard normal when left out. */
  prior?: { table: Matrix; codes: readonly number[] }
}

export function latentNormals(rows: number, columns: number, noise: NoiseNumbers | undefined): Matrix {
  return noise === undefined
    ? matrix(rows, columns)
    : filled(rows, columns, (i, j) => noiseNormal(noise, i, j))
}

function priorOf(args: LatentArguments, cell: number): { mean: number; variance: number } {
  if (args.prior === undefined) return { mean: 0, variance: 1 }
  const code = args.prior.codes[cell]!
  return { mean: at(args.prior.table, code, 0), variance: at(args.prior.table, code, 1) }
}

/** Draw = mean + √variance · normal, and KL(N(mean, variance) ‖ prior) summed over the dimensions. */
export function sampleLatent(args: LatentArguments): { output: Matrix; kl: Matrix } {
  const { rows, columns } = args.mean
  const variance = filled(rows, columns, (i, j) => Math.exp(at(args.rawVariance, i, j)) + VARIANCE_FLOOR)
  return {
    output: filled(
      rows,
      columns,
      (i, j) => at(args.mean, i, j) + Math.sqrt(at(variance, i, j)) * at(args.normals, i, j),
    ),
    kl: filled(rows, 1, (i) => {
      const prior = priorOf(args, i)
      let kl = 0
      for (let j = 0; j < columns; j++) {
        const squared = (at(args.mean, i, j) - prior.mean) ** 2
        const v = at(variance, i, j)
        kl += 0.5 * (Math.log(prior.variance / v) + (v + squared) / prior.variance - 1)
      }
      return kl
    }),
  }
}

/** Gradient of Σ outputGradient·draw + Σ klGradient·KL; `klGradient` has a value for each cell. */
export function sampleLatentGradient(
  args: LatentArguments,
  outputGradient: Matrix,
  klGradient: (cell: number) => number,
): { mean: Matrix; rawVariance: Matrix } {
  const { rows, columns } = args.mean
  return {
    mean: filled(rows, columns, (i, j) => {
      const prior = priorOf(args, i)
      return at(outputGradient, i, j) + (klGradient(i) * (at(args.mean, i, j) - prior.mean)) / prior.variance
    }),
    rawVariance: filled(rows, columns, (i, j) => {
      const raw = Math.exp(at(args.rawVariance, i, j))
      const variance = raw + VARIANCE_FLOOR
      const byDraw = (at(outputGradient, i, j) * at(args.normals, i, j)) / (2 * Math.sqrt(variance))
      const byKl = 0.5 * klGradient(i) * (1 / priorOf(args, i).variance - 1 / variance)
      return (byDraw + byKl) * raw
    }),
  }
}

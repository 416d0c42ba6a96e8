import { batchDiscrepancy, classifier, heldAxis, loadingsL1 } from '../../examples/loss-terms.mjs'
import { at, type Matrix } from '../../src/check/oracle/matrix.js'
import type { ExtraTerm } from '../../src/models/loss-terms.js'
import type { ModelConfig } from '../../src/network/config.js'
import { absolute, add, exp, log, multiply, square, subtract } from '../../src/network/terms.js'
import type { LossInput } from './autodiff.js'
import type { ModelValues } from './model-loss.js'

/** What an oracle's term is made of. */
export interface TermPoint extends ModelValues {
  input: LossInput
  weight: (name: string) => Matrix
}

/** A term, and what it is in float64, written from its definition. */
interface TermCase extends ExtraTerm {
  oracle: (point: TermPoint) => number
}

interface TermSetting {
  model?: Partial<ModelConfig>
  terms: readonly TermCase[]
  /** Rows and columns of the weights that the terms bring. */
  weights?: Readonly<Record<string, readonly [number, number]>>
}

const total = (n: number, value: (i: number) => number): number =>
  Array.from({ length: n }, (_, i) => value(i)).reduce((sum, x) => sum + x, 0)

const average = (n: number, value: (i: number) => number): number => total(n, value) / n

/** The squared discrepancy of two groups of rows, by means of kernels over pairs of cells. */
function discrepancy(latent: Matrix, one: readonly number[], other: readonly number[]): number {
  const kernel = (i: number, j: number) => {
    const distance = total(latent.columns, (d) => (at(latent, i, d) - at(latent, j, d)) ** 2)
    return total(5, (k) => Math.exp(-distance / (2 * [1, 2, 5, 10, 20][k]!)))
  }
  const between = (a: readonly number[], b: readonly number[]) =>
    average(a.length, (i) => average(b.length, (j) => kernel(a[i]!, b[j]!)))
  return between(one, one) + between(other, other) - 2 * between(one, other)
}

function batchDiscrepancies({ latent, input }: TermPoint): number {
  const codes = input.cells.categorical[0]!
  const cells = codes.map((_, cell) => cell)
  return average(input.categories[0]!, (batch) =>
    discrepancy(
      latent,
      cells.filter((cell) => codes[cell] === batch),
      cells.filter((cell) => codes[cell] !== batch),
    ),
  )
}

function crossEntropy({ latent, input, weight }: TermPoint): number {
  const [slopes, intercepts] = [weight('term.slopes'), weight('term.intercepts')]
  const logit = (cell: number, k: number) =>
    at(intercepts, 0, k) + total(latent.columns, (d) => at(latent, cell, d) * at(slopes, d, k))
  return average(latent.rows, (cell) => {
    const own = Math.exp(logit(cell, input.cells.categorical[2]![cell]!))
    return -Math.log(own / total(slopes.columns, (k) => Math.exp(logit(cell, k))))
  })
}

const sumOf = ({ values }: Matrix, of: (x: number) => number) => total(values.length, (i) => of(values[i]!))

/** Terms of every kind: the documented ones, values that the loss has already, weights that kernels update, new weights. */
export const TERM_CASES: Record<string, TermSetting> = {
  'the discrepancy of batches': {
    terms: [{ name: 'mmd', weight: 3.7, of: batchDiscrepancy(3), oracle: batchDiscrepancies }],
  },
  'the discrepancy of batches, over a logistic-normal latent': {
    model: { latentDistribution: 'ln' },
    terms: [{ name: 'mmd', weight: 11, of: batchDiscrepancy(3), oracle: batchDiscrepancies }],
  },
  'loadings without batch norm': {
    model: { decoder: 'linear', batchNorm: 'encoder' },
    terms: [
      {
        name: 'l1',
        weight: 0.3,
        of: loadingsL1(3),
        oracle: ({ weight }) =>
          total(3, (k) => total(7, (gene) => Math.abs(at(weight('px_scale.weight'), k, gene)))),
      },
    ],
  },
  'an axis held to a covariate': {
    terms: [
      {
        name: 'axis',
        weight: 2.5,
        of: heldAxis(1, 0, { mean: 0.2, deviation: 1.4 }),
        oracle: ({ latent, input }) =>
          average(latent.rows, (i) => (at(latent, i, 1) - (input.cells.continuous[0]![i]! - 0.2) / 1.4) ** 2),
      },
    ],
  },
  'a classifier of its own': {
    terms: [{ name: 'classes', weight: 1.5, of: classifier(1, 2), oracle: crossEntropy }],
    weights: { slopes: [3, 2], intercepts: [1, 2] },
  },
  'values that the loss has already': {
    terms: [
      {
        name: 'likelihood',
        weight: -0.4,
        of: ({ logLikelihood }) => logLikelihood,
        oracle: ({ logLikelihood: { values } }) => average(values.length, (i) => values[i]!),
      },
      {
        name: 'capacity',
        weight: 0.7,
        of: ({ kl }) => absolute(subtract(kl, 2.5)),
        oracle: ({ kl: { values } }) => average(values.length, (i) => Math.abs(values[i]! - 2.5)),
      },
      {
        name: 'divergence',
        weight: 1.3,
        of: ({ kl }) => kl,
        oracle: ({ kl: { values } }) => average(values.length, (i) => values[i]!),
      },
    ],
  },
  'weights that kernels update where no term has them': {
    model: { likelihood: 'zinb' },
    terms: [
      {
        name: 'first layer',
        weight: 0.6,
        of: ({ weight, sum }) => sum(square(weight('z_encoder.fc0.weight')), 'all'),
        oracle: ({ weight }) => sumOf(weight('z_encoder.fc0.weight'), (x) => x * x),
      },
      {
        name: 'output layer',
        weight: 1.2,
        of: ({ weight, mean }) => mean(exp(weight('px_scale.weight')), 'all'),
        oracle: ({ weight }) => sumOf(weight('px_scale.weight'), Math.exp) / 42,
      },
      {
        name: 'dispersion',
        weight: 0.9,
        of: ({ weight, logSumExp }) => logSumExp(weight('px_r'), 'all'),
        oracle: ({ weight }) => Math.log(sumOf(weight('px_r'), Math.exp)),
      },
    ],
  },
  'a weight of the output layer alone': {
    model: { dispersion: 'gene-batch' },
    terms: [
      {
        name: 'output layer',
        weight: 0.7,
        of: ({ weight, rows, mean }) => mean(square(rows(weight('px_scale.weight'), 2, 5)), 'all'),
        oracle: ({ weight }) =>
          average(3, (i) => average(6, (j) => at(weight('px_scale.weight'), i + 2, j) ** 2)),
      },
    ],
  },
  'a latent library and variances': {
    model: { library: 'latent', encodeCovariates: true },
    terms: [
      {
        name: 'library',
        weight: 0.8,
        of: ({ library }) => square(library!),
        oracle: ({ library }) => sumOf(library!, (x) => x * x) / library!.rows,
      },
      {
        name: 'spread',
        weight: 1.7,
        of: ({ latentVariance, latentMean, mean }) =>
          mean(add(log(latentVariance), square(latentMean)), 'all'),
        oracle: ({ latentVariance, latentMean }) =>
          (sumOf(latentVariance, Math.log) + sumOf(latentMean, (x) => x * x)) / latentMean.values.length,
      },
    ],
  },
  'a weight against itself, and columns that are picked': {
    model: { decoder: 'linear' },
    terms: [
      {
        name: 'products',
        weight: 0.35,
        of: ({ weight, pairs, sum }) => {
          const w = weight('z_encoder.mean.weight')
          return sum(square(pairs([w], [w], ([a], [b]) => multiply(a, b))), 'all')
        },
        oracle: ({ weight }) => {
          const w = weight('z_encoder.mean.weight')
          const product = (i: number, j: number) => total(w.columns, (k) => at(w, i, k) * at(w, j, k))
          return total(w.rows, (i) => total(w.rows, (j) => product(i, j) ** 2))
        },
      },
      {
        name: 'largest',
        weight: 2.1,
        of: ({ latent, largest, column }) => multiply(largest(latent, 'columns'), column(latent, 2)),
        oracle: ({ latent }) =>
          average(latent.rows, (i) => {
            const row = [at(latent, i, 0), at(latent, i, 1), at(latent, i, 2)] as const
            return Math.max(...row) * row[2]
          }),
      },
    ],
  },
  'new weights, two of them a term by themselves': {
    terms: [
      {
        name: 'alone',
        weight: 0.45,
        of: ({ newWeight }) => newWeight('alone', 1, 1),
        oracle: ({ weight }) => at(weight('term.alone'), 0, 0),
      },
      {
        name: 'apart',
        weight: 0.2,
        of: ({ newWeight }) => newWeight('apart', 1, 1),
        oracle: ({ weight }) => at(weight('term.apart'), 0, 0),
      },
      {
        name: 'shared',
        weight: 0.75,
        of: ({ weight, latentMean, sum }) =>
          square(sum(multiply(latentMean, weight('term.alone')), 'columns')),
        oracle: ({ weight, latentMean }) =>
          average(
            latentMean.rows,
            (i) => total(3, (d) => at(latentMean, i, d) * at(weight('term.alone'), 0, 0)) ** 2,
          ),
      },
      {
        name: 'watched',
        weight: 0,
        of: ({ latent, mean, continuous }) => multiply(mean(latent, 'rows').columns as number, continuous(0)),
        oracle: ({ input }) => 3 * average(9, (i) => input.cells.continuous[0]![i]!),
      },
    ],
    weights: { alone: [1, 1], apart: [1, 1] },
  },
}

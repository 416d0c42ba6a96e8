import type { CellSource } from '../../device/device.js'
import { rowsOf } from '../../device/loaded-rows.js'
import { fitBy, orthonormal } from '../../numeric/least-squares.js'
import type { Matrix } from '../../numeric/matrix.js'
import { MISSING } from '../../numeric/missing.js'
import type { Estimate } from './estimate.js'

/** How far the latent goes along with something technical. */
export interface TechnicalShare {
  name: string
  /** Share of the variance of each latent dimension that goes along with it. */
  dimensions: Estimate[]
  /** Share of its own variance that all dimensions together tell; for a batch the mean over its categories by their variance. */
  latent: Estimate
}

/** @param values of every cell, or the code of a category */
export function technicalShare(
  name: string,
  latent: Matrix,
  values: { numbers: Float64Array } | { codes: Int32Array },
): TechnicalShare | undefined {
  const { rows: n, columns: d } = latent
  const axes = Array.from({ length: d }, (_, k) =>
    Float64Array.from({ length: n }, (_, i) => latent.values[i * d + k]!),
  )
  const columns = 'numbers' in values ? [values.numbers] : indicators(values.codes)
  const basis = orthonormal(columns, n)
  if (basis.length < 2) return undefined
  const space = orthonormal(axes, n)
  const weights = columns.map((column) => variance(column))
  const total = weights.reduce((sum, x) => sum + x, 0)
  const told = columns.reduce((sum, column, i) => {
    return weights[i]! > 0 ? sum + (weights[i]! / total) * fitBy(space, column).r2 : sum
  }, 0)
  return {
    name,
    dimensions: axes.map((axis) => withError(fitBy(basis, axis).r2, n, basis.length - 1)),
    latent: withError(told, n, space.length - 1),
  }
}

/** A share of variance with its standard error in large samples (Olkin and Finn 1995), the part of chance taken off. */
function withError(r2: number, n: number, predictors: number): Estimate {
  if (Number.isNaN(r2)) return { value: 0, error: 0 }
  const value = Math.max(0, 1 - ((1 - r2) * (n - 1)) / Math.max(1, n - 1 - predictors))
  return { value, error: Math.sqrt((4 * value * (1 - value) ** 2) / n) }
}

const variance = (values: Float64Array): number => {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length
  return values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length
}

function indicators(codes: Int32Array): Float64Array[] {
  const used = [...new Set(codes)].sort((a, b) => a - b)
  return used.map((code) => Float64Array.from(codes, (one) => (one === code ? 1 : 0)))
}

/** Cells whose counts are fetched at once. */
const BLOCK = 512

/** Share of each cell's counts in some genes. */
export async function shareInGenes(source: CellSource, genes: ReadonlySet<number>): Promise<Float64Array> {
  const shares = new Float64Array(source.nCells)
  for (let from = 0; from < source.nCells; from += BLOCK) {
    const n = Math.min(BLOCK, source.nCells - from)
    const rows = await rowsOf(
      source,
      Int32Array.from({ length: n }, (_, i) => from + i),
    )
    for (const [i, row] of rows.entries()) {
      let [inside, all] = [0, 0]
      for (const [k, gene] of row.genes.entries()) {
        const x = row.counts[k]!
        if (x === MISSING) continue
        all += x
        if (genes.has(gene)) inside += x
      }
      shares[from + i] = all > 0 ? inside / all : 0
    }
  }
  return shares
}

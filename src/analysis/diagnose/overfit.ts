import type { CellSource } from '../../device/device.js'
import { rowsOf } from '../../device/loaded-rows.js'
import type { RandomKeys } from '../../numeric/keyed-random.js'
import { fitBy, orthonormal } from '../../numeric/least-squares.js'
import { MISSING } from '../../numeric/missing.js'
import { logFactorial } from '../../numeric/special.js'
import type { Posterior } from '../posterior/inference.js'
import { type Estimate, meanOf } from './estimate.js'
import type { LogJoint } from './log-joint.js'
import { nestedBounds } from './nested-bounds.js'

/** Cells whose counts are fetched at once. */
const BLOCK = 512

/**
 * What makes one cell's likelihood differ from another's before any model: the log-likelihood of its counts under Poissons of its size and the mean
 * profile, the size and its log, and the number of genes with a count.
 *
 * @returns four columns over the cells
 */
export async function cellDifficulty(source: CellSource, cells: Int32Array): Promise<Float64Array[]> {
  const profile = new Float64Array(source.nGenes)
  let total = 0
  await eachRow(source, cells, (genes, counts) => {
    for (const [k, gene] of genes.entries()) {
      if (counts[k] === MISSING) continue
      profile[gene]! += counts[k]!
      total += counts[k]!
    }
  })
  const columns = Array.from({ length: 4 }, () => new Float64Array(cells.length))
  let at = 0
  await eachRow(source, cells, (genes, counts) => {
    let size = 0
    let detected = 0
    let logLikelihood = 0
    for (const [k, gene] of genes.entries()) {
      const x = counts[k]!
      if (x === MISSING || x <= 0) continue
      size += x
      detected++
      logLikelihood += x * Math.log(profile[gene]! / total) - logFactorial(Math.round(x))
    }
    const log = Math.log(Math.max(1, size))
    columns[0]![at] = logLikelihood + size * log - size
    columns[1]![at] = size
    columns[2]![at] = log
    columns[3]![at] = detected
    at++
  })
  return columns
}

async function eachRow(
  source: CellSource,
  cells: Int32Array,
  visit: (genes: Int32Array, counts: Float32Array) => void,
): Promise<void> {
  for (let from = 0; from < cells.length; from += BLOCK) {
    const rows = await rowsOf(source, cells.slice(from, from + BLOCK))
    for (const { genes, counts } of rows) visit(genes, counts)
  }
}

/**
 * How much higher the values of one group are than those of another, in cells that are equally hard: what columns tell of the values is taken away
 * first, which makes a difference of few nats visible among cells that differ by hundreds.
 *
 * @param first whether a cell is of the first group
 */
export function adjustedDifference(
  values: Float64Array,
  columns: readonly Float64Array[],
  first: (cell: number) => boolean,
): Estimate {
  const { residuals } = fitBy(orthonormal(columns, values.length), values)
  const a = meanOf(residuals.filter((_, i) => first(i)))
  const b = meanOf(residuals.filter((_, i) => !first(i)))
  return { value: a.value - b.value, error: Math.hypot(a.error, b.error) }
}

/** How well cells that were not trained on are described, beside those that were; in nats a cell. */
export interface HeldoutFit {
  /** Cells on each side. */
  nTrain: number
  nHeldout: number
  /** Mean ELBO and importance-weighted bound of {@link DRAWS} draws. */
  elbo: { train: Estimate; heldout: Estimate }
  bound: { train: Estimate; heldout: Estimate }
  /** How much higher the bound of cells trained on is, in cells that are equally hard. */
  difference: Estimate
}

const DRAWS = [1, 10] as const

/**
 * Compares cells trained on with others.
 *
 * @param proposal posteriors of every cell of the source, as the joint density has its dimensions
 */
export async function heldoutFit(
  joint: LogJoint,
  source: CellSource,
  proposal: Posterior,
  keys: RandomKeys,
  { train, heldout, seed }: { train: Int32Array; heldout: Int32Array; seed: number },
  done: (cells: number, total: number) => void,
): Promise<HeldoutFit> {
  const cells = Int32Array.from([...train, ...heldout])
  let seen = 0
  const { bounds } = await nestedBounds(joint, cells, proposal, keys, {
    draws: DRAWS,
    seed,
    done: (n) => {
      seen += n
      done(seen, cells.length)
    },
  })
  const difficulty = await cellDifficulty(source, cells)
  const sides = (values: Float64Array) => ({
    train: meanOf(values.subarray(0, train.length)),
    heldout: meanOf(values.subarray(train.length)),
  })
  return {
    nTrain: train.length,
    nHeldout: heldout.length,
    elbo: sides(bounds[0]!),
    bound: sides(bounds[1]!),
    difference: adjustedDifference(bounds[1]!, difficulty, (i) => i < train.length),
  }
}

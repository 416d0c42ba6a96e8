import type { CellRow } from '../../../device/device.js'
import { MISSING } from '../../../numeric/missing.js'

/** Cells that the profile of a cluster is made of, at most. */
const CELLS_OF_PROFILE = 200
/** With fewer cells there is no profile of a cluster. */
const FEWEST_OF_PROFILE = 10
/** Counts that each profile is drawn to the mean profile by, so that no gene has a share of zero. */
const PRIOR_COUNTS = 500

/** Shares of genes in the counts of ordinary cells; each sums to one. */
export interface ReferenceProfiles {
  /** One profile for each cluster that has enough ordinary cells. */
  clusters: readonly Float64Array[]
  /** That of all cells together: what is dissolved when some of them break. */
  mean: Float64Array
}

/** Cells of each cluster, spread evenly over it; clusters with too few are left out. */
export function cellsOfProfiles(
  labels: ArrayLike<number>,
  isOrdinary: (cell: number) => boolean,
): Int32Array[] {
  const members = new Map<number, number[]>()
  for (let cell = 0; cell < labels.length; cell++) {
    if (!isOrdinary(cell)) continue
    const of = members.get(labels[cell]!)
    if (of) of.push(cell)
    else members.set(labels[cell]!, [cell])
  }
  return [...members]
    .sort(([a], [b]) => a - b)
    .filter(([, of]) => of.length >= FEWEST_OF_PROFILE)
    .map(([, of]) => spread(of, CELLS_OF_PROFILE))
}

/** At most `most` of some cells, evenly spaced. */
export function spread(cells: ArrayLike<number>, most: number): Int32Array {
  const n = Math.min(cells.length, most)
  return Int32Array.from({ length: n }, (_, i) => cells[Math.floor((i * cells.length) / n)]!)
}

/**
 * @param rows counts of the cells of each cluster
 * @param sizes cells of each cluster in all, which weigh its counts in the mean profile
 */
export function referenceProfiles(
  rows: readonly (readonly CellRow[])[],
  sizes: readonly number[],
  nGenes: number,
): ReferenceProfiles {
  const sums = rows.map((of) => geneSums(of, nGenes))
  const all = new Float64Array(nGenes).fill(1e-3)
  for (const [c, of] of sums.entries()) {
    const weight = sizes[c]! / rows[c]!.length
    for (let g = 0; g < nGenes; g++) all[g]! += weight * of[g]!
  }
  const mean = shares(all)
  const clusters = sums.map((of) => drawnTo(of, mean, PRIOR_COUNTS))
  return { clusters: clusters.length > 0 ? clusters : [mean], mean }
}

/** Counts of each gene over some cells. */
export function geneSums(rows: readonly CellRow[], nGenes: number): Float64Array {
  const sums = new Float64Array(nGenes)
  for (const { genes, counts } of rows) {
    for (let k = 0; k < genes.length; k++) if (counts[k] !== MISSING) sums[genes[k]!]! += counts[k]!
  }
  return sums
}

/** Shares of counts to which some counts of a profile were added. */
export function drawnTo(sums: Float64Array, profile: Float64Array, counts: number): Float64Array {
  return shares(sums.map((sum, g) => sum + counts * profile[g]!))
}

/** Counts of genes as shares of all of them. */
export function shares(sums: Float64Array): Float64Array {
  const total = sums.reduce((a, b) => a + b, 0)
  return sums.map((sum) => sum / total)
}

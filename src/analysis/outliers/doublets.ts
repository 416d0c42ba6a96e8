import { countsInMemory } from '../../cells/counts-in-memory.js'
import type { CellRow, CellSource } from '../../device/device.js'
import type { Matrix } from '../../numeric/matrix.js'
import { Random } from '../../numeric/random.js'
import { sourceOf } from '../posterior/generate.js'
import { cellChunks } from '../posterior/inference.js'
import { STREAM } from '../random-streams.js'
import { cellsByBatch } from './cells-by-batch.js'
import { rowsByCell, sumOfRows } from './mixed-rows.js'

/** Of so many cells by chance the farthest is the other cell: doublets of two alike are hardly to be told from single cells. */
const CANDIDATES = 3
/** Doublets whose cells' rows are held at a time. */
const BLOCK = 256

/** Which two cells each doublet is of. */
export interface Pairs {
  first: Int32Array
  second: Int32Array
}

/**
 * Pairs of cells of one batch by chance, apart rather than alike.
 *
 * @param latent cells × dimensions
 */
export function doubletPairs(source: CellSource, latent: Matrix, n: number, seed: number): Pairs {
  const random = new Random(seed, STREAM.doublets)
  const batches = cellsByBatch(source)
  const first = Int32Array.from({ length: n }, () => random.integer(source.nCells))
  const second = first.map((cell) => {
    const others = batches.get(source.categorical[0]?.[cell] ?? 0)!
    let [farthest, most] = [cell, -1]
    for (let i = 0; i < CANDIDATES; i++) {
      const other = others[random.integer(others.length)]!
      const apart = squaredDistance(latent, cell, other)
      if (apart > most) [farthest, most] = [other, apart]
    }
    return farthest
  })
  return { first, second }
}

/** Cells with the counts of two each, and the covariates of the first. */
export async function doubletCells(source: CellSource, { first, second }: Pairs): Promise<CellSource> {
  const rows: CellRow[] = []
  for (const block of cellChunks(first.length, BLOCK)) {
    const of = await rowsByCell(
      source,
      [...block].flatMap((i) => [first[i]!, second[i]!]),
    )
    for (const i of block) rows.push(sumOfRows(of.get(first[i]!)!, of.get(second[i]!)!))
  }
  const { rows: _, ...covariates } = sourceOf(source, first)
  return {
    ...covariates,
    counts: countsInMemory(rows.length, source.nGenes, (i) => rows[i]!, source.counts.missing),
    size: covariates.size.map((size, i) => size + source.size[second[i]!]!),
  }
}

function squaredDistance({ values, columns }: Matrix, a: number, b: number): number {
  let sum = 0
  for (let f = 0; f < columns; f++) sum += (values[a * columns + f]! - values[b * columns + f]!) ** 2
  return sum
}

import { CountedBlocks } from './counted-blocks.js'
import type { CountMatrix } from './counts.js'
import { LocatedScan } from './located-scan.js'
import { MissingMarker, type MissingRule } from './missing-counts.js'
import type { MatrixEntries, Selection, StoredMatrix } from './stored-matrix.js'
import type { StoredValues } from './stored-values.js'

/** Entries that are judged at a time. */
const STRIP = 65536

/**
 * Reads some cells and genes of a matrix, in the order asked for, by two passes over what holds them: one that counts and
 * one that fills.
 *
 * @param rule which counts are missing, with a mask of the cells and genes asked for
 * @returns the counts, and what those that are not missing are like, with positions among the cells and genes asked for
 */
export async function readSelection(
  matrix: StoredMatrix,
  only: Selection,
  rule: MissingRule = { nan: false },
): Promise<{ counts: CountMatrix; values: StoredValues }> {
  const cellAt = newPositions(only.cells, matrix.nCells)
  const geneAt = newPositions(only.genes, matrix.nGenes)
  const entriesPerCell = new Int32Array(only.cells?.length ?? matrix.nCells)
  for await (const slice of matrix.entries(only)) {
    const { cells } = observed(kept(slice, cellAt, geneAt), rule)
    for (let k = 0; k < cells.length; k++) entriesPerCell[cells[k]!]!++
  }
  const nGenes = only.genes?.length ?? matrix.nGenes
  const blocks = new CountedBlocks(entriesPerCell, nGenes)
  const scan = new LocatedScan()
  for await (const slice of matrix.entries(only)) {
    const entries = observed(kept(slice, cellAt, geneAt), rule)
    for (const strip of stripsOf(entries)) {
      const judged = rule.nan ? filtered(strip, (k) => !Number.isNaN(strip.values[k]!)) : strip
      scan.add(judged.values, (k) => ({ cell: judged.cells[k]!, gene: judged.genes[k]! }))
    }
    const { cells, genes, values } = entries
    for (let k = 0; k < cells.length; k++) blocks.add(cells[k]!, genes[k]!, values[k]!)
  }
  return { counts: blocks.finish(new MissingMarker(rule, nGenes)), values: scan.values }
}

/** The entries that a mask does not leave out: what is under it is anything. */
function observed(entries: MatrixEntries, { mask }: MissingRule): MatrixEntries {
  return mask ? filtered(entries, (k) => mask.has(entries.cells[k]!, entries.genes[k]!)) : entries
}

/** Some entries at a time, so that what is made of them takes little memory. */
function* stripsOf({ values, cells, genes }: MatrixEntries): Generator<MatrixEntries> {
  for (let from = 0; from < cells.length; from += STRIP) {
    const part = [from, from + STRIP] as const
    yield { values: values.subarray(...part), cells: cells.subarray(...part), genes: genes.subarray(...part) }
  }
}

/** Arrays' own `filter` would hold an object for each number meanwhile. */
function filtered(entries: MatrixEntries, keeps: (k: number) => boolean): MatrixEntries {
  const { length } = entries.cells
  const left = {
    values: new Float64Array(length),
    cells: new Int32Array(length),
    genes: new Int32Array(length),
  }
  let n = 0
  for (let k = 0; k < length; k++) {
    if (!keeps(k)) continue
    left.values[n] = entries.values[k]!
    left.cells[n] = entries.cells[k]!
    left.genes[n++] = entries.genes[k]!
  }
  return {
    values: left.values.subarray(0, n),
    cells: left.cells.subarray(0, n),
    genes: left.genes.subarray(0, n),
  }
}

/** The position that each old one gets, −1 for one that is not asked for. */
function newPositions(asked: Int32Array | undefined, n: number): Int32Array {
  const positions = new Int32Array(n).fill(-1)
  for (let i = 0; i < (asked?.length ?? n); i++) positions[asked ? asked[i]! : i] = i
  return positions
}

/** The entries of a slice that are asked for, at their new positions. */
function kept(slice: MatrixEntries, cellAt: Int32Array, geneAt: Int32Array): MatrixEntries {
  const { length } = slice.cells
  const cells = new Int32Array(length)
  const genes = new Int32Array(length)
  const values = new Float64Array(length)
  let n = 0
  for (let k = 0; k < length; k++) {
    const cell = cellAt[slice.cells[k]!]!
    const gene = geneAt[slice.genes[k]!]!
    if (cell < 0 || gene < 0) continue
    cells[n] = cell
    genes[n] = gene
    values[n++] = slice.values[k]!
  }
  return { cells: cells.subarray(0, n), genes: genes.subarray(0, n), values: values.subarray(0, n) }
}

import { type CellRow, type CellSource, MISSING } from '../../device/device.js'
import { rowsOf } from '../../device/loaded-rows.js'
import { PackedRow } from '../../numeric/packed-row.js'
import { cellChunks } from '../posterior/inference.js'

/** Cells whose rows are fetched at a time. */
const CHUNK = 1024
/** What counts are scaled to for a mean that sizes do not show in. */
const SCALED_TO = 1e4

/** Sums of counts over cells, gene by gene. */
export interface RawSums {
  nCells: number
  /** Cells in which a gene's count is not known. */
  missing: Float64Array
  counts: Float64Array
  nonzeros: Float64Array
  /** Of counts scaled to 10,000 a cell. */
  scaled: Float64Array
}

/** What the counts of a group say of each gene. */
export interface RawMeans {
  mean: Float64Array
  nonzeroShare: Float64Array
  scaledMean: Float64Array
}

function noSums(nGenes: number): RawSums {
  const zeros = () => new Float64Array(nGenes)
  return { nCells: 0, missing: zeros(), counts: zeros(), nonzeros: zeros(), scaled: zeros() }
}

/**
 * Sums of counts by group.
 *
 * @param cells in the order in which they are added up
 * @param codes group of every cell of the source
 */
export async function rawSums(
  source: CellSource,
  cells: Int32Array,
  codes: Int32Array,
  nGroups: number,
): Promise<RawSums[]> {
  const groups = Array.from({ length: nGroups }, () => noSums(source.nGenes))
  for (const chunk of cellChunks(cells.length, CHUNK)) {
    const some = chunk.map((at) => cells[at]!)
    for (const [i, row] of (await rowsOf(source, some)).entries()) addRow(groups[codes[some[i]!]!]!, row)
  }
  return groups
}

/** Adds the counts of a cell. */
function addRow(group: RawSums, row: CellRow): void {
  group.nCells++
  if (row instanceof PackedRow && !row.escaped) addWords(group, row.words)
  else addEntries(group, row)
}

/** Counts as they lie in their words. Sums are taken out of their object first, as each entry would look for them there again. */
function addWords({ counts, nonzeros, scaled }: RawSums, words: Int32Array): void {
  let total = 0
  for (let k = 0; k < words.length; k++) total += words[k]! >>> 16
  const scale = SCALED_TO / total
  for (let k = 0; k < words.length; k++) {
    const gene = words[k]! & 0xffff
    const count = words[k]! >>> 16
    if (count === 0) continue
    counts[gene]! += count
    nonzeros[gene]!++
    scaled[gene]! += scale * count
  }
}

function addEntries(group: RawSums, { genes, counts: row }: CellRow): void {
  const { missing, counts, nonzeros, scaled } = group
  let total = 0
  for (let k = 0; k < row.length; k++) if (row[k] !== MISSING) total += row[k]!
  const scale = SCALED_TO / total
  for (let k = 0; k < genes.length; k++) {
    const gene = genes[k]!
    const count = row[k]!
    if (count === MISSING) missing[gene]!++
    else if (count !== 0) {
      counts[gene]! += count
      nonzeros[gene]!++
      scaled[gene]! += scale * count
    }
  }
}

/** Means over several groups together; NaN where no count of a gene is known. */
export function rawMeans(groups: readonly RawSums[]): RawMeans {
  const nGenes = groups[0]!.counts.length
  const all = noSums(nGenes)
  for (const group of groups) {
    all.nCells += group.nCells
    for (const key of ['missing', 'counts', 'nonzeros', 'scaled'] as const) addTo(all[key], group[key])
  }
  const over = (sums: Float64Array) => sums.map((sum, gene) => sum / (all.nCells - all.missing[gene]!))
  return { mean: over(all.counts), nonzeroShare: over(all.nonzeros), scaledMean: over(all.scaled) }
}

function addTo(sums: Float64Array, more: Float64Array): void {
  for (let k = 0; k < sums.length; k++) sums[k]! += more[k]!
}

import { MISSING } from '../../numeric/missing.js'

/**
 * Genes that whole groups of cells lack, such as those that a file of a join does not have. What is absent is neither zero
 * nor stored: it is known by group, whatever the number of its cells.
 */
export interface AbsentGenes {
  /** A name for each group, each once. */
  names: readonly string[]
  /** Genes that the cells of each group lack, ascending. */
  genes: readonly Int32Array[]
  /** Position of every cell's group; −1 for a cell that lacks none. */
  groups: Int32Array
}

/** A sparse row: genes ascending, counts beside them. */
export interface SparseRow {
  genes: Int32Array
  counts: Float32Array
}

const NO_GENES = new Int32Array()

/** Genes that a cell lacks, ascending. */
export function absentOf(absent: AbsentGenes | undefined, cell: number): Int32Array {
  return absent?.genes[absent.groups[cell]!] ?? NO_GENES
}

/** A cell's row with a missing count for every gene that its data lacks, so that no likelihood takes it for a zero. */
export function withAbsent(row: SparseRow, absent: Int32Array): SparseRow {
  if (absent.length === 0) return row
  const { genes, counts } = row
  const length = genes.length + absent.length
  const merged = { genes: new Int32Array(length), counts: new Float32Array(length) }
  let next = 0
  let missing = 0
  for (let at = 0; at < length; at++) {
    const isAbsent = next === genes.length || (missing < absent.length && absent[missing]! < genes[next]!)
    merged.genes[at] = isAbsent ? absent[missing++]! : genes[next]!
    merged.counts[at] = isAbsent ? MISSING : counts[next++]!
  }
  return merged
}

/**
 * What is absent of some cells and genes.
 *
 * @param cells positions of the cells; all when left out
 * @param newGene of every gene its new position, −1 for one that falls away
 * @returns undefined where nothing is
 */
export function takeAbsent(
  { names, genes, groups }: AbsentGenes,
  cells: ArrayLike<number> | undefined,
  newGene: Int32Array,
): AbsentGenes | undefined {
  return unlessNone({
    names,
    genes: genes.map((list) =>
      list
        .map((gene) => newGene[gene]!)
        .filter((gene) => gene >= 0)
        .sort(),
    ),
    groups: cells ? Int32Array.from(cells, (cell) => groups[cell]!) : groups,
  })
}

/** Undefined where no group of a cell lacks a gene. */
export function unlessNone(absent: AbsentGenes): AbsentGenes | undefined {
  return absent.groups.some((group) => (absent.genes[group]?.length ?? 0) > 0) ? absent : undefined
}

import type { CountBlock, CountMatrix } from '../../anndata/counts/counts.js'
import { MISSING } from '../../numeric/missing.js'

/** Sums of counts in each batch. */
export interface Sums {
  /** Cells of each batch. */
  nCells: Float64Array
  /** Cells of each batch in which a gene is known, at batch · nGenes + gene. */
  cells: Float64Array
  /** Σ x and Σ x² for each batch and gene, at batch · nGenes + gene. */
  sums: Float64Array
  squares: Float64Array
}

type Known = Pick<Sums, 'nCells' | 'cells'>

/**
 * Cells of each batch, and those that have a gene, whether its count is zero or not.
 *
 * @param batch of every cell; −1 for one that is passed over
 */
export function cellsKnown(
  { nCells, nGenes, absent }: Pick<CountMatrix, 'nCells' | 'nGenes'> & Partial<Pick<CountMatrix, 'absent'>>,
  batch: Int32Array | undefined,
  nBatches: number,
): Known {
  const ofBatch = new Float64Array(nBatches)
  for (let cell = 0; cell < nCells; cell++) {
    const b = batch ? batch[cell]! : 0
    if (b >= 0) ofBatch[b]!++
  }
  const cells = Float64Array.from({ length: nBatches * nGenes }, (_, at) => ofBatch[Math.floor(at / nGenes)]!)
  if (absent) leaveOutAbsent(cells, { absent, nGenes }, batch)
  return { nCells: ofBatch, cells }
}

/** Takes cells that lack a gene from the number of those in which it is known. */
function leaveOutAbsent(
  cells: Float64Array,
  { absent, nGenes }: Required<Pick<CountMatrix, 'absent' | 'nGenes'>>,
  batch: Int32Array | undefined,
): void {
  if (!absent) return
  const nBatches = cells.length / nGenes
  const lacking = new Float64Array(absent.genes.length * nBatches)
  for (const [cell, group] of absent.groups.entries()) {
    if (group >= 0) lacking[group * nBatches + (batch ? batch[cell]! : 0)]!++
  }
  for (const [group, genes] of absent.genes.entries()) {
    for (let b = 0; b < nBatches; b++) {
      const n = lacking[group * nBatches + b]!
      for (const gene of genes) cells[b * nGenes + gene]! -= n
    }
  }
}

/** Sums of blocks of counts, which may come one by one. */
export class GeneSums {
  readonly #sums: Sums
  readonly #nGenes: number
  readonly #missing: boolean
  readonly #batch: Int32Array | undefined
  readonly #clip: Float64Array | undefined

  /** @param clip counts above it are taken as it; at batch · nGenes + gene */
  constructor(
    { nCells, cells }: Known,
    { nGenes, missing }: Pick<CountMatrix, 'nGenes' | 'missing'>,
    batch: Int32Array | undefined,
    clip: Float64Array | undefined,
  ) {
    const { length } = cells
    const sums = { sums: new Float64Array(length), squares: new Float64Array(length) }
    this.#sums = { nCells, cells: cells.slice(), ...sums }
    this.#nGenes = nGenes
    this.#missing = missing
    this.#batch = batch
    this.#clip = clip
  }

  add({ firstCell, nCells, offsets, genes, counts }: CountBlock): void {
    const { cells, sums, squares } = this.#sums
    const [batch, clip, missing] = [this.#batch, this.#clip, this.#missing]
    for (let i = 0; i < nCells; i++) {
      const base = batch ? batch[firstCell + i]! * this.#nGenes : 0
      if (base < 0) continue
      for (let k = offsets[i]!; k < offsets[i + 1]!; k++) {
        const at = base + genes[k]!
        let x = counts[k]!
        if (missing && x === MISSING) {
          cells[at]!--
          continue
        }
        if (clip && x > clip[at]!) x = clip[at]!
        sums[at]! += x
        squares[at]! += x * x
      }
    }
  }

  finish(): Sums {
    return this.#sums
  }
}

/** Watches that each gene's cells come one after another, each once: sums are then the same to the bit in any division into blocks. */
export class CellOrder {
  /** The last cell of each gene so far. */
  readonly #last: Int32Array

  constructor(nGenes: number) {
    this.#last = new Int32Array(nGenes).fill(-1)
  }

  /** Whether those of a further block do. */
  ascends({ firstCell, nCells, offsets, genes }: CountBlock): boolean {
    const last = this.#last
    for (let i = 0; i < nCells; i++) {
      const cell = firstCell + i
      for (let k = offsets[i]!; k < offsets[i + 1]!; k++) {
        if (last[genes[k]!]! >= cell) return false
        last[genes[k]!] = cell
      }
    }
    return true
  }
}

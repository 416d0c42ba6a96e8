import type { CellRow } from '../../device/device.js'
import type { HostKernels } from '../../device/host-kernels.js'
import { HostSpace } from '../../device/host-space.js'
import { NOISE } from '../../numeric/philox.js'
import type { DecodedCells } from './decoded-cells.js'

/** Cells whose counts are drawn by one call, and lie as whole rows of genes until they are copied; and the genes of them all together. */
const DRAWN_CELLS = { least: 32, most: 128 }
const DRAWN_GENES = 2 ** 18

/** Draws counts of decoded cells by a kernel: each count's random numbers are its own, found by cell and gene. */
export class CountDraws {
  readonly #host: HostKernels
  readonly #seed: number
  readonly #byBatch: boolean
  readonly #nGenes: number
  readonly #capacity: number
  readonly #space: HostSpace
  readonly #places: {
    theta: number
    codes: number
    numbers: number
    gene: number
    count: number
    entries: number
  }

  /**
   * @param theta inverse dispersion of each gene (Infinity for a Poisson): one row, or one for each batch
   * @param seed the same counts for the same seed, cell and gene
   */
  constructor(host: HostKernels, theta: readonly Float32Array[], seed: number) {
    this.#host = host
    this.#seed = seed
    this.#byBatch = theta.length > 1
    this.#nGenes = theta[0]!.length
    const { least, most } = DRAWN_CELLS
    this.#capacity = Math.max(least, Math.min(most, Math.floor(DRAWN_GENES / this.#nGenes)))
    this.#space = new HostSpace(host.arena)
    const room = (words: number) => this.#space.room(words)
    this.#places = {
      theta: room(theta.length * this.#nGenes),
      codes: room(this.#capacity),
      numbers: room(this.#capacity),
      gene: room(this.#capacity * this.#nGenes),
      count: room(this.#capacity * this.#nGenes),
      entries: room(this.#capacity),
    }
    for (const [batch, row] of theta.entries())
      host.arena.floats.set(row, this.#places.theta + batch * this.#nGenes)
  }

  /**
   * Draws a row for each cell, genes ascending; a count whose mean is marked as {@link MISSING} is missing.
   *
   * @param batchOf the row of the dispersions of a cell
   * @param numberOf what a row's random numbers are found by, 32 bits; the position of its cell when left out
   */
  *of(
    { cells, mean, zeroLogits }: DecodedCells,
    batchOf: (cell: number) => number,
    numberOf: (row: number) => number = (row) => cells[row]!,
  ): Generator<CellRow> {
    const { arena, call } = this.#host
    const places = this.#places
    for (let firstRow = 0; firstRow < cells.length; firstRow += this.#capacity) {
      const n = Math.min(this.#capacity, cells.length - firstRow)
      const { ints } = arena
      for (let i = 0; i < n; i++) {
        ints[places.codes + i] = this.#byBatch ? batchOf(cells[firstRow + i]!) : 0
        ints[places.numbers + i] = numberOf(firstRow + i)
      }
      call('drawCounts', {
        ...places,
        cells: n,
        genes: this.#nGenes,
        mean,
        zeroLogits,
        width: mean.stride,
        firstRow,
        seed: this.#seed,
        purpose: NOISE.counts,
      })
      yield* this.#rows(n)
    }
  }

  /** Rows that were drawn, in one array of all of them: as many of their own would take longer to make than to fill. */
  *#rows(n: number): Generator<CellRow> {
    const { ints, floats } = this.#host.arena
    const { gene, count, entries: entriesAt } = this.#places
    const entries = ints.slice(entriesAt, entriesAt + n)
    const all = entries.reduce((sum, of) => sum + of, 0)
    const [genes, counts] = [new Int32Array(all), new Float32Array(all)]
    let at = 0
    for (let i = 0; i < n; i++) {
      const [row, end] = [i * this.#nGenes, at + entries[i]!]
      genes.set(ints.subarray(gene + row, gene + row + entries[i]!), at)
      counts.set(floats.subarray(count + row, count + row + entries[i]!), at)
      yield { genes: genes.subarray(at, end), counts: counts.subarray(at, end) }
      at = end
    }
  }

  release(): void {
    this.#space.release()
  }
}

import type { CellRow } from '../../device/device.js'
import type { HostKernels } from '../../device/host-kernels.js'
import { HostSpace } from '../../device/host-space.js'
import { NOISE } from '../../numeric/philox.js'
import type { DecodedCells } from './decoded-cells.js'

/** Cells whose counts are drawn by one call, and lie as whole rows of genes until they are copied. */
const DRAWN_CELLS = 32

/** Draws counts of decoded cells by a kernel: each count's random numbers are its own, found by cell and gene. */
export class CountDraws {
  readonly #host: HostKernels
  readonly #seed: number
  readonly #byBatch: boolean
  readonly #nGenes: number
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
    this.#space = new HostSpace(host.arena)
    this.#places = {
      theta: this.#space.take(theta.length * this.#nGenes),
      codes: this.#space.take(DRAWN_CELLS),
      numbers: this.#space.take(DRAWN_CELLS),
      gene: this.#space.take(DRAWN_CELLS * this.#nGenes),
      count: this.#space.take(DRAWN_CELLS * this.#nGenes),
      entries: this.#space.take(DRAWN_CELLS),
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
    for (let firstRow = 0; firstRow < cells.length; firstRow += DRAWN_CELLS) {
      const n = Math.min(DRAWN_CELLS, cells.length - firstRow)
      const { ints, floats } = arena
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
      for (let i = 0; i < n; i++) {
        const row = i * this.#nGenes
        const entries = ints[places.entries + i]!
        yield {
          genes: ints.slice(places.gene + row, places.gene + row + entries),
          counts: floats.slice(places.count + row, places.count + row + entries),
        }
      }
    }
  }

  release(): void {
    this.#space.release()
  }
}

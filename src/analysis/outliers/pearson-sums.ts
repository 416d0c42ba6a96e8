import { padded } from '../../device/cpu/cpu-tensor.js'
import type { CellRow } from '../../device/device.js'
import type { HostKernels } from '../../device/host-kernels.js'
import { HostSpace } from '../../device/host-space.js'
import type { DecodedCells } from '../posterior/decoded-cells.js'

/**
 * What is added to each variance. Without it a single count of a gene that is all but never seen outweighs all else, and by
 * how much depends on how well the smallest means are known.
 */
export const VARIANCE_FLOOR = 0.1

/**
 * Pearson's statistic of cells' counts and their decoded distributions, by a kernel:
 *
 *     X = mean over the known genes of (x − E x)² / (Var x + 0.1)
 *
 * It grows with counts where few are expected, and with counts that are missing where many are, whatever likelihood they have.
 */
export class PearsonSums {
  readonly #host: HostKernels
  readonly #nGenes: number
  readonly #byBatch: boolean
  readonly #space: HostSpace
  readonly #counts: HostSpace
  readonly #places: { theta: number; codes: number; start: number; total: number; known: number }
  #sparse = { gene: 0, count: 0, room: -1 }

  /**
   * @param theta inverse dispersion of each gene (Infinity for a Poisson): one row, or one for each batch
   * @param capacity most cells that are asked for at a time
   */
  constructor(host: HostKernels, theta: readonly Float32Array[], capacity: number) {
    this.#host = host
    this.#nGenes = theta[0]!.length
    this.#byBatch = theta.length > 1
    this.#space = new HostSpace(host.arena)
    this.#counts = new HostSpace(host.arena)
    const width = padded(this.#nGenes)
    this.#places = {
      theta: this.#space.take(theta.length * width),
      codes: this.#space.take(capacity),
      start: this.#space.take(capacity + 1),
      total: this.#space.take(capacity),
      known: this.#space.take(capacity),
    }
    const { floats } = host.arena
    for (const [batch, row] of theta.entries()) {
      const from = this.#places.theta + batch * width
      // a vector may reach past the last gene
      floats.fill(1, from, from + width)
      floats.set(row, from)
    }
  }

  /**
   * The logarithm of the statistic of each decoded cell.
   *
   * @param rows their counts
   * @param batchOf the row of the dispersions of a cell
   */
  of(
    { cells, mean, zeroLogits }: DecodedCells,
    rows: readonly CellRow[],
    batchOf: (cell: number) => number,
  ): Float64Array {
    const { arena, call } = this.#host
    const places = this.#places
    const nonzeros = rows.reduce((sum, row) => sum + row.genes.length, 0)
    const { gene, count } = this.#room(nonzeros)
    const { ints, floats } = arena
    let at = 0
    for (const [i, row] of rows.entries()) {
      ints[places.codes + i] = this.#byBatch ? batchOf(cells[i]!) : 0
      ints[places.start + i] = at
      ints.set(row.genes, gene + at)
      floats.set(row.counts, count + at)
      at += row.genes.length
    }
    ints[places.start + rows.length] = at
    call('pearsonSums', {
      ...places,
      cells: cells.length,
      genes: this.#nGenes,
      mean,
      zeroLogits,
      width: mean.stride,
      floor: VARIANCE_FLOOR,
      gene,
      count,
    })
    return Float64Array.from(cells, (_, i) => {
      const known = arena.floats[places.known + i]!
      // the variances alone keep a sum above zero, but for rounding
      return Math.log(Math.max(arena.floats[places.total + i]!, 1e-6) / Math.max(known, 1))
    })
  }

  release(): void {
    this.#space.release()
    this.#counts.release()
  }

  #room(nonzeros: number): { gene: number; count: number } {
    if (nonzeros > this.#sparse.room) {
      this.#counts.release()
      const room = Math.ceil(nonzeros * 1.5) + 16
      this.#sparse = { gene: this.#counts.take(room), count: this.#counts.take(room), room }
    }
    return this.#sparse
  }
}

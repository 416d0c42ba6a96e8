import type { RandomKeys } from '../../numeric/keyed-random.js'
import type { Random } from '../../numeric/random.js'

/** Draws of cells, by the position of the cell and the number of its draw. */
export interface Draws {
  cells: Int32Array
  draws: Int32Array
}

/** Cells in an order that does not depend on that of the data: by their keys. */
export function inKeyOrder(cells: Int32Array, { low, high }: RandomKeys): Int32Array {
  return cells.slice().sort((a, b) => high[a]! - high[b]! || low[a]! - low[b]! || a - b)
}

/** Draws of cells, round after round of all of them, each round in an order of its own. */
export class DrawsInTurn {
  readonly #cells: Int32Array
  readonly #random: Random
  readonly #leftOut: (cell: number) => boolean
  #round = -1
  #at: number

  /**
   * @param cells in key order
   * @param leftOut cells that are passed over when it is their turn, which leaves the others' draws and order as they are
   */
  constructor(cells: Int32Array, random: Random, leftOut: (cell: number) => boolean = () => false) {
    this.#cells = cells.slice()
    this.#random = random
    this.#leftOut = leftOut
    this.#at = cells.length
  }

  take(n: number): Draws {
    const cells = new Int32Array(n)
    const draws = new Int32Array(n)
    let taken = 0
    while (taken < n) {
      if (this.#at === this.#cells.length) {
        this.#random.shuffle(this.#cells)
        this.#round++
        this.#at = 0
      }
      const cell = this.#cells[this.#at++]!
      if (this.#leftOut(cell)) continue
      cells[taken] = cell
      draws[taken++] = this.#round
    }
    return { cells, draws }
  }
}

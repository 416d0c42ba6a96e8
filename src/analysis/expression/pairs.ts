import type { RandomKeys } from '../../numeric/keyed-random.js'
import { NOISE } from '../../numeric/philox.js'
import { Random } from '../../numeric/random.js'
import type { CellPosterior } from '../posterior/cell-posterior.js'

/** Draws of cells, by the position of the cell and the number of its draw. */
export interface Draws {
  cells: Int32Array
  draws: Int32Array
}

/** Draws of two groups that are compared one by one, for cells in a batch each. */
export interface Pairs {
  /** Code of the batch in place of the cells' own. */
  batch: number | undefined
  first: Draws
  second: Draws
}

/** Two groups of cells of which pairs of draws are made. */
export interface PairQuestion {
  posterior: CellPosterior
  keys: RandomKeys
  seed: number
  /** Positions of the cells of the two groups. */
  groups: readonly [Int32Array, Int32Array]
  /** Codes of batches that both groups are decoded in; undefined for the cells' own. */
  batches: readonly (number | undefined)[]
  nPairs: number
}

/** Cells in an order that does not depend on that of the data: by their keys. */
export function inKeyOrder(cells: Int32Array, { low, high }: RandomKeys): Int32Array {
  return cells.slice().sort((a, b) => high[a]! - high[b]! || low[a]! - low[b]! || a - b)
}

/**
 * Pairs of draws of two groups of cells. All cells of a group give as many draws, or one more than others; which meets which is left to
 * chance, of one seed, and not to the order of the cells.
 *
 * @param n how many pairs, spread evenly over the batches
 */
export function pairsOf(
  groups: readonly [Int32Array, Int32Array],
  keys: RandomKeys,
  batches: readonly (number | undefined)[],
  n: number,
  seed: number,
): Pairs[] {
  const random = new Random(seed, NOISE.pairs)
  const [first, second] = groups.map((cells) => new DrawsInTurn(inKeyOrder(cells, keys), random))
  return batches.map((batch, i) => {
    const size = Math.floor(((i + 1) * n) / batches.length) - Math.floor((i * n) / batches.length)
    return { batch, first: first!.take(size), second: second!.take(size) }
  })
}

/** Draws of cells, round after round of all of them, each round in an order of its own. */
class DrawsInTurn {
  readonly #cells: Int32Array
  readonly #random: Random
  #round = -1
  #at: number

  constructor(cells: Int32Array, random: Random) {
    this.#cells = cells
    this.#random = random
    this.#at = cells.length
  }

  take(n: number): Draws {
    const cells = new Int32Array(n)
    const draws = new Int32Array(n)
    for (let i = 0; i < n; i++) {
      if (this.#at === this.#cells.length) {
        this.#random.shuffle(this.#cells)
        this.#round++
        this.#at = 0
      }
      cells[i] = this.#cells[this.#at++]!
      draws[i] = this.#round
    }
    return { cells, draws }
  }
}

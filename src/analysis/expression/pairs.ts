import type { RandomKeys } from '../../numeric/keyed-random.js'
import { NOISE } from '../../numeric/philox.js'
import { Random } from '../../numeric/random.js'
import type { CellPosterior } from '../posterior/cell-posterior.js'
import { type Draws, DrawsInTurn, inKeyOrder } from './draws-in-turn.js'

/** Draws of two groups that are compared one by one, for cells in a batch each. */
export interface Pairs {
  /** Code of the batch in place of the cells' own. */
  batch: number | undefined
  first: Draws
  /** Left out where scales of the second group's draws are there already. */
  second?: Draws
}

/** Two groups of cells of which pairs of draws are made. */
export interface PairQuestion {
  posterior: CellPosterior
  keys: RandomKeys
  seed: number
  /** Positions of the cells of the two groups. */
  groups: readonly [Int32Array, Int32Array]
  /** Whether the second group is all other cells. */
  againstRest: boolean
  /** Codes of batches that both groups are decoded in; undefined for the cells' own. */
  batches: readonly (number | undefined)[]
  nPairs: number
}

/**
 * Pairs of draws of two groups of cells. All cells of a group give as many draws, or one more than others; which meets which is left to
 * chance, of one seed, and not to the order of the cells. The rest of a group gives the draws that all cells would, but for the group's:
 * other groups meet the same.
 *
 * Pairs are spread evenly over the batches.
 */
export function pairsOf(question: PairQuestion): Pairs[] {
  const second = drawsByBatch(secondInTurn(question), question)
  return firstsOf(question).map((pairs, i) => ({ ...pairs, second: second[i]! }))
}

/** The first group's draws of such pairs alone. */
export function firstsOf(question: PairQuestion): Pairs[] {
  const { groups, keys, seed, batches } = question
  const inTurn = new DrawsInTurn(inKeyOrder(groups[0], keys), new Random(seed, NOISE.pairs))
  const first = drawsByBatch(inTurn, question)
  return batches.map((batch, i) => ({ batch, first: first[i]! }))
}

/** Draws of all cells that are compared, of which each group's rest has its own. */
export const allInTurn = (
  cells: Int32Array,
  { keys, seed }: Pick<PairQuestion, 'keys' | 'seed'>,
  leftOut?: (cell: number) => boolean,
): DrawsInTurn => new DrawsInTurn(inKeyOrder(cells, keys), new Random(seed, NOISE.secondOfPairs), leftOut)

function secondInTurn({ groups: [first, second], againstRest, ...question }: PairQuestion): DrawsInTurn {
  if (!againstRest) return allInTurn(second, question)
  const own = new Set(first)
  const all = new Int32Array(first.length + second.length)
  all.set(first)
  all.set(second, first.length)
  return allInTurn(all, question, (cell) => own.has(cell))
}

function drawsByBatch(inTurn: DrawsInTurn, { batches, nPairs }: PairQuestion): Draws[] {
  const before = (batch: number) => Math.floor((batch * nPairs) / batches.length)
  return batches.map((_, i) => inTurn.take(before(i + 1) - before(i)))
}

import { setImmediate } from 'node:timers/promises'
import { padded } from '../../device/cpu/cpu-tensor.js'
import type { CellSource } from '../../device/device.js'
import type { HostKernels } from '../../device/host-kernels.js'
import { HostSpace } from '../../device/host-space.js'
import type { Network } from '../../network/network.js'
import type { RandomKeys } from '../../numeric/keyed-random.js'
import { CellDraws } from '../posterior/cell-draws.js'
import type { CellPosterior } from '../posterior/cell-posterior.js'
import { withDecoders } from '../posterior/scale-decoder.js'
import type { Draws } from './draws-in-turn.js'
import { GeneScales } from './gene-scales.js'
import type { OrderedScales } from './pair-scales.js'
import { allInTurn } from './pairs.js'

/** Bytes of the scales of all cells' draws and of a group's. */
const SCALE_BYTES = 112 * 2 ** 20
/** With more draws than this share of those that the comparisons would decode each by itself, too little is saved. */
const MOST_SHARE = 0.75

/** Groups that are each compared with the rest. */
export interface RestQuestion {
  source: CellSource
  posterior: CellPosterior
  keys: RandomKeys
  seed: number
  /** The group of every cell, −1 for none. */
  codes: Int32Array
  /** Codes of the groups that are asked about. */
  groups: readonly number[]
  /** Code of a batch in place of the cells' own. */
  batch: number | undefined
  nPairs: number
  /** Is told how many of how many draws have been decoded. */
  onProgress: (done: number, total: number) => void
}

/**
 * Scales of draws of all cells, decoded once for all comparisons of a group with the rest: each takes those of the other cells, which
 * are the draws that it would have by itself.
 */
export class RestScales {
  readonly scales: GeneScales
  readonly nDraws: number
  readonly #draws: Draws
  readonly #codes: Int32Array
  readonly #space: HostSpace

  private constructor(host: HostKernels, { source, codes }: RestQuestion, draws: Draws) {
    this.#draws = draws
    this.#codes = codes
    this.nDraws = draws.cells.length
    this.#space = new HostSpace(host.arena)
    this.scales = new GeneScales(host, this.#space, source.nGenes, this.nDraws)
  }

  /** Undefined where they would not go into memory, or would save little. */
  static async decode(
    network: Network,
    host: HostKernels,
    question: RestQuestion,
  ): Promise<RestScales | undefined> {
    const { source, posterior, keys, seed, groups, batch, nPairs } = question
    const { nGenes } = source
    const most = Math.min(
      MOST_SHARE * groups.length * nPairs,
      Math.floor(SCALE_BYTES / (4 * nGenes)) - padded(nPairs) - padded(1),
    )
    const draws = enoughDraws(question, most)
    if (!draws) return undefined
    const shared = new RestScales(host, question, draws)
    const noise = new CellDraws(posterior, keys, seed, host)
    try {
      await withDecoders(network, host, source, [batch], async ([decoder]) => {
        for (let at = 0; at < shared.nDraws; at += decoder!.capacity) {
          const end = Math.min(at + decoder!.capacity, shared.nDraws)
          const cells = draws.cells.slice(at, end)
          const latents = noise.fed(network.device, cells, draws.draws.slice(at, end))
          await shared.scales.decode(decoder!, cells, latents, at)
          question.onProgress(end, shared.nDraws)
          // so that a signal is heard
          await setImmediate()
        }
      })
      return shared
    } catch (error) {
      shared.release()
      throw error
    } finally {
      noise.release()
    }
  }

  /** What a group meets: the first `n` draws of other cells. */
  beside(group: number, n: number): OrderedScales {
    const order = new Int32Array(n)
    let found = 0
    for (let draw = 0; found < n; draw++)
      if (this.#codes[this.#draws.cells[draw]!] !== group) order[found++] = draw
    return { scales: this.scales, order }
  }

  release(): void {
    this.#space.release()
  }
}

/** The least draws of all cells in turn of which the rest of each group has enough; undefined for more than `most`. */
function enoughDraws({ codes, groups, nPairs, ...seeded }: RestQuestion, most: number): Draws | undefined {
  // one group alone, mostly: cells are not put in order for nothing
  if (nPairs > most) return undefined
  const inTurn = allInTurn(
    Int32Array.from(codes.keys()).filter((cell) => codes[cell]! >= 0),
    seeded,
  )
  const perGroup = new Map(groups.map((group) => [group, 0]))
  const cells: number[] = []
  const draws: number[] = []
  for (let lacking = nPairs; lacking > 0; ) {
    const some = inTurn.take(lacking)
    for (const [i, cell] of some.cells.entries()) {
      cells.push(cell)
      draws.push(some.draws[i]!)
      const own = perGroup.get(codes[cell]!)
      if (own !== undefined) perGroup.set(codes[cell]!, own + 1)
    }
    if (cells.length > most) return undefined
    lacking = nPairs - cells.length + Math.max(...perGroup.values())
  }
  return { cells: Int32Array.from(cells), draws: Int32Array.from(draws) }
}

import { writeAddress } from '../../device/cpu/addresses.js'
import { padded, ROW_UNIT } from '../../device/cpu/cpu-tensor.js'
import { LOT } from '../../device/cpu/lot-decoder.js'
import type { HostKernels } from '../../device/host-kernels.js'
import { HostSpace } from '../../device/host-space.js'
import type { Fed } from '../../network/network.js'
import type { ScaleDecoder } from '../posterior/scale-decoder.js'

/** Rows of one pass over some cells of a block, in the order that kernels add them in. */
export interface SummedRows {
  /** The cell of the block that each row is of. */
  to: Int32Array
  /** The number of its draw. */
  which: Int32Array
  /** Rows that hold all draws of their cells, from the first row on. */
  together: number
}

/**
 * Some draws of each cell of a block, in passes. Sixteen cells side by side have one draw after another; no two threads meet in a cell, and within a
 * cell draws keep their order.
 *
 * @param nCells of the block; where the last sixteen are not full, the last cell stands for those that lack
 * @param capacity most rows of a pass
 */
export function* summedRows(
  nCells: number,
  draws: readonly number[],
  capacity: number,
  threads: number,
): Generator<SummedRows> {
  const lots = Math.max(1, Math.floor(capacity / LOT))
  const passes = Math.ceil(draws.length / Math.max(1, Math.floor(lots / threads)))
  const most = Math.ceil(draws.length / passes)
  const cells = LOT * Math.max(1, Math.floor(lots / most))
  for (let first = 0; first < nCells; first += cells) {
    const end = Math.min(nCells, first + cells)
    for (let at = 0; at < draws.length; at += most)
      yield rowsOfPass(first, end, draws.slice(at, at + most), nCells - 1)
  }
}

function rowsOfPass(first: number, end: number, draws: readonly number[], last: number): SummedRows {
  const rows = padded(end - first) * draws.length
  const [to, which] = [new Int32Array(rows), new Int32Array(rows)]
  let n = 0
  for (let group = first; group < end; group += ROW_UNIT)
    for (const draw of draws)
      for (let i = 0; i < ROW_UNIT; i++) {
        to[n] = Math.min(group + i, last)
        which[n++] = draw
      }
  return { to, which, together: LOT * draws.length }
}

/** Sums of decoded scales over the draws of each cell of a block, by kernels. */
export class CellSums {
  readonly #host: HostKernels
  readonly #genes: number
  readonly #words: number
  readonly #space: HostSpace
  readonly #sums: number
  readonly #groups: number
  readonly #factor: number
  readonly #chosen: number

  /**
   * @param nCells most cells of a block
   * @param capacity most rows that are added at a time
   * @param chosen which genes; all when left out
   */
  constructor(host: HostKernels, nGenes: number, nCells: number, capacity: number, chosen?: Int32Array) {
    this.#host = host
    this.#genes = chosen?.length ?? nGenes
    this.#words = padded(nCells) * this.#genes
    this.#space = new HostSpace(host.arena)
    this.#sums = this.#space.take(this.#words)
    this.#groups = this.#space.room(capacity / ROW_UNIT + 1)
    this.#factor = this.#space.room(padded(capacity))
    this.#chosen = chosen ? this.#space.ints(chosen) : 0
  }

  /**
   * Decodes rows and adds them.
   *
   * @param cells of the decoder's source
   * @param factors what each row is multiplied by
   */
  async add(
    decoder: ScaleDecoder,
    { to, together }: SummedRows,
    cells: Int32Array,
    factors: Float32Array,
    latent: Fed,
    logSizes: Float32Array | undefined,
  ): Promise<void> {
    const { arena, call } = this.#host
    const lots = await decoder.lots(cells, latent, logSizes)
    const mean = lots ? undefined : await decoder.decodeByGene(cells, latent, logSizes)
    for (let row = 0; row < to.length; row += ROW_UNIT)
      arena.ints[this.#groups + row / ROW_UNIT] = to[row]! / ROW_UNIT
    arena.floats.set(factors, this.#factor)
    const places = {
      genes: this.#genes,
      chosen: this.#chosen,
      groups: this.#groups,
      factor: this.#factor,
      sums: this.#sums,
    }
    if (lots) call('addDecoded', { decoder: lots, together, ...places })
    else call('addGroups', { rows: to.length, mean: mean!, width: mean!.stride, ...places })
  }

  /**
   * The sums of the first cells; they start anew.
   *
   * @param values where they go, cells × genes
   */
  take(nCells: number, values: Float32Array): void {
    const { arena } = this.#host
    if (this.#host.addressOf) this.#write(nCells, this.#host.addressOf(values))
    else this.#copy(nCells, values)
    arena.floats.fill(0, this.#sums, this.#sums + this.#words)
  }

  /** Where kernels reach the array: all threads come by its memory for the first time. */
  #write(cells: number, to: number): void {
    const { arena, call } = this.#host
    const space = new HostSpace(arena)
    try {
      const address = space.room(2)
      writeAddress(arena.ints, address, to)
      const genes = this.#genes
      call('turnGroups', { cells, genes, sums: this.#sums, output: 0, outputWidth: genes, address })
    } finally {
      space.release()
    }
  }

  #copy(cells: number, values: Float32Array): void {
    const { arena, call } = this.#host
    const genes = this.#genes
    const space = new HostSpace(arena)
    try {
      const output = space.room(cells * genes)
      call('turnGroups', { cells, genes, sums: this.#sums, output, outputWidth: genes, address: 0 })
      values.set(arena.floats.subarray(output, output + cells * genes))
    } finally {
      space.release()
    }
  }

  release(): void {
    this.#space.release()
  }
}

import { CpuTensor, padded } from '../../device/cpu/cpu-tensor.js'
import { type CellRow, MISSING } from '../../device/device.js'
import type { HostKernels } from '../../device/host-kernels.js'
import { HostSpace } from '../../device/host-space.js'
import { Random } from '../../numeric/random.js'
import { CountDraws } from '../posterior/count-draws.js'
import { STREAM } from '../random-streams.js'
import { sumOfRows } from './mixed-rows.js'
import { SIMULATED_CELLS } from './surprise-null.js'

/** A cell that is to be mixed. */
export interface ToMix {
  /** What its random counts are found by. */
  number: number
  row: CellRow
  /** Share of its counts that is drawn anew. */
  share: number
}

/** Draws a share of cells' counts anew from a profile: each count stays by chance, and Poisson counts of the profile are added. */
export class AmbientMixer {
  /** Most cells that it takes at a time, as whole rows of genes. */
  readonly capacity = 64
  readonly #host: HostKernels
  readonly #random: Random
  readonly #space: HostSpace
  readonly #mean: CpuTensor
  readonly #draws: CountDraws

  constructor(host: HostKernels, nGenes: number, seed: number) {
    this.#host = host
    this.#random = new Random(seed, STREAM.ambientThinning)
    this.#space = new HostSpace(host.arena)
    this.#mean = new CpuTensor(this.capacity, nGenes, this.#space.take(this.capacity * padded(nGenes)))
    const poisson = new Float32Array(nGenes).fill(Number.POSITIVE_INFINITY)
    this.#draws = new CountDraws(host, [poisson], seed)
  }

  /** Rows of up to {@link capacity} cells; what a cell lacks, it still lacks. */
  of(cells: readonly ToMix[], profile: Float64Array): CellRow[] {
    for (const [i, cell] of cells.entries()) this.#expect(i, cell, profile)
    // numbers beyond those of the cells that the model makes, whose random words are their own
    const numbers = Int32Array.from(cells, ({ number }) => SIMULATED_CELLS + number)
    const drawn = [...this.#draws.of({ cells: numbers, mean: this.#mean }, () => 0)]
    return cells.map(({ row, share }, i) => sumOfRows(this.#thinned(row, 1 - share), drawn[i]!))
  }

  #expect(i: number, { row: { counts }, share }: ToMix, profile: Float64Array): void {
    const { floats } = this.#host.arena
    const at = this.#mean.offset + i * this.#mean.stride
    const total = counts.reduce((sum, count) => (count === MISSING ? sum : sum + count), 0)
    for (let g = 0; g < profile.length; g++) floats[at + g] = share * total * profile[g]!
  }

  #thinned({ genes, counts }: CellRow, kept: number): CellRow {
    const left = counts.map((count) => {
      if (count === MISSING) return MISSING
      const whole = Math.floor(count)
      return this.#random.binomial(whole, kept) + (count - whole) * kept
    })
    const isLeft = (_: number, k: number) => left[k] !== 0
    return { genes: genes.filter(isLeft), counts: left.filter((count) => count !== 0) }
  }

  release(): void {
    this.#draws.release()
    this.#space.release()
  }
}

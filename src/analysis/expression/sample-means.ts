import type { CpuTensor } from '../../device/cpu/cpu-tensor.js'
import type { HostKernels } from '../../device/host-kernels.js'
import type { Side } from './pair-scales.js'
import type { Pairs } from './pairs.js'
import type { SampleScales } from './sample-effects.js'
import { ScaleSums } from './scale-sums.js'

/** Mean scales of each sample in each of two groups, over the draws of their pairs. */
export class SampleMeans {
  readonly #samples: { codes: Int32Array; n: number }
  readonly #sums: readonly [ScaleSums, ScaleSums]
  #shares: readonly Float32Array[] = []

  constructor(
    host: HostKernels,
    nGenes: number,
    capacity: number,
    samples: { codes: Int32Array; n: number },
  ) {
    this.#samples = samples
    // cells of no sample have a row that nobody reads
    const sums = () => new ScaleSums(host, nGenes, samples.n + 1, capacity)
    this.#sums = [sums(), sums()]
  }

  #row(cell: number): number {
    const code = this.#samples.codes[cell]!
    return code < 0 ? this.#samples.n : code
  }

  /** Counts the draws that each sample is going to have. */
  expect(pairs: readonly Pairs[]): void {
    this.#shares = (['first', 'second'] as const).map((side) => {
      const draws = new Float32Array(this.#samples.n + 1)
      for (const of of pairs) for (const cell of of[side]?.cells ?? []) draws[this.#row(cell)]!++
      return draws.map((n) => 1 / n)
    })
  }

  /** Adds decoded draws (genes × draws) of some cells. */
  add(side: Side, mean: CpuTensor, cells: Int32Array): void {
    const to = cells.map((cell) => this.#row(cell))
    const factors = Float32Array.from(to, (row) => this.#shares[side]![row]!)
    this.#sums[side].add(mean, to, factors)
  }

  /** The means, with how many cells of the groups each sample has. */
  take(groups: readonly [Int32Array, Int32Array]): SampleScales {
    const { codes, n } = this.#samples
    const count = (cells: Int32Array, side: Side) => {
      const counts = new Int32Array(n)
      for (const cell of cells) if (codes[cell]! >= 0) counts[codes[cell]!]!++
      // where draws are weighted, a sample may be left with none
      return counts.map((cellsOfSample, sample) =>
        Number.isFinite(this.#shares[side]![sample]!) ? cellsOfSample : 0,
      )
    }
    return {
      nCells: [count(groups[0], 0), count(groups[1], 1)],
      scales: [this.#sums[0].take(n), this.#sums[1].take(n)],
    }
  }

  release(): void {
    for (const sums of this.#sums) sums.release()
  }
}

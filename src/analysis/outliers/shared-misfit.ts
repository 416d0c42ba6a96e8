import type { CpuTensor } from '../../device/cpu/cpu-tensor.js'
import type { CellRow, CellSource } from '../../device/device.js'
import { MISSING } from '../../device/device.js'
import type { HostKernels } from '../../device/host-kernels.js'
import { rowsOf } from '../../device/loaded-rows.js'
import type { DecodedCells } from '../posterior/decoded-cells.js'
import { VARIANCE_FLOOR } from './pearson-sums.js'

/** A residual beyond this, in standard deviations, counts as this: no single gene is to decide. */
const LARGEST = 5

/** Cells next to which others lie, and which of them. */
export interface Companions {
  source: CellSource
  /** Cells × k positions in the source. */
  indices: Int32Array
  k: number
}

/**
 * Whether what the model does not expect of a cell is what it does not expect of the cells next to it either. With residuals
 * r = (x − E x) / √(Var x + 0.1) of the cell and R of the sum of its companions' counts, at the cell's place,
 *
 *     z = Σ_g r_g R_g / √(Σ_g R_g² Var r_g),
 *
 * which has mean 0 and variance 1 where counts are drawn from the model. Cells of a type that the model lacks miss the same genes.
 */
export class SharedMisfit {
  readonly #host: HostKernels
  readonly #theta: readonly Float32Array[]
  readonly #companions: Companions
  readonly #pooled: Float64Array
  readonly #cell: Float64Array

  /** @param theta inverse dispersion of each gene: one row, or one for each batch */
  constructor(host: HostKernels, theta: readonly Float32Array[], companions: Companions) {
    this.#host = host
    this.#theta = theta
    this.#companions = companions
    this.#pooled = new Float64Array(theta[0]!.length)
    this.#cell = new Float64Array(theta[0]!.length)
  }

  /**
   * z of each decoded cell.
   *
   * @param rows their counts
   * @param size of every cell of their source
   * @param batchOf the row of the dispersions of a cell
   */
  async of(
    { cells, mean, zeroLogits }: DecodedCells,
    rows: readonly CellRow[],
    size: Float32Array,
    batchOf: (cell: number) => number,
  ): Promise<Float64Array> {
    const { source, indices, k } = this.#companions
    const wanted = Int32Array.from(
      new Set(Array.from(cells).flatMap((cell) => [...indices.subarray(cell * k, (cell + 1) * k)])),
    )
    const loaded = await rowsOf(source, wanted)
    const rowAt = new Map(Array.from(wanted, (cell, i) => [cell, loaded[i]!]))
    return Float64Array.from(cells, (cell, i) => {
      this.#pooled.fill(0)
      let times = 0
      for (const other of indices.subarray(cell * k, (cell + 1) * k)) {
        add(this.#pooled, rowAt.get(other)!)
        times += source.size[other]! / size[cell]!
      }
      this.#cell.fill(0)
      add(this.#cell, rows[i]!)
      const theta = this.#theta[this.#theta.length > 1 ? batchOf(cell) : 0]!
      return this.#sharedZ(theta, times, k, this.#row(mean, i), zeroLogits && this.#row(zeroLogits, i))
    })
  }

  #row({ offset, stride }: CpuTensor, i: number): Float32Array {
    const from = offset + i * stride
    return this.#host.arena.floats.subarray(from, from + this.#pooled.length)
  }

  #sharedZ(
    theta: Float32Array,
    times: number,
    k: number,
    mean: Float32Array,
    zeroLogits: Float32Array | undefined,
  ): number {
    let product = 0
    let variance = 0
    for (let g = 0; g < mean.length; g++) {
      const decoded = mean[g]!
      const pooled = this.#pooled[g]!
      if (decoded < 0 || Number.isNaN(pooled)) continue
      const drop = zeroLogits ? 1 / (1 + Math.exp(-zeroLogits[g]!)) : 0
      const expected = (1 - drop) * decoded
      const spread = decoded / theta[g]! + drop * decoded
      const own = expected * (1 + spread)
      const ofSum = times * expected * (1 + (times / k) * spread)
      const residual = clipped((this.#cell[g]! - expected) / Math.sqrt(own + VARIANCE_FLOOR))
      const others = clipped((pooled - times * expected) / Math.sqrt(ofSum + VARIANCE_FLOOR))
      product += residual * others
      variance += (others * others * own) / (own + VARIANCE_FLOOR)
    }
    return variance > 0 ? product / Math.sqrt(variance) : 0
  }
}

const clipped = (value: number): number => Math.max(-LARGEST, Math.min(LARGEST, value))

/** Adds counts; a gene whose count is missing in one cell is NaN in the sum. */
function add(sum: Float64Array, { genes, counts }: CellRow): void {
  for (let i = 0; i < genes.length; i++) sum[genes[i]!]! += counts[i] === MISSING ? Number.NaN : counts[i]!
}

import { type Curve, fitQuadratic, fitSpread } from './quadratic.js'
import { TailNull } from './tail-null.js'

/**
 * Cells that are simulated behind the p-values. With 5,000 the share of other made cells at a p-value of 0.001 is off by a quarter
 * of it (bench/analysis/null-cells.mjs); more cost time that is better spent on the cells themselves.
 */
export const SIMULATED_CELLS = 5000

/** Share of the null's lower tail that is continued by an exponential. */
const TAIL_SHARE = 0.02

/**
 * The distribution of a z-score on cells that the model itself made, as a function of library size.
 *
 * The simulated scores are centred and scaled by quadratics in log library size; what is left is ranked. Below the lowest 2 %
 * an exponential tail with the mean excess of that tail goes on (the peaks-over-threshold rule with shape 0), so that small
 * p-values exist without as many simulations.
 */
export class SurpriseNull {
  readonly #location: Curve
  readonly #spread: Curve
  readonly #null: TailNull

  /**
   * @param z scores of simulated cells
   * @param size their library sizes
   */
  constructor(z: Float64Array, size: Float32Array) {
    const x = Float64Array.from(size, Math.log)
    this.#location = fitQuadratic(x, z)
    this.#spread = fitSpread(x, z, this.#location)
    this.#null = new TailNull(
      z.map((value, i) => -this.#standard(value, size[i]!)),
      TAIL_SHARE,
    )
  }

  #standard(z: number, size: number): number {
    const x = Math.log(size)
    return (z - this.#location(x)) / this.#spread(x)
  }

  /** Probability that a cell from the model is at least as surprising (has a score this low or lower). */
  p(z: number, size: number): number {
    return this.#null.p(-this.#standard(z, size))
  }
}

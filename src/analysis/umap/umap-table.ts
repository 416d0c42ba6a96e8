const STEPS_AN_OCTAVE = 128
const SHIFT = 23 - Math.log2(STEPS_AN_OCTAVE)
const REST = 2 ** SHIFT - 1
const ENTRIES = 2 ** (31 - SHIFT)
const SMALLEST_NORMAL = 2 ** -126

/**
 * A function of a positive number by linear interpolation between 128 points an octave. A power of the number with an
 * exponent between −2 and 2 comes out within 5·10⁻⁵ of its value, in a tenth of the time of `Math.pow`.
 */
export class FunctionTable {
  readonly #values: Float64Array
  readonly #number = new Float32Array(1)
  readonly #bits = new Int32Array(this.#number.buffer)

  /** @param f defined from 2⁻¹²⁶ to the largest float32 */
  constructor(f: (x: number) => number) {
    this.#values = Float64Array.from({ length: ENTRIES }, (_, i) => {
      // the leading bits of a float32 number it in ascending order, in even steps within each octave
      this.#bits[0] = i << SHIFT
      return f(Math.max(this.#number[0]!, SMALLEST_NORMAL))
    })
  }

  at(x: number): number {
    this.#number[0] = x
    const bits = this.#bits[0]!
    const i = bits >>> SHIFT
    const below = this.#values[i]!
    return below + (bits & REST) * (1 / (REST + 1)) * (this.#values[i + 1]! - below)
  }
}

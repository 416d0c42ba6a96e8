/**
 * Cells that are simulated behind the p-values of so many cells: as many, so that the null is no less certain than how many of the
 * cells lie below a p-value; at least 5,000 for the tail that goes on below them, at most 10,000 (bench/analysis/null-cells.mjs).
 */
export const simulatedCells = (nCells: number): number => Math.min(10_000, Math.max(5000, nCells))

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
  readonly #location: Quadratic
  readonly #logScale: Quadratic
  readonly #sorted: Float64Array

  /**
   * @param z scores of simulated cells
   * @param size their library sizes
   */
  constructor(z: Float64Array, size: Float32Array) {
    const x = Float64Array.from(size, Math.log)
    this.#location = fitQuadratic(x, z)
    const spread = z.map((value, i) => Math.log(Math.abs(value - this.#location(x[i]!)) + 1e-6))
    const shape = fitQuadratic(x, spread)
    // E log|N(0,1)| = −(γ + ln 2) / 2: from the mean log deviation to the log of the deviation
    this.#logScale = (at) => shape(at) + 0.6351814227307392
    this.#sorted = z.map((value, i) => this.#standard(value, size[i]!)).sort()
  }

  #standard(z: number, size: number): number {
    const x = Math.log(size)
    return (z - this.#location(x)) / Math.exp(this.#logScale(x))
  }

  /** Probability that a cell from the model is at least as surprising (has a score this low or lower). */
  p(z: number, size: number): number {
    const r = this.#standard(z, size)
    const sorted = this.#sorted
    const n = sorted.length
    const tail = Math.max(2, Math.floor(n * TAIL_SHARE))
    const threshold = sorted[tail]!
    if (r < threshold) {
      let excess = 0
      for (let i = 0; i < tail; i++) excess += threshold - sorted[i]!
      const mean = Math.max(excess / tail, 1e-9)
      return Math.max((tail / n) * Math.exp((r - threshold) / mean), Number.MIN_VALUE)
    }
    let low = tail
    let high = n
    while (low < high) {
      const middle = (low + high) >> 1
      if (sorted[middle]! <= r) low = middle + 1
      else high = middle
    }
    return Math.min(1, (low + 0.5) / (n + 1))
  }
}

type Quadratic = (x: number) => number

/** Least squares of y on 1, t, t² with t = (x − mean) / deviation, held at the ends of the data. */
function fitQuadratic(x: Float64Array, y: Float64Array): Quadratic {
  const n = x.length
  const mean = x.reduce((a, b) => a + b, 0) / n
  const deviation = Math.sqrt(x.reduce((a, b) => a + (b - mean) ** 2, 0) / n)
  const average = y.reduce((a, b) => a + b, 0) / n
  if (!(deviation > 1e-6)) return () => average
  // normal equations, with a whisper of ridge for data on two points
  const a = [
    [0, 0, 0, 0],
    [0, 0, 0, 0],
    [0, 0, 0, 0],
  ]
  let least = Number.POSITIVE_INFINITY
  let most = Number.NEGATIVE_INFINITY
  for (let i = 0; i < n; i++) {
    const t = (x[i]! - mean) / deviation
    if (t < least) least = t
    if (t > most) most = t
    const powers = [1, t, t * t]
    for (let r = 0; r < 3; r++) {
      for (let c = 0; c < 3; c++) a[r]![c]! += powers[r]! * powers[c]!
      a[r]![3]! += powers[r]! * y[i]!
    }
  }
  for (let r = 0; r < 3; r++) a[r]![r]! += 1e-9 * n
  for (let r = 0; r < 3; r++) {
    for (let below = r + 1; below < 3; below++) {
      const factor = a[below]![r]! / a[r]![r]!
      for (let c = r; c < 4; c++) a[below]![c]! -= factor * a[r]![c]!
    }
  }
  const b = [0, 0, 0]
  for (let r = 2; r >= 0; r--) {
    let rest = a[r]![3]!
    for (let c = r + 1; c < 3; c++) rest -= a[r]![c]! * b[c]!
    b[r] = rest / a[r]![r]!
  }
  return (at) => {
    const t = Math.min(Math.max((at - mean) / deviation, least), most)
    return b[0]! + b[1]! * t + b[2]! * t * t
  }
}

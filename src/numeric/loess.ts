/**
 * Local regression in one dimension (Cleveland and Devlin 1988), with the interpolation of Cleveland and Grosse (1991)
 * that the `loess` of R, cloess and scikit-misc use by default.
 *
 * The line is cut at medians into cells of few points; a weighted polynomial is fitted at each cut only, which gives a
 * value and a slope there, and cubic Hermite pieces join the cuts.
 */

/** Options of {@link loess}. */
export interface LoessOptions {
  /** Share of the points in each local fit; 0.75 by default. */
  span?: number
  /** Degree of the local polynomial, 2 by default. */
  degree?: 0 | 1 | 2
}

/** Cells hold at most span · n · CELL points: the default of cloess. */
const CELL = 0.2

/** Share of the range by which the outermost vertices lie outside the data. */
const MARGIN = 0.005

/**
 * Smooths y over x.
 *
 * @param x n positions, in any order, ties allowed
 * @param y n values
 * @returns n fitted values, in the order of x
 * @throws RangeError for lengths that differ, no points, values that are not finite, or options out of range
 */
export function loess(x: ArrayLike<number>, y: ArrayLike<number>, options: LoessOptions = {}): Float64Array {
  const { span = 0.75, degree = 2, ...unknown } = options
  const [unknownKey] = Object.keys(unknown)
  if (unknownKey !== undefined) throw new RangeError(`loess has no option "${unknownKey}".`)
  if (x.length !== y.length || x.length === 0) {
    throw new RangeError(
      `loess needs as many values as positions, at least one: ${y.length} and ${x.length}.`,
    )
  }
  if (!(span > 0)) throw new RangeError(`The span of loess must be positive, not ${span}.`)
  if (![0, 1, 2].includes(degree))
    throw new RangeError(`The degree of loess must be 0, 1 or 2, not ${degree}.`)

  const n = x.length
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => x[a]! - x[b]!)
  const xs = Float64Array.from(order, (i) => x[i]!)
  const ys = Float64Array.from(order, (i) => y[i]!)
  if (!xs.every(Number.isFinite) || !ys.every(Number.isFinite)) {
    throw new RangeError('loess needs finite positions and values.')
  }

  const vertices = cutAtMedians(xs, Math.floor(n * span * CELL))
  const neighbours = Math.max(1, Math.min(n, Math.floor(n * span + 1e-5)))
  const fits = vertices.map((at) => fitAt(at, xs, ys, neighbours, span, degree))

  const fitted = new Float64Array(n)
  let cell = 0
  for (let i = 0; i < n; i++) {
    while (cell < vertices.length - 2 && xs[i]! > vertices[cell + 1]!) cell++
    fitted[order[i]!] = hermite(xs[i]!, vertices, fits, cell)
  }
  return fitted
}

interface Cell {
  /** First and last position (inclusive) of the cell's points in the sorted x. */
  first: number
  last: number
  /** The vertices at its ends. */
  low: number
  high: number
}

/** Vertices in ascending order: the padded ends and the cuts of every cell with more than `capacity` points. */
function cutAtMedians(xs: Float64Array, capacity: number): number[] {
  const smallest = xs[0]!
  const largest = xs[xs.length - 1]!
  const scale = 1e-10 * Math.max(Math.abs(smallest), Math.abs(largest)) + 1e-30
  const margin = MARGIN * Math.max(largest - smallest, scale)
  const whole = { first: 0, last: xs.length - 1, low: smallest - margin, high: largest + margin }
  const vertices = new Set([whole.low, whole.high])
  const cells: Cell[] = [whole]
  for (let cell = cells.pop(); cell; cell = cells.pop()) {
    const { first, last, low, high } = cell
    if (last - first + 1 <= capacity) continue
    const median = untiedMedian(xs, first, last)
    const cut = xs[median]!
    if (cut === low || cut === high) continue
    vertices.add(cut)
    cells.push({ first, last: median, low, high: cut }, { first: median + 1, last, low: cut, high })
  }
  return [...vertices].sort((a, b) => a - b)
}

/**
 * The position nearest to the cell's middle after which x changes. The search goes out both ways by turns and, as in
 * cloess, gives up at the first end it meets: then the middle itself cuts, through the ties.
 */
function untiedMedian(xs: Float64Array, first: number, last: number): number {
  const middle = (first + last) >> 1
  for (let distance = 0; ; distance++) {
    for (const at of [middle + distance, middle - distance]) {
      if (at >= last || at < first) return middle
      if (xs[at] !== xs[at + 1]) return at
    }
  }
}

interface LocalFit {
  value: number
  slope: number
}

/** The local polynomial at one vertex: its value and slope there. */
function fitAt(
  at: number,
  xs: Float64Array,
  ys: Float64Array,
  neighbours: number,
  span: number,
  degree: number,
): LocalFit {
  // the window of nearest points slides right while that brings a nearer one in
  let first = 0
  while (first + neighbours < xs.length && at - xs[first]! > xs[first + neighbours]! - at) first++
  const last = first + neighbours - 1
  let reach = Math.max(at - xs[first]!, xs[last]! - at)
  // tricube gives the farthest point no weight: where all neighbours tie, the next point on sets the reach
  if (xs[first] === xs[last] && span <= 1) reach = nextDistance(at, xs, first, last)
  // with span > 1 the bandwidth grows beyond the farthest point
  const bandwidth = reach * Math.max(1, span)
  let from = first
  while (from > 0 && at - xs[from - 1]! < bandwidth) from--
  let to = first + neighbours
  while (to < xs.length && xs[to]! - at < bandwidth) to++

  // moments of u = (x − at) / bandwidth under tricube weights: well scaled, and the value and slope are coefficients
  const s = [0, 0, 0, 0, 0]
  const t = [0, 0, 0]
  for (let i = from; i < to; i++) {
    const u = (xs[i]! - at) / bandwidth
    const distance = Math.abs(u)
    if (distance >= 1) continue
    const tricube = (1 - distance ** 3) ** 3
    let power = tricube
    for (let k = 0; k <= 4; k++) {
      s[k]! += power
      if (k <= 2) t[k]! += power * ys[i]!
      power *= u
    }
  }
  const [value, slope] = solveMoments(s, t, degree)
  return { value, slope: slope / bandwidth }
}

/** The distance to the nearest point that differs from the tied points first … last; Infinity where none does. */
function nextDistance(at: number, xs: Float64Array, first: number, last: number): number {
  const tied = xs[first]!
  let before = first
  while (before >= 0 && xs[before] === tied) before--
  let after = last
  while (after < xs.length && xs[after] === tied) after++
  return Math.min(
    before >= 0 ? at - xs[before]! : Number.POSITIVE_INFINITY,
    after < xs.length ? xs[after]! - at : Number.POSITIVE_INFINITY,
  )
}

/**
 * Solves the normal equations Σ_j s[i+j]·c[j] = t[i] by Cholesky; a power of u that the points cannot tell from the
 * lower ones (fewer distinct positions than coefficients) is left out.
 */
function solveMoments(s: readonly number[], t: readonly number[], degree: number): [number, number] {
  const size = degree + 1
  const lower: number[][] = []
  const half: number[] = []
  for (let i = 0; i < size; i++) {
    const row: number[] = []
    for (let j = 0; j < i; j++) {
      let sum = s[i + j]!
      for (let k = 0; k < j; k++) sum -= row[k]! * lower[j]![k]!
      row.push(sum / lower[j]![j]!)
    }
    let pivot = s[2 * i]!
    for (let k = 0; k < i; k++) pivot -= row[k]! ** 2
    if (!(pivot > 1e-13 * s[2 * i]!)) break
    row.push(Math.sqrt(pivot))
    let right = t[i]!
    for (let k = 0; k < i; k++) right -= row[k]! * half[k]!
    half.push(right / row[i]!)
    lower.push(row)
  }
  const solution = [0, 0, 0]
  for (let i = lower.length - 1; i >= 0; i--) {
    let sum = half[i]!
    for (let k = i + 1; k < lower.length; k++) sum -= lower[k]![i]! * solution[k]!
    solution[i] = sum / lower[i]![i]!
  }
  return [solution[0]!, solution[1]!]
}

/** The cubic through the values and slopes at both ends of a cell. */
function hermite(x: number, vertices: readonly number[], fits: readonly LocalFit[], cell: number): number {
  const width = vertices[cell + 1]! - vertices[cell]!
  const h = (x - vertices[cell]!) / width
  const left = fits[cell]!
  const right = fits[cell + 1]!
  return (
    (1 - h) ** 2 * ((1 + 2 * h) * left.value + h * width * left.slope) +
    h ** 2 * ((3 - 2 * h) * right.value - (1 - h) * width * right.slope)
  )
}

import { benjaminiHochberg } from '../../numeric/multiple-testing.js'
import { quantile, quantiles } from '../../numeric/quantile.js'
import { standardized } from './quadratic.js'
import { TailNull } from './tail-null.js'

/** Share of the simulated cells that the tail of the null goes on from. */
const TAIL_SHARE = 0.05
/** Share of the cells, farthest out in a part, that are no parents of the null at first: were they odd, their children would be as well. */
const FIRST_TRIMMED = 0.05
/** False discovery rate at which cells are taken for odd, and are no parents in the next round. */
const ODD_ALPHA = 0.05
const ROUNDS = 3
/** By how much the tail of all parts together is stretched: what the matching and a tail of some hundred cells leave open. */
const CAUTION = 1.4
/** The body that cells and simulated cells are matched on: from the median to here. */
const BODY = 0.8
/** With fewer cells their own body is too uncertain to be matched. */
const FEWEST_TO_MATCH = 100
const SMALLEST_P = 1e-300

/** One thing that may be odd about a cell: larger is odder. */
export interface Part {
  cells: Float64Array
  /** The same of cells that the model made. */
  simulated: Float64Array
}

export interface JointNullInput {
  parts: readonly Part[]
  /** What the −ln p of each part counts in the sum; 1 when left out. */
  weights?: readonly number[]
  /** Size of each cell. */
  size: ArrayLike<number>
  /** Size of each simulated cell. */
  simulatedSize: ArrayLike<number>
  /** The cell that each simulated cell was made from. */
  parent: Int32Array
}

export interface JointP {
  /** p-value of all parts together. */
  p: Float64Array
  /** p-values of each part. */
  parts: Float64Array[]
}

/**
 * p-values of several parts of each cell together, against cells that the model made.
 *
 * Each part is centred and scaled by quadratics in log size, cells and simulated cells by their own, and then so that the two
 * have one median and one 80 % quantile: where the model misfits everywhere, all cells are a little odd, and only what lies beyond
 * the body of the cells counts (an empirical null in the sense of Efron, JASA 2004). The shape of the tail is that of the
 * simulated cells. The parts' p-values are summed as −ln p (Fisher), weighted or not; since they depend on each other, the sum is itself held against that
 * of the simulated cells, matched in the same way.
 *
 * A simulated cell of an odd parent is odd as well. So at first the cells that are farthest out in some part are no parents, and in two more
 * rounds those that the round before found.
 */
export function jointP({ parts, weights, size, simulatedSize, parent }: JointNullInput): JointP {
  const x = Float64Array.from(size, (value) => Math.log(Math.max(value, 1)))
  const simulatedX = Float64Array.from(simulatedSize, (value) => Math.log(Math.max(value, 1)))
  const n = x.length
  const matches = n >= FEWEST_TO_MATCH
  const cells = parts.map((part) => (matches ? standardized(x, part.cells) : undefined))
  let isParent = matches ? trimmed(cells as Float64Array[]) : new Uint8Array(n).fill(1)
  let result: JointP = { p: new Float64Array(n), parts: [] }
  for (let round = 0; round < (matches ? ROUNDS : 1); round++) {
    const among = Uint8Array.from(parent, (cell) => isParent[cell]!)
    const chosen = (values: Float64Array) => values.filter((_, i) => among[i] === 1)
    const sum = new Float64Array(n)
    const simulatedSum = new Float64Array(parent.length)
    const partP = parts.map((part, k) => {
      const own = cells[k]
      const weight = weights?.[k] ?? 1
      const [values, simulated] = own
        ? [own, standardized(simulatedX, part.simulated, among)]
        : together(x, part.cells, simulatedX, part.simulated)
      const sample = chosen(simulated)
      const null_ = new TailNull(sample, TAIL_SHARE)
      const match = own ? matching(values, sample) : (value: number) => value
      for (const [i, value] of simulated.entries()) simulatedSum[i]! += weight * evidence(null_.p(value))
      const p = values.map((value) => null_.p(match(value)))
      for (const [i, value] of p.entries()) sum[i]! += weight * evidence(value)
      return p
    })
    const sample = chosen(simulatedSum)
    const null_ = new TailNull(sample, TAIL_SHARE, CAUTION)
    const match = matches ? matching(sum, sample) : (value: number) => value
    result = { p: sum.map((value) => null_.p(match(value))), parts: partP }
    isParent = Uint8Array.from(benjaminiHochberg(result.p), (q) => (q > ODD_ALPHA ? 1 : 0))
  }
  return result
}

const evidence = (p: number): number => -Math.log(Math.max(p, SMALLEST_P))

/** Cells and simulated cells by the curves of the latter. */
function together(
  x: Float64Array,
  cells: Float64Array,
  simulatedX: Float64Array,
  simulated: Float64Array,
): [Float64Array, Float64Array] {
  const nSimulated = simulated.length
  const sizes = joined(simulatedX, x)
  const among = Uint8Array.from(sizes, (_, i) => (i < nSimulated ? 1 : 0))
  const standard = standardized(sizes, joined(simulated, cells), among)
  return [standard.slice(nSimulated), standard.slice(0, nSimulated)]
}

function joined(a: Float64Array, b: Float64Array): Float64Array {
  const all = new Float64Array(a.length + b.length)
  all.set(a)
  all.set(b, a.length)
  return all
}

/** Gives values the median and the 80 % quantile of a sample. */
function matching(values: Float64Array, sample: Float64Array): (value: number) => number {
  const [median, high] = quantiles(values, [0.5, BODY]) as [number, number]
  const [sampleMedian, sampleHigh] = quantiles(sample, [0.5, BODY]) as [number, number]
  if (!(high > median)) return (value) => value
  const scale = (sampleHigh - sampleMedian) / (high - median)
  return (value) => (value - median) * scale + sampleMedian
}

/** 0 for the cells that are farthest out in any part. */
function trimmed(parts: readonly Float64Array[]): Uint8Array {
  const limits = parts.map((values) => quantile(values, 1 - FIRST_TRIMMED))
  return Uint8Array.from(parts[0]!, (_, i) => (parts.every((values, k) => values[i]! <= limits[k]!) ? 1 : 0))
}

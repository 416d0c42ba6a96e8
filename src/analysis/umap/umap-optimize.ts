import type { Random } from '../../numeric/random.js'
import type { SimilarityCurve } from './umap-curve.js'
import type { FuzzyGraph } from './umap-graph.js'
import { FunctionTable } from './umap-table.js'

const NEGATIVE_SAMPLES = 5
const LONGEST_STEP = 4
// keeps the push finite between points that nearly coincide
const SOFTENING = 1e-3

/**
 * Draws tied cells together and pushes them off cells taken at random, by stochastic gradient descent on the
 * cross-entropy of the graph and the layout (McInnes, Healy and Melville 2018, algorithm 5).
 *
 * A pair of weight w is drawn once in every (largest weight) / w passes, in both directions: each direction moves both
 * cells by the gradient of the attraction and its own cell by that of the repulsion from about five others. Steps are cut
 * to ±4 in each coordinate and shrink in proportion to the passes that are left.
 *
 * @param points n × 2 start, row-major; changed in place to the layout
 * @param graph the pairs to draw, all of positive weight
 */
export function optimizeLayout(
  points: Float32Array,
  graph: FuzzyGraph,
  curve: SimilarityCurve,
  nEpochs: number,
  random: Random,
  onEpoch?: (epoch: number, nEpochs: number) => void,
): void {
  const { weight } = graph
  const largest = weight.reduce((max, w) => Math.max(max, w), 0)
  const period = weight.map((w) => largest / w)
  const state: DescentState = {
    ...graph,
    ...gradients(curve),
    period,
    nextDraw: period.slice(),
    nextPush: period.map((p) => p / NEGATIVE_SAMPLES),
    choose: cellChooser(points.length / 2, random),
  }
  for (let epoch = 0; epoch < nEpochs; epoch++) {
    // the first step is taken whole, as is the second
    const rate = 1 - Math.max(0, epoch - 1) / nEpochs
    descend(points, state, epoch, rate)
    onEpoch?.(epoch + 1, nEpochs)
  }
}

/** Gradients by a point's coordinates, over the difference of the coordinates, at a squared distance. */
interface Gradients {
  /** Of log(1 / (1 + a s^b)). */
  pull: FunctionTable
  /** Of log(1 − 1 / (1 + a s^b)), softened at 0. */
  push: FunctionTable
}

function gradients({ a, b }: SimilarityCurve): Gradients {
  return {
    pull: new FunctionTable((s) => (-2 * b) / (s * (1 + 1 / (a * s ** b)))),
    push: new FunctionTable((s) => (2 * b) / ((SOFTENING + s) * (1 + a * s ** b))),
  }
}

interface DescentState extends FuzzyGraph, Gradients {
  /** Passes from one draw of a pair to its next. */
  period: Float32Array
  /** The pass at which each pair is due, a fraction. */
  nextDraw: Float32Array
  /** The pass at which each pair's next push off a random cell is due. */
  nextPush: Float32Array
  /** A random cell. */
  choose: () => number
}

/** One pass over the pairs that are due. */
function descend(points: Float32Array, state: DescentState, epoch: number, rate: number): void {
  const { head, tail, period, nextDraw, nextPush } = state
  for (let e = 0; e < period.length; e++) {
    if (nextDraw[e]! > epoch) continue
    nextDraw[e]! += period[e]!
    const pushPeriod = period[e]! / NEGATIVE_SAMPLES
    const pushes = Math.floor((epoch - nextPush[e]!) / pushPeriod)
    nextPush[e]! += pushes * pushPeriod
    attract(points, state, head[e]!, tail[e]!, rate)
    repel(points, state, head[e]!, pushes, rate)
    attract(points, state, tail[e]!, head[e]!, rate)
    repel(points, state, tail[e]!, pushes, rate)
  }
}

function attract(points: Float32Array, { pull }: Gradients, i: number, j: number, rate: number): void {
  const dx = points[2 * i]! - points[2 * j]!
  const dy = points[2 * i + 1]! - points[2 * j + 1]!
  const squared = dx * dx + dy * dy
  if (squared === 0) return
  const gradient = pull.at(squared)
  const stepX = rate * cut(gradient * dx)
  const stepY = rate * cut(gradient * dy)
  points[2 * i]! += stepX
  points[2 * i + 1]! += stepY
  points[2 * j]! -= stepX
  points[2 * j + 1]! -= stepY
}

function repel(points: Float32Array, state: DescentState, i: number, pushes: number, rate: number): void {
  const { push, choose } = state
  let x = points[2 * i]!
  let y = points[2 * i + 1]!
  for (let p = 0; p < pushes; p++) {
    const j = choose()
    if (j === i) continue
    const dx = x - points[2 * j]!
    const dy = y - points[2 * j + 1]!
    const gradient = push.at(dx * dx + dy * dy)
    x += rate * cut(gradient * dx)
    y += rate * cut(gradient * dy)
  }
  points[2 * i] = x
  points[2 * i + 1] = y
}

function cut(step: number): number {
  return Math.max(-LONGEST_STEP, Math.min(LONGEST_STEP, step))
}

/**
 * Cells 0 … n − 1 at random by Marsaglia's xorshift128 (Journal of Statistical Software, 2003), seeded from `random`:
 * hundreds of millions are drawn, and Philox would take longer than the descent itself.
 */
function cellChooser(n: number, random: Random): () => number {
  // all four words 0 would stay 0 for ever
  const words = Int32Array.of(random.word(), random.word(), random.word(), random.word() | 1)
  const share = n / 2 ** 32
  return () => {
    const old = words[0]! ^ (words[0]! << 11)
    const last = words[3]!
    words[0] = words[1]!
    words[1] = words[2]!
    words[2] = last
    const word = last ^ (last >>> 19) ^ old ^ (old >>> 8)
    words[3] = word
    return Math.floor((word >>> 0) * share)
  }
}

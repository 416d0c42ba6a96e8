import { setImmediate } from 'node:timers/promises'
import type { HostKernels } from '../../device/host-kernels.js'
import { HostSpace } from '../../device/host-space.js'
import { STREAM } from '../random-streams.js'
import type { SimilarityCurve } from './umap-curve.js'
import type { FuzzyGraph } from './umap-graph.js'

/** Ties that kernels read beyond the last. */
const PADDING = 16
/** Milliseconds after which a timer or a signal gets its turn. */
const TURN = 50

export interface LayoutOptions {
  seed: number
  nEpochs: number
  onEpoch?: ((epoch: number, nEpochs: number) => void) | undefined
}

/**
 * Draws tied cells together and pushes them off cells taken at random: gradient descent on the cross-entropy of the graph
 * and the layout (McInnes, Healy and Melville 2018, algorithm 5), on all threads, the same for any number of them.
 *
 * A pair of weight w is drawn once in every (largest weight) / w epochs. Each of its cells is then pulled towards the other by
 * twice the gradient of the attraction, as the pair is an edge in both directions, and pushed off five others. The forces
 * of an epoch are those at its start. A step at the full learning rate would overshoot, as all ties pull at once: it is
 * divided by one plus the rate times the stiffness of the ties that pull (each the ratio of its force to its length),
 * which changes neither where forces balance nor the steps of low rates. Forces are cut to ±4 in each coordinate, and the
 * rate shrinks in proportion to the epochs that are left.
 *
 * @param points n × 2 start, row-major
 * @param graph the pairs to draw, all of positive weight
 * @returns n × 2 layout
 */
export async function layOut(
  host: HostKernels,
  points: Float32Array,
  graph: FuzzyGraph,
  curve: SimilarityCurve,
  { seed, nEpochs, onEpoch }: LayoutOptions,
): Promise<Float32Array> {
  const n = points.length / 2
  const space = new HostSpace(host.arena)
  try {
    const { starts, others, share } = bothDirections(graph, n)
    const ties = { starts: space.ints(starts), others: space.ints(others), share: space.floats(share) }
    let [from, to] = [space.floats(points), space.take(points.length)]
    let turn = performance.now()
    for (let epoch = 0; epoch < nEpochs; epoch++) {
      // the first step is taken whole, as is the second
      const rate = 1 - Math.max(0, epoch - 1) / nEpochs
      const noise = { seed, purpose: STREAM.umap, step: epoch }
      host.call('layoutEpoch', { ...ties, ...curve, cells: n, epoch, from, to, rate, noise })
      ;[from, to] = [to, from]
      onEpoch?.(epoch + 1, nEpochs)
      if (performance.now() - turn < TURN) continue
      await setImmediate()
      turn = performance.now()
    }
    return host.arena.floats.slice(from, from + points.length)
  } finally {
    space.release()
  }
}

/** Each cell's ties, whether it is the lower or the higher cell of the pair, with their weights as shares of the largest. */
export function bothDirections({ head, tail, weight }: FuzzyGraph, n: number) {
  const largest = weight.reduce((max, w) => Math.max(max, w), 0)
  const starts = new Int32Array(n + 1)
  for (let e = 0; e < weight.length; e++) {
    starts[head[e]! + 1]!++
    starts[tail[e]! + 1]!++
  }
  for (let i = 0; i < n; i++) starts[i + 1]! += starts[i]!
  const next = starts.slice(0, n)
  const others = new Int32Array(2 * weight.length + PADDING)
  const share = new Float32Array(2 * weight.length + PADDING)
  for (let e = 0; e < weight.length; e++) {
    const [i, j] = [head[e]!, tail[e]!]
    const ofLargest = weight[e]! / largest
    others[next[i]!] = j
    share[next[i]!++] = ofLargest
    others[next[j]!] = i
    share[next[j]!++] = ofLargest
  }
  return { starts, others, share }
}

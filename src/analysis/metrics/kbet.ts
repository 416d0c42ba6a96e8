import type { Device } from '../../device/device.js'
import { withHostKernels } from '../../device/host-kernels.js'
import { gammaSurvival } from '../../numeric/special.js'
import type { WeightedGraph } from '../clustering/weighted-graph.js'
import { neighborsOn } from '../neighbors/device-neighbors.js'
import type { Neighbors } from '../neighbors/neighbors.js'
import { diffusionMap } from './diffusion-map.js'
import { strongComponents } from './graph-connectivity.js'
import { compactCodes, members, type Partition } from './partition.js'

/** p-value below which a neighbourhood differs from its label in its batches. */
const ALPHA = 0.05
/** Cells of a label below which nothing can be said of it. */
const FEWEST_CELLS = 10
const FEWEST_NEIGHBORS = 10
const MOST_NEIGHBORS = 70
const COMPONENTS = 100
/** Share of a label's cells that must lie in parts of a size for neighbourhoods. */
const LEAST_SHARE = 0.75

/**
 * kBET by label (Büttner et al., Nature Methods 2019; Luecken et al., Nature Methods 2022) as scib-metrics has it: within each label, the
 * share of cells whose nearest cells by diffusion distance have batches as frequent as the label has, by a χ² test; the mean over labels.
 * Labels of fewer than 10 cells, or of one batch, do not count. A label that falls apart into pieces has 0.
 *
 * The labels go in order of their names, and no diffusion map has more components than the one before it, as in scib-metrics.
 *
 * @param graph connectivities of all cells
 * @returns NaN where no label can be judged
 */
export async function kbetByLabel(
  device: Device | undefined,
  graph: WeightedGraph,
  labels: Partition,
  batches: Partition,
): Promise<number> {
  const scores: number[] = []
  let components = COMPONENTS
  for (const cells of members(labels)) {
    const own = Int32Array.from(cells, (cell) => batches.codes[cell]!)
    const { codes, count } = compactCodes(own, batches.names.length)
    if (cells.length < FEWEST_CELLS || count < 2) continue
    const mean = Math.floor(cells.length / count / 4)
    const k = Math.min(MOST_NEIGHBORS, Math.max(FEWEST_NEIGHBORS, mean))
    const whole = within(graph, cells)
    const large = inLargeParts(whole, 3 * k)
    if (large.length < LEAST_SHARE * cells.length) {
      scores.push(0)
      continue
    }
    const part = large.length < cells.length ? within(whole, large) : whole
    components = Math.min(components, part.n - 1)
    const positions = await withHostKernels(device, (host) => diffusionMap(host, part, components))
    const near = await neighborsOn(device, positions, { k: Math.min(part.n, k + 1) })
    scores.push(
      acceptance(
        near,
        large.map((i) => codes[i]!),
      ),
    )
  }
  return scores.reduce((sum, score) => sum + score, 0) / scores.length
}

/** The ties among some nodes, which are numbered in their order. */
function within({ n, starts, targets, weights }: WeightedGraph, nodes: Int32Array): WeightedGraph {
  const place = new Int32Array(n).fill(-1)
  let most = 0
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i]!
    place[node] = i
    most += starts[node + 1]! - starts[node]!
  }
  const ends = new Int32Array(nodes.length + 1)
  const kept = { targets: new Int32Array(most), weights: new Float32Array(most) }
  let end = 0
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i]!
    for (let at = starts[node]!; at < starts[node + 1]!; at++) {
      const other = place[targets[at]!]!
      if (other < 0) continue
      kept.targets[end] = other
      kept.weights[end++] = weights[at]!
    }
    ends[i + 1] = end
  }
  return {
    n: nodes.length,
    starts: ends,
    targets: kept.targets.subarray(0, end),
    weights: kept.weights.subarray(0, end),
  }
}

/** The nodes of connected parts of at least so many nodes; all where there is one part. */
function inLargeParts({ n, starts, targets }: WeightedGraph, least: number): Int32Array {
  const part = strongComponents(new Int32Array(n), (i) => targets.subarray(starts[i]!, starts[i + 1]!))
  const sizes = new Map<number, number>()
  for (const p of part) sizes.set(p, (sizes.get(p) ?? 0) + 1)
  const all = Int32Array.from({ length: n }, (_, i) => i)
  return sizes.size === 1 ? all : all.filter((i) => sizes.get(part[i]!)! >= least)
}

/** Share of cells whose neighbourhood, the cell itself in it, has the batches of all. */
function acceptance({ n, k, indices }: Neighbors, own: Int32Array): number {
  const { codes, count } = compactCodes(own, 1 + own.reduce((most, code) => Math.max(most, code), 0))
  if (count < 2) return 1
  const expected = new Float64Array(count)
  for (const code of codes) expected[code]! += k / n
  const observed = new Int32Array(count)
  let accepted = 0
  for (let cell = 0; cell < n; cell++) {
    observed.fill(0)
    for (let j = 0; j < k; j++) observed[codes[indices[cell * k + j]!]!]!++
    let statistic = 0
    for (let b = 0; b < count; b++) statistic += (observed[b]! - expected[b]!) ** 2 / expected[b]!
    if (gammaSurvival((count - 1) / 2, statistic / 2) >= ALPHA) accepted++
  }
  return accepted / n
}

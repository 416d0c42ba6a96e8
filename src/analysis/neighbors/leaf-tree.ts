import type { HostKernels } from '../../device/host-kernels.js'
import type { HostSpace } from '../../device/host-space.js'
import type { Matrix } from '../../numeric/matrix.js'

/** Cells of a leaf, as the kernels have it. */
export const LEAF = 32
/** Coordinates of a box are padded to whole vectors of the widest kind. */
const WIDEST = 16

/** A k-d tree in the kernels' memory. Arrays are words of the arena. */
export interface LeafTree {
  nLeaves: number
  padded: number
  order: number
  node: number
  leaves: number
  boxes: number
}

/**
 * Builds a k-d tree (Friedman, Bentley and Finkel 1977) whose leaves hold 32 cells each, the last one the rest. Every node
 * halves its run of leaves at its widest coordinate, level by level, the nodes of a level side by side.
 */
export function buildLeafTree(
  host: HostKernels,
  space: HostSpace,
  { values, rows: n, columns: d }: Matrix,
): LeafTree {
  const nLeaves = Math.ceil(n / LEAF)
  const padded = Math.ceil(d / WIDEST) * WIDEST
  const { runs, node, nNodes } = nodesOf(nLeaves)
  const points = space.floats(values)
  const order = space.take(n)
  for (let i = 0; i < n; i++) host.arena.ints[order + i] = i
  const starts = space.take(nLeaves + 1)
  for (const level of runs) {
    host.arena.ints.set(level, starts)
    host.call('halveRuns', { cells: n, dims: d, points, order, runs: level.length - 1, starts })
  }
  const tree: LeafTree = {
    nLeaves,
    padded,
    order,
    node: space.ints(node),
    leaves: space.take(nLeaves * LEAF * d),
    boxes: space.take(nNodes * 2 * padded),
  }
  host.call('packLeaves', { ...tree, cells: n, dims: d, points })
  joinBoxes(host.arena.floats, tree, nNodes)
  return tree
}

/** Where the runs of leaves of each level begin, from the root down, and the node of each leaf. */
function nodesOf(nLeaves: number): { runs: number[][]; node: Int32Array; nNodes: number } {
  const runs: number[][] = []
  const node = new Int32Array(nLeaves)
  let nNodes = 1
  let level = [{ node: 0, first: 0, last: nLeaves }]
  while (level.some(({ first, last }) => last - first > 1)) {
    runs.push([...level.map(({ first }) => first), nLeaves])
    level = level.flatMap((run) => {
      const middle = run.first + ((run.last - run.first) >> 1)
      if (middle === run.first) return [run]
      return [
        { node: 2 * run.node + 1, first: run.first, last: middle },
        { node: 2 * run.node + 2, first: middle, last: run.last },
      ]
    })
  }
  for (const run of level) {
    node[run.first] = run.node
    nNodes = Math.max(nNodes, run.node + 1)
  }
  return { runs, node, nNodes }
}

/** The boxes of inner nodes, from those of their children. */
function joinBoxes(floats: Float32Array, { boxes, padded, nLeaves }: LeafTree, nNodes: number): void {
  const join = (node: number, leaves: number): void => {
    if (leaves === 1) return
    const half = leaves >> 1
    join(2 * node + 1, half)
    join(2 * node + 2, leaves - half)
    const at = boxes + node * 2 * padded
    const left = boxes + (2 * node + 1) * 2 * padded
    const right = left + 2 * padded
    for (let f = 0; f < padded; f++) {
      floats[at + f] = Math.min(floats[left + f]!, floats[right + f]!)
      floats[at + padded + f] = Math.max(floats[left + padded + f]!, floats[right + padded + f]!)
    }
  }
  if (nNodes > 1) join(0, nLeaves)
}

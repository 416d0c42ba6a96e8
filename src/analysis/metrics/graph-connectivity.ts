import type { Neighbors } from '../neighbors/neighbors.js'
import { members, type Partition } from './partition.js'

/**
 * How much of each label hangs together in the graph of its cells' nearest neighbours: the share of its cells in the largest set that
 * can be walked to and fro, the mean over labels (Luecken et al., Nature Methods 2022).
 *
 * @param k neighbours a cell that are used, the cell itself among them
 */
export function graphConnectivity({ k: stride, indices }: Neighbors, k: number, labels: Partition): number {
  const ties = (cell: number) => indices.subarray(cell * stride, cell * stride + k)
  const lists = members(labels).filter((cells) => cells.length > 0)
  const component = strongComponents(labels.codes, ties)
  const shares = lists.map((cells) => {
    const sizes = new Map<number, number>()
    for (const cell of cells) sizes.set(component[cell]!, (sizes.get(component[cell]!) ?? 0) + 1)
    return Math.max(...sizes.values()) / cells.length
  })
  return shares.reduce((sum, share) => sum + share, 0) / shares.length
}

/**
 * Strongly connected components of a directed graph without the ties between classes (Tarjan 1972), with a stack of its own.
 *
 * @returns a number for each node, the same within a component
 */
export function strongComponents(classes: Int32Array, ties: (node: number) => ArrayLike<number>): Int32Array {
  const n = classes.length
  const order = new Int32Array(n).fill(-1)
  const lowest = new Int32Array(n)
  const component = new Int32Array(n).fill(-1)
  const next = new Int32Array(n)
  const open: number[] = []
  let visited = 0
  let components = 0
  for (let root = 0; root < n; root++) {
    if (order[root]! >= 0) continue
    const path = [root]
    while (path.length > 0) {
      const node = path.at(-1)!
      if (order[node]! < 0) {
        order[node] = visited
        lowest[node] = visited++
        open.push(node)
      }
      const list = ties(node)
      let deeper = -1
      while (deeper < 0 && next[node]! < list.length) {
        const other = list[next[node]!++]!
        if (classes[other] !== classes[node]) continue
        if (order[other]! < 0) deeper = other
        else if (component[other]! < 0) lowest[node] = Math.min(lowest[node]!, order[other]!)
      }
      if (deeper >= 0) {
        path.push(deeper)
        continue
      }
      path.pop()
      const parent = path.at(-1)
      if (parent !== undefined) lowest[parent] = Math.min(lowest[parent]!, lowest[node]!)
      if (lowest[node] !== order[node]) continue
      for (let member = -1; member !== node; ) {
        member = open.pop()!
        component[member] = components
      }
      components++
    }
  }
  return component
}

import { describe, expect, it } from 'vitest'
import { communityGraph, modularity } from '../../src/analysis/clustering/community-graph.js'
import { connectivities, leiden, leidenOf } from '../../src/analysis/clustering/leiden.js'
import { moveNodes } from '../../src/analysis/clustering/leiden-move.js'
import { refine } from '../../src/analysis/clustering/leiden-refine.js'
import { nearbyOrder, reorder } from '../../src/analysis/clustering/node-order.js'
import { symmetricGraph, type WeightedGraph } from '../../src/analysis/clustering/weighted-graph.js'
import { adjustedRandIndex } from '../../src/analysis/metrics/clustering-metrics.js'
import { neighbors } from '../../src/analysis/neighbors/neighbors.js'
import { Random } from '../../src/numeric/random.js'
import { firstRows } from '../matrix.js'
import { blobs } from './blobs.js'

/** A graph from pairs of nodes in any order, each of weight 1 where none is given. */
function graphOf(n: number, pairs: readonly (readonly [number, number, number?])[]): WeightedGraph {
  const sorted = pairs
    .map(([a, b, w = 1]) => [Math.min(a, b), Math.max(a, b), w] as const)
    .sort((one, other) => one[0] - other[0])
  return symmetricGraph(n, {
    head: Int32Array.from(sorted, ([a]) => a),
    tail: Int32Array.from(sorted, ([, b]) => b),
    weight: Float32Array.from(sorted, ([, , w]) => w),
  })
}

/** Ties of the karate club of Zachary (1977), 34 members: for each, those of higher number. */
const KARATE = [
  [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 17, 19, 21, 31],
  [2, 3, 7, 13, 17, 19, 21, 30],
  [3, 7, 8, 9, 13, 27, 28, 32],
  [7, 12, 13],
  [6, 10],
  [6, 10, 16],
  [16],
  [],
  [30, 32, 33],
  [33],
  ...[[], [], [], [33], [32, 33], [32, 33], [], [], [32, 33], [33], [32, 33], []],
  [32, 33],
  [25, 27, 29, 32, 33],
  [25, 27, 31],
  [31],
  [29, 33],
  [33],
  [31, 33],
  [32, 33],
  [32, 33],
  [32, 33],
  [33],
]
const karate = graphOf(
  34,
  KARATE.flatMap((others, i) => others.map((other) => [i, other] as const)),
)

/** Whether the nodes of every label are connected among themselves. */
function isConnected({ n, starts, targets }: WeightedGraph, labels: Int32Array): boolean {
  const seen = new Uint8Array(n)
  const started = new Set<number>()
  for (let i = 0; i < n; i++) {
    if (seen[i]) continue
    if (started.has(labels[i]!)) return false
    started.add(labels[i]!)
    const stack = [i]
    seen[i] = 1
    while (stack.length > 0) {
      const node = stack.pop()!
      for (let at = starts[node]!; at < starts[node + 1]!; at++) {
        const other = targets[at]!
        if (seen[other] || labels[other] !== labels[i]) continue
        seen[other] = 1
        stack.push(other)
      }
    }
  }
  return true
}

/** Nodes in groups with ties within a group of one probability and between groups of another. */
function planted(groups: number, size: number, within: number, between: number) {
  const random = new Random(5)
  const n = groups * size
  const labels = Int32Array.from({ length: n }, (_, i) => i % groups)
  const pairs: [number, number][] = []
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      if (random.next() < (labels[i] === labels[j] ? within : between)) pairs.push([i, j])
    }
  }
  return { labels, graph: graphOf(n, pairs) }
}

describe('leidenOf', () => {
  it('finds the best clusters of the karate club', () => {
    expect(karate.targets).toHaveLength(2 * 78)
    const found = Array.from({ length: 10 }, (_, seed) => leidenOf(karate, { seed }))
    // the optimum, proved by Brandes et al. (2008)
    expect(Math.max(...found.map((clusters) => clusters.modularity))).toBeCloseTo(0.41979, 5)
    for (const clusters of found) expect(clusters.modularity).toBeGreaterThan(0.41)
  })

  it('finds planted groups exactly', () => {
    const { labels, graph } = planted(12, 40, 0.5, 0.02)
    for (const seed of [0, 1, 2]) {
      const clusters = leidenOf(graph, { seed })
      expect(adjustedRandIndex(clusters.labels, labels)).toBe(1)
      expect(Array.from(clusters.sizes)).toEqual(Array(12).fill(40))
    }
  })

  it('gives the modularity of its clusters', () => {
    // two triangles and a tie: 7 ties, of which 1 lies between; strengths 7 and 7 of 14
    const graph = graphOf(6, [
      [0, 1],
      [0, 2],
      [1, 2],
      [3, 4],
      [3, 5],
      [4, 5],
      [2, 3],
    ])
    for (const resolution of [0.8, 1, 1.3]) {
      const clusters = leidenOf(graph, { resolution })
      expect(Array.from(clusters.labels)).toEqual([0, 0, 0, 1, 1, 1])
      expect(clusters.modularity).toBeCloseTo(6 / 7 - resolution / 2, 12)
      expect(clusters.resolution).toBe(resolution)
    }
    expect(leidenOf(graph, { resolution: 0.1 }).sizes).toEqual(Int32Array.of(6))
    expect(leidenOf(graph, { resolution: 20 }).sizes).toEqual(Int32Array.of(1, 1, 1, 1, 1, 1))
  })

  it('heeds weights', () => {
    const ring = (a: number, b: number) =>
      graphOf(4, [
        [0, 1, a],
        [1, 2, b],
        [2, 3, a],
        [3, 0, b],
      ])
    expect(Array.from(leidenOf(ring(1, 0.1)).labels)).toEqual([0, 0, 1, 1])
    expect(Array.from(leidenOf(ring(0.1, 1)).labels)).toEqual([0, 1, 1, 0])
  })

  it('leaves nodes without ties alone', () => {
    expect(Array.from(leidenOf(graphOf(3, [])).labels)).toEqual([0, 1, 2])
    expect(leidenOf(graphOf(3, [])).modularity).toBe(0)
    expect(Array.from(leidenOf(graphOf(4, [[1, 3]])).labels)).toEqual([1, 0, 2, 0])
  })

  it('refuses a resolution that is not positive', () => {
    for (const resolution of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => leidenOf(karate, { resolution })).toThrow('must be a positive number')
    }
  })
})

describe('moveNodes', () => {
  it('ends where no node gains by a move', () => {
    const { graph } = planted(8, 20, 0.25, 0.06)
    const whole = communityGraph(graph)
    const groups = Int32Array.from({ length: graph.n }, (_, i) => i)
    expect(moveNodes(whole, groups, 1, new Random(2))).toBe(true)
    const reached = modularity(whole, groups, 1)
    for (let i = 0; i < graph.n; i++) {
      const own = groups[i]!
      for (const other of new Set(groups)) {
        groups[i] = other
        expect(modularity(whole, groups, 1)).toBeLessThanOrEqual(reached + 1e-12)
      }
      groups[i] = own
    }
    expect(moveNodes(whole, groups, 1, new Random(3))).toBe(false)
  })
})

describe('refine', () => {
  it('parts a community into connected pieces, none across communities', () => {
    const { graph } = planted(6, 20, 0.3, 0.02)
    const whole = communityGraph(graph)
    const groups = Int32Array.from({ length: graph.n }, (_, i) => i % 2)
    const parts = refine(whole, groups, 1, new Random(3))
    expect(isConnected(graph, parts)).toBe(true)
    for (let i = 0; i < graph.n; i++) expect(groups[parts[i]!]).toBe(groups[i])
    const alone = Int32Array.from({ length: graph.n }, (_, i) => i)
    expect(modularity(whole, parts, 1)).toBeGreaterThan(modularity(whole, alone, 1) + 0.05)
  })
})

describe('leiden', () => {
  const { points, labels } = blobs(600, 6, 5, { spread: 0.3 })
  const graph = neighbors(points)

  it('finds separate groups of cells', async () => {
    const clusters = await leiden(graph, { resolution: 0.05 })
    expect(adjustedRandIndex(clusters.labels, labels)).toBe(1)
    expect(clusters.sizes).toEqual(Int32Array.of(120, 120, 120, 120, 120))
  })

  it('numbers connected clusters by their size', async () => {
    const clusters = await leiden(graph)
    const counted = new Int32Array(clusters.sizes.length)
    for (const label of clusters.labels) counted[label]!++
    expect(counted).toEqual(clusters.sizes)
    expect(Array.from(counted)).toEqual(Array.from(counted).sort((a, b) => b - a))
    expect(isConnected(await connectivities(graph), clusters.labels)).toBe(true)
    expect((await leiden(graph, { resolution: 3 })).sizes.length).toBeGreaterThan(counted.length)
  })

  it('is the same for the same seed, also with more neighbours than it uses', async () => {
    // groups that overlap, so that there is something to decide
    const { points: mixed } = blobs(600, 6, 5, { spread: 4 })
    const near = neighbors(mixed)
    const clusters = await leiden(near, { seed: 4 })
    expect(await leiden(near, { seed: 4 })).toEqual(clusters)
    expect(await leiden(neighbors(mixed, { k: 25 }), { seed: 4 })).toEqual(clusters)
    expect(await leiden(near, { seed: 5 })).not.toEqual(clusters)
    expect(await leiden(near, { seed: 4, nNeighbors: 8 })).not.toEqual(clusters)
  })

  it.each([1, 2, 3, 5, 16])('takes %i cells', async (n) => {
    const clusters = await leiden(neighbors(firstRows(points, n)))
    expect(clusters.labels).toHaveLength(n)
    expect(clusters.sizes.reduce((sum, size) => sum + size, 0)).toBe(n)
  })

  it('refuses too few neighbours', async () => {
    await expect(leiden(neighbors(points, { k: 14 }))).rejects.toThrow('15 neighbours')
  })
})

describe('symmetricGraph', () => {
  it('lists every tie at both ends, in ascending order', () => {
    const { starts, targets, weights } = graphOf(5, [
      [1, 4, 0.25],
      [3, 1, 0.5],
      [0, 4, 0.75],
      [1, 0, 1],
    ])
    expect(Array.from(starts)).toEqual([0, 2, 5, 5, 6, 8])
    expect(Array.from(targets)).toEqual([1, 4, 0, 3, 4, 1, 0, 1])
    expect(Array.from(weights)).toEqual([1, 0.75, 1, 0.5, 0.25, 0.5, 0.75, 0.25])
  })
})

describe('nearbyOrder', () => {
  it('has every node once, and changes nothing of the graph', () => {
    const { graph } = planted(20, 30, 0.3, 0.005)
    const order = nearbyOrder(graph)
    expect(Int32Array.from(order).sort()).toEqual(Int32Array.from(order.keys()))
    const there = reorder(graph, order)
    const back = new Int32Array(graph.n)
    for (const [place, node] of order.entries()) back[node] = place
    expect(there.targets).not.toEqual(graph.targets)
    const again = reorder(there, back)
    for (let i = 0; i < graph.n; i++) {
      const [from, to] = [graph.starts[i]!, graph.starts[i + 1]!]
      expect(again.targets.slice(from, to).sort()).toEqual(graph.targets.slice(from, to))
    }
  })
})

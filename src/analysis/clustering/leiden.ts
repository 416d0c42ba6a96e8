import type { Device } from '../../device/device.js'
import { type HostKernels, withHostKernels } from '../../device/host-kernels.js'
import { ScvaeError } from '../../errors.js'
import { Random } from '../../numeric/random.js'
import type { Neighbors } from '../neighbors/neighbors.js'
import { STREAM } from '../random-streams.js'
import { fuzzyGraph } from '../umap/umap-graph.js'
import { umapSettings } from '../umap/umap-settings.js'
import { aggregate, type CommunityGraph, communityGraph, modularity, renumber } from './community-graph.js'
import { moveNodes } from './leiden-move.js'
import { refine } from './leiden-refine.js'
import { nearbyOrder, reorder } from './node-order.js'
import { symmetricGraph, type WeightedGraph } from './weighted-graph.js'

/** Options of {@link leiden}. */
export interface LeidenOptions {
  /** Neighbours a cell that are used, the cell itself among them. Default 15, or all other cells where there are fewer. */
  nNeighbors?: number
  /** Larger values give more and smaller clusters. Default 1. */
  resolution?: number
  /** Default 0. */
  seed?: number
  /** The graph is computed on the threads of a CPU device; one is opened for the time of the work when left out. */
  device?: Device
  /** Threads of a device that is opened. */
  threads?: number
}

/** Cells in clusters, the largest first. */
export interface Clusters {
  /** Cluster of every cell, 0 … the number of clusters − 1. */
  labels: Int32Array
  /** Cells of every cluster, descending. */
  sizes: Int32Array
  resolution: number
  /** Modularity of the clusters, its random part times the resolution. */
  modularity: number
}

/** As scanpy has it. A third gains some 1e-5 of modularity, where seeds differ by 1e-3. */
const ITERATIONS = 2

/**
 * Clusters of cells by the Leiden algorithm (Traag, Waltman and van Eck, Scientific Reports 2019) on the fuzzy graph of their
 * nearest neighbours, as scanpy takes it: modularity with a resolution (Reichardt and Bornholdt 2006), two iterations. Every
 * cluster is connected.
 *
 * @param graph neighbours with at least `nNeighbors` a cell and the cell itself first
 * @returns the same for the same graph and seed
 * @throws ScvaeError `usage` for a graph with too few neighbours a cell, or a resolution that is not positive
 */
export async function leiden(graph: Neighbors, options: LeidenOptions = {}): Promise<Clusters> {
  return leidenOf(await connectivities(graph, options), options)
}

/**
 * The fuzzy graph of neighbours, as UMAP and scanpy have it.
 *
 * @throws ScvaeError `usage` for a graph with too few neighbours a cell
 */
export async function connectivities(
  graph: Neighbors,
  options: Pick<LeidenOptions, 'nNeighbors' | 'device' | 'threads'> = {},
): Promise<WeightedGraph> {
  const { nNeighbors = 15, device, threads } = options
  const { k } = umapSettings(graph, { nNeighbors })
  const work = (host: HostKernels) => fuzzyGraph(graph, Math.max(1, k), host)
  return symmetricGraph(
    graph.n,
    await withHostKernels(device, work, { ...(threads !== undefined && { threads }) }),
  )
}

/** {@link leiden} on any graph of positive weights. */
export function leidenOf(
  graph: WeightedGraph,
  options: Pick<LeidenOptions, 'resolution' | 'seed'> = {},
): Clusters {
  const { resolution = 1, seed = 0 } = options
  if (!(resolution > 0 && Number.isFinite(resolution))) {
    throw new ScvaeError('usage', `The resolution of clusters must be a positive number, not ${resolution}.`)
  }
  const order = nearbyOrder(graph)
  const whole = communityGraph(reorder(graph, order))
  const random = new Random(seed, STREAM.leiden)
  const groups = Int32Array.from({ length: graph.n }, (_, i) => i)
  // without ties there is nothing to gain
  const iterations = whole.total > 0 ? ITERATIONS : 0
  for (let i = 0; i < iterations; i++) improve(whole, groups, resolution, random)
  const labels = new Int32Array(graph.n)
  for (let i = 0; i < graph.n; i++) labels[order[i]!] = groups[i]!
  const sizes = orderBySize(labels)
  return { labels, sizes, resolution, modularity: modularity(whole, groups, resolution) }
}

/** One iteration: moves, refinement and aggregation, level after level, until every community is one node. */
function improve(whole: CommunityGraph, groups: Int32Array, resolution: number, random: Random): void {
  const nodeOf = Int32Array.from({ length: whole.n }, (_, i) => i)
  let graph = whole
  let communities = groups.slice()
  for (;;) {
    moveNodes(graph, communities, resolution, random)
    const parts = refine(graph, communities, resolution, random)
    const nParts = renumber(parts)
    if (nParts === graph.n) break
    const next = new Int32Array(nParts)
    for (let i = 0; i < graph.n; i++) next[parts[i]!] = communities[i]!
    renumber(next, graph.n)
    for (let i = 0; i < whole.n; i++) nodeOf[i] = parts[nodeOf[i]!]!
    graph = aggregate(graph, parts, nParts)
    communities = next
  }
  for (let i = 0; i < whole.n; i++) groups[i] = communities[nodeOf[i]!]!
  renumber(groups)
}

/** Numbers groups by their sizes, the largest first; of equal ones, that of the lowest node. */
function orderBySize(groups: Int32Array): Int32Array {
  const sizes = new Int32Array(renumber(groups))
  for (const group of groups) sizes[group]!++
  const order = Int32Array.from(sizes.keys()).sort((a, b) => sizes[b]! - sizes[a]! || a - b)
  const rank = new Int32Array(sizes.length)
  for (const [r, group] of order.entries()) rank[group] = r
  for (let i = 0; i < groups.length; i++) groups[i] = rank[groups[i]!]!
  return sizes.sort((a, b) => b - a)
}

import { type Clusters, connectivities, leidenOf } from '../analysis/clustering/leiden.js'
import { neighborRows, type WeightedGraph } from '../analysis/clustering/weighted-graph.js'
import type { Neighbors } from '../analysis/neighbors/neighbors.js'
import type { SparseElementValues } from '../anndata/elements.js'
import type { CategoryColumn } from '../anndata/frame/column.js'
import type { Additions } from '../anndata/write/additions.js'
import type { Device } from '../device/device.js'
import { formatPlural } from '../report/format.js'
import type { OutputKeys } from './fit/output-keys.js'
import type { Log } from './log.js'
import { clusterNames, GRAPH_NEIGHBORS } from './resolutions.js'

/** Clusters of some cells at one resolution or more, and the graph that they were found on. */
export interface ClusteredCells {
  neighbors: Neighbors
  nNeighbors: number
  connectivities: WeightedGraph
  /** In the order in which the resolutions were asked for. */
  clusters: readonly Clusters[]
}

/** Clusters cells at each resolution, and logs how many there are. */
export async function clusterCells(
  neighbors: Neighbors,
  options: { resolutions: readonly number[]; seed: number; nNeighbors?: number; device?: Device },
  log: Log,
): Promise<ClusteredCells> {
  const { resolutions, seed, nNeighbors = GRAPH_NEIGHBORS, device } = options
  const graph = await connectivities(neighbors, { nNeighbors, ...(device && { device }) })
  const clusters = resolutions.map((resolution) => {
    const found = leidenOf(graph, { resolution, seed })
    const count = formatPlural(found.sizes.length, 'cluster')
    log.info(`${count} at resolution ${resolution} (Leiden, modularity ${found.modularity.toFixed(3)})`)
    return found
  })
  return { neighbors, nNeighbors, connectivities: graph, clusters }
}

/**
 * The clusters as columns by their usual names.
 *
 * @param cells positions of the clustered cells among all `nCells`; others have no cluster
 */
export function clusterColumns(
  clusters: readonly Clusters[],
  cells: Int32Array,
  nCells: number,
): Record<string, CategoryColumn> {
  const names = clusterNames(clusters.map(({ resolution }) => resolution))
  const columns = clusters.map(({ labels, sizes }, i): [string, CategoryColumn] => {
    const codes = new Int32Array(nCells).fill(-1)
    for (let cell = 0; cell < cells.length; cell++) codes[cells[cell]!] = labels[cell]!
    return [names[i]!, { kind: 'category', codes, categories: Array.from(sizes.keys(), String) }]
  })
  return Object.fromEntries(columns)
}

/**
 * The neighbour graph as scanpy keeps it, with rows for all cells of a file; of several files, without the ties between them.
 *
 * @param place positions of the clustered cells among those of all files, and which of these are the file's
 * @param useRep key in obsm of the points whose neighbours these are
 */
export function graphAdditions(
  { neighbors, nNeighbors, connectivities: ties }: ClusteredCells,
  place: PlaceInFile,
  { names, useRep, seed }: { names: OutputKeys; useRep: string; seed: number },
): Pick<Additions, 'obsp' | 'uns'> {
  const used = Math.min(nNeighbors, neighbors.n)
  return {
    obsp: {
      [names.distances]: spreadPairs(neighborRows(neighbors, used), place),
      [names.connectivities]: spreadPairs(ties, place),
    },
    uns: {
      [names.neighbors]: {
        connectivities_key: names.connectivities,
        distances_key: names.distances,
        params: {
          n_neighbors: used,
          method: 'umap',
          metric: 'euclidean',
          random_state: seed,
          use_rep: useRep,
        },
      },
    },
  }
}

/** Where clustered cells are in a file. */
export interface PlaceInFile {
  /** Their positions, ascending. */
  cells: Int32Array
  /** The position of the file's first cell. */
  firstCell: number
  nCells: number
}

/** A matrix of all cells of a file of which some have entries. */
function spreadPairs(
  { n, starts, targets, weights }: WeightedGraph,
  { cells, firstCell, nCells }: PlaceInFile,
): SparseElementValues {
  const pointers = new Float64Array(nCells + 1)
  const indices = new Int32Array(targets.length)
  const values = new Float32Array(targets.length)
  let entries = 0
  for (let i = 0; i < n; i++) {
    const row = cells[i]! - firstCell
    if (row < 0 || row >= nCells) continue
    const first = entries
    for (let at = starts[i]!; at < starts[i + 1]!; at++) {
      const column = cells[targets[at]!]! - firstCell
      if (column < 0 || column >= nCells) continue
      indices[entries] = column
      values[entries++] = weights[at]!
    }
    pointers[row + 1] = entries - first
  }
  for (let row = 0; row < nCells; row++) pointers[row + 1]! += pointers[row]!
  return {
    ...{ kind: 'sparse', format: 'csr', dtype: 'float32' },
    ...{ shape: [nCells, nCells], pointers },
    ...{ indices: indices.subarray(0, entries), values: values.subarray(0, entries) },
  }
}

import type { Device } from '../../device/device.js'
import { withHostKernels } from '../../device/host-kernels.js'
import { ScvaeError } from '../../errors.js'
import type { Matrix } from '../../numeric/matrix.js'
import { takeRows } from '../../numeric/matrix.js'
import { kmeans } from '../clustering/kmeans.js'
import { connectivities, leidenOf } from '../clustering/leiden.js'
import type { WeightedGraph } from '../clustering/weighted-graph.js'
import { neighborsOn } from '../neighbors/device-neighbors.js'
import type { Neighbors } from '../neighbors/neighbors.js'
import { batchVariance, batchVarianceRemoved } from './batch-variance.js'
import { adjustedRandIndex, normalizedMutualInformation } from './clustering-metrics.js'
import { graphConnectivity } from './graph-connectivity.js'
import { kbetByLabel } from './kbet.js'
import { lisi, median } from './lisi.js'
import { members, type Partition } from './partition.js'
import { batchSilhouettes, labelSilhouettes } from './silhouette.js'

/** What each metric is, in the order of tables; `aggregate` tells which mean it is a part of, and none where it is shown alone. */
export const METRICS = [
  { name: 'isolated_labels', title: 'Isolated labels', aggregate: 'bio' },
  { name: 'kmeans_nmi', title: 'KMeans NMI', aggregate: 'bio' },
  { name: 'kmeans_ari', title: 'KMeans ARI', aggregate: 'bio' },
  { name: 'silhouette_label', title: 'Silhouette label', aggregate: 'bio' },
  { name: 'clisi', title: 'cLISI', aggregate: 'bio' },
  { name: 'bras', title: 'BRAS', aggregate: 'batch' },
  { name: 'ilisi', title: 'iLISI', aggregate: 'batch' },
  { name: 'kbet', title: 'KBET', aggregate: 'batch' },
  { name: 'graph_connectivity', title: 'Graph connectivity', aggregate: 'batch' },
  { name: 'pcr_comparison', title: 'PCR comparison', aggregate: 'batch' },
  { name: 'leiden_nmi', title: 'Leiden NMI', aggregate: undefined },
  { name: 'leiden_ari', title: 'Leiden ARI', aggregate: undefined },
  { name: 'silhouette_batch', title: 'Silhouette batch', aggregate: undefined },
  { name: 'cilisi', title: 'CiLISI', aggregate: undefined },
] as const

export type MetricName = (typeof METRICS)[number]['name']

/** The metrics of an embedding, each from 0 to 1 and better when larger; NaN where one does not apply. */
export type EmbeddingScores = Record<MetricName, number>

/** Means of metrics as scib-metrics takes them. */
export interface AggregateScores {
  /** Conservation of biology. */
  bio: number
  /** Correction of batches. */
  batch: number
  /** 0.6 bio + 0.4 batch. */
  total: number
}

export interface EvaluateOptions {
  /** A CPU device lends its threads; beside another, or none, one is opened. */
  device?: Device
  /** Positions of the same cells before any integration, with which those after it are compared; without it there is no PCR comparison. */
  before?: Matrix
  /** Seed of k-means and Leiden. Default 0. */
  seed?: number
  /** Told the name of each step. */
  onStep?: (step: string) => void
}

const BIO_SHARE = 0.6
/** Neighbours, the cell itself among them, of LISI, of kBET's graph, and of Leiden and the connectivity of labels. */
const WIDE = 90
const MIDDLE = 50
const NEAR = 15
const FEWEST_CELLS = 30
/** Cells of a label, and their batches, from which on CiLISI counts it. */
const LISI_CELLS = 10

/**
 * The metrics of scIB (Luecken et al., Nature Methods 2022) for one embedding, defined as scib-metrics has them, on exact neighbours; and
 * CiLISI (Andreatta et al., Nature Communications 2024), the iLISI within each label.
 *
 * @param points cells × dimensions
 * @param labels,batches of every cell; each class has a cell
 * @throws ScvaeError `usage` for fewer than 30 cells, or fewer than two labels or batches
 */
export async function evaluateEmbedding(
  points: Matrix,
  labels: Partition,
  batches: Partition,
  options: EvaluateOptions = {},
): Promise<EmbeddingScores> {
  const { device, before, seed = 0, onStep = () => {} } = options
  check(points, labels, batches)
  onStep('neighbours')
  const graph = await neighborsOn(device, points, { k: Math.min(WIDE, points.rows) })
  onStep('silhouettes')
  const [ofLabels, ofBatches] = await withHostKernels(device, async (host) => [
    await labelSilhouettes(host, points, labels, batches),
    await batchSilhouettes(host, points, labels, batches),
  ])
  onStep('LISI')
  const [byBatch, byLabel] = lisi(graph, [batches.codes, labels.codes])
  const cilisi = await labelLisi(device, points, labels, batches)
  onStep('kBET')
  const own = device ? { device } : {}
  const ties = await connectivities(firstOf(graph, MIDDLE), { ...own, nNeighbors: MIDDLE })
  const kbet = await kbetByLabel(device, ties, labels, batches)
  onStep('k-means')
  const nLabels = labels.names.length
  const { assignments } = kmeans(points, nLabels, { seed })
  onStep('Leiden')
  const near = await connectivities(firstOf(graph, NEAR), { ...own, nNeighbors: NEAR })
  const leiden = bestLeiden(near, labels.codes, seed)
  return {
    isolated_labels: ofLabels.isolated,
    kmeans_nmi: normalizedMutualInformation(labels.codes, assignments),
    kmeans_ari: adjustedRandIndex(labels.codes, assignments),
    silhouette_label: ofLabels.label,
    clisi: (nLabels - median(byLabel!)) / (nLabels - 1),
    bras: ofBatches.bras,
    ilisi: (median(byBatch!) - 1) / (batches.names.length - 1),
    kbet,
    graph_connectivity: graphConnectivity(graph, Math.min(NEAR, graph.k), labels),
    pcr_comparison: before
      ? batchVarianceRemoved(batchVariance(before, batches), batchVariance(points, batches))
      : Number.NaN,
    leiden_nmi: leiden.nmi,
    leiden_ari: leiden.ari,
    silhouette_batch: ofBatches.silhouette,
    cilisi,
  }
}

/** Means of the metrics that scib-metrics aggregates by default; those that are NaN are left out. */
export function aggregateScores(scores: EmbeddingScores): AggregateScores {
  const mean = (kind: 'bio' | 'batch') => {
    const names = METRICS.filter(({ aggregate }) => aggregate === kind).map(({ name }) => name)
    const values = names.map((name) => scores[name]).filter((value) => !Number.isNaN(value))
    return values.reduce((sum, value) => sum + value, 0) / values.length
  }
  const [bio, batch] = [mean('bio'), mean('batch')]
  return { bio, batch, total: BIO_SHARE * bio + (1 - BIO_SHARE) * batch }
}

function check(points: Matrix, labels: Partition, batches: Partition): void {
  if (points.rows < FEWEST_CELLS) {
    throw new ScvaeError(
      'usage',
      `An embedding of ${points.rows} cells cannot be judged; ${FEWEST_CELLS} are needed.`,
    )
  }
  for (const [what, { codes, names }] of [
    ['labels', labels],
    ['batches', batches],
  ] as const) {
    if (codes.length !== points.rows) {
      throw new ScvaeError('usage', `There are ${codes.length} ${what} for ${points.rows} cells.`)
    }
    if (names.length < 2) throw new ScvaeError('usage', `All cells have the same of the ${what}.`)
  }
}

/** The first k neighbours of each cell. */
function firstOf(graph: Neighbors, wanted: number): Neighbors {
  const k = Math.min(wanted, graph.k)
  const indices = new Int32Array(graph.n * k)
  const distances = new Float32Array(graph.n * k)
  for (let cell = 0; cell < graph.n; cell++) {
    indices.set(graph.indices.subarray(cell * graph.k, cell * graph.k + k), cell * k)
    distances.set(graph.distances.subarray(cell * graph.k, cell * graph.k + k), cell * k)
  }
  return { ...graph, k, indices, distances }
}

/** The partition of ten resolutions that tells most of the labels, by mutual information. */
function bestLeiden(ties: WeightedGraph, labels: Int32Array, seed: number): { nmi: number; ari: number } {
  let best = { nmi: -1, ari: Number.NaN }
  for (let step = 1; step <= 10; step++) {
    const found = leidenOf(ties, { resolution: step / 5, seed })
    const nmi = normalizedMutualInformation(labels, found.labels)
    if (nmi > best.nmi) best = { nmi, ari: adjustedRandIndex(labels, found.labels) }
  }
  return best
}

/**
 * CiLISI: the LISI of batches among the cells of each label, scaled to 0 … 1 by the batches that the label has; the mean over the cells of
 * labels with ten cells and two batches or more.
 */
async function labelLisi(
  device: Device | undefined,
  points: Matrix,
  labels: Partition,
  batches: Partition,
): Promise<number> {
  let sum = 0
  let cells = 0
  for (const list of members(labels)) {
    const own = Int32Array.from(list, (cell) => batches.codes[cell]!)
    const found = new Set(own).size
    if (list.length < LISI_CELLS || found < 2) continue
    const near = await neighborsOn(device, takeRows(points, list), { k: Math.min(WIDE, list.length) })
    for (const value of lisi(near, [own])[0]!) sum += (value - 1) / (found - 1)
    cells += list.length
  }
  return sum / cells
}

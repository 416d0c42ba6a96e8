import { connectivities, leidenOf } from '../../analysis/clustering/leiden.js'
import { compactCodes, type Partition } from '../../analysis/metrics/partition.js'
import { pcaFloor } from '../../analysis/metrics/pca.js'
import { neighborsOn } from '../../analysis/neighbors/device-neighbors.js'
import { obsColumn } from '../../anndata/frame/obs-column.js'
import { withAnnData } from '../../anndata/mudata/modality.js'
import type { AnnData } from '../../anndata/read.js'
import { readCounts } from '../../anndata/read-any.js'
import type { Device } from '../../device/device.js'
import { ScvaeError } from '../../errors.js'
import { type Matrix, takeRows } from '../../numeric/matrix.js'
import { formatPlural } from '../../report/format.js'
import { readPositions } from '../fitted/fitted-file.js'
import type { Log } from '../log.js'
import { clusterNames, GRAPH_NEIGHBORS } from '../resolutions.js'
import { type EvaluateRequest, PCA_OF_COUNTS } from './request.js'

/** Principal components that scanpy takes by default. */
const COMPONENTS = 50

/** The cells that are judged: those with a batch, a label and a position in every embedding. */
export interface EvaluatedCells {
  /** Cells of the file. */
  total: number
  embeddings: { name: string; points: Matrix }[]
  before: Matrix
  batches: Partition
  labels: Partition
  /** Where the labels come from: a column of obs, or words for clusters made here. */
  labelsFrom: string
  /** Whether the labels are clusters of an embedding. */
  labelsAreClusters: boolean
}

/**
 * Reads what is to be judged.
 *
 * @throws ScvaeError `bad-input` for columns or embeddings that are not there, and where fewer than two batches or labels are left
 */
export async function readEvaluated(
  request: EvaluateRequest,
  device: Device,
  log: Log,
): Promise<EvaluatedCells> {
  const { file, batchKey, labelsKey, seed } = request
  const adata = await readCounts(file, request.counts)
  for (const warning of adata.warnings) log.warn(warning)
  const embeddings = await readEmbeddings(request, adata)
  const batch = obsColumn(adata, batchKey)
  const own = labelsKey ?? clusterNames([1])[0]!
  const column = labelsKey !== undefined || adata.obs.getChild(own) ? obsColumn(adata, own) : undefined
  const cells = Int32Array.from({ length: adata.nCells }, (_, i) => i).filter(
    (cell) =>
      batch.codes[cell]! >= 0 &&
      (column === undefined || column.codes[cell]! >= 0) &&
      embeddings.every(({ points }) => !Number.isNaN(points.values[cell * points.columns]!)),
  )
  if (cells.length < adata.nCells) {
    log.info(
      `${formatPlural(adata.nCells - cells.length, 'cell')} without a batch, a label or a position left out`,
    )
  }
  const taken = embeddings.map(({ name, points }) => ({ name, points: takeRows(points, cells) }))
  const pre = taken.find(({ name }) => name === request.pre)?.points
  const before = pre ?? takeRows(await positionsOf(request.pre, '--pre', request, adata), cells)
  const labels = column
    ? partitionOf(column.categories, column.codes, cells)
    : await clustersOf(taken[0]!.points, device, seed)
  const batches = partitionOf(batch.categories, batch.codes, cells)
  for (const [name, { names }] of [[batchKey, batches] as const, [own, labels] as const]) {
    if (names.length < 2) {
      throw new ScvaeError(
        'bad-input',
        `${name} has ${names.length === 1 ? 'one value' : 'no values'} among the cells that can be judged; metrics need two.`,
      )
    }
  }
  const labelsFrom = column ? own : `clusters of ${taken[0]!.name}`
  return {
    ...{ total: adata.nCells, embeddings: taken, before, batches, labels, labelsFrom },
    labelsAreClusters: labelsKey === undefined,
  }
}

async function readEmbeddings(request: EvaluateRequest, adata: AnnData) {
  const names = request.embeddings
  if (names.some((name, i) => name === '' || names.indexOf(name) !== i)) {
    throw new ScvaeError('usage', '--embedding takes different keys of obsm, with commas between.')
  }
  const embeddings: { name: string; points: Matrix }[] = []
  for (const name of names) {
    embeddings.push({ name, points: await positionsOf(name, '--embedding', request, adata) })
  }
  return embeddings
}

async function positionsOf(
  name: string,
  option: string,
  { file, counts }: EvaluateRequest,
  adata: AnnData,
): Promise<Matrix> {
  if (name === PCA_OF_COUNTS && !adata.obsm[name]) {
    return pcaFloor(adata.counts, { topGenes: adata.nGenes, components: COMPONENTS }).scores
  }
  return withAnnData(file, counts.modality, (store) => readPositions(store, name, option))
}

function partitionOf(names: readonly string[], codes: Int32Array, cells: Int32Array): Partition {
  const own = Int32Array.from(cells, (cell) => codes[cell]!)
  const used = new Set(own)
  return {
    codes: compactCodes(own, names.length).codes,
    names: names.filter((_, code) => used.has(code)),
  }
}

async function clustersOf(points: Matrix, device: Device, seed: number): Promise<Partition> {
  const k = Math.min(GRAPH_NEIGHBORS, points.rows)
  const graph = await neighborsOn(device, points, { k })
  const { labels, sizes } = leidenOf(await connectivities(graph, { device, nNeighbors: k }), { seed })
  return { codes: labels, names: Array.from(sizes.keys(), String) }
}

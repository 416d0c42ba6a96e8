import { type LabelTransfer, transferLabels } from '../analysis/transfer/transfer-labels.js'
import { nearestList } from '../anndata/frame/nearest.js'
import type { Device } from '../device/device.js'
import { ScvaeError } from '../errors.js'
import type { ModelDescription } from '../files/model-description.js'
import { type Matrix, takeRows } from '../numeric/matrix.js'
import { type CellGroups, groupsOfColumn } from './cell-groups.js'
import { namesakes } from './namesakes.js'
import type { CellsOptions } from './options.js'
import type { AskedCells } from './own-cells.js'

/** Options of `transferLabels`. */
export interface TransferOptions extends CellsOptions {
  /** Columns of the labelled cells' obs, each for itself. */
  labelsKeys: readonly string[]
  /** The labelled cells; the model's own when left out, those of its folder with the columns that it keeps (`save`, `labelsKeys`). */
  reference?: CellsOptions
  /** Labelled cells that have a say in a cell's label; 15 when left out. */
  nNeighbors?: number
  /** Share of cells like the labelled ones that may be called unknown; 0.05 when left out, 0 for none. */
  unknownShare?: number
  /** Is told how far the search is. */
  onProgress?: (done: number, total: number) => void
}

/** What `transferLabels` gives. */
export interface LabelTransferAnswer {
  /** Posterior means of the cells, cells × nLatent. */
  latent: Matrix
  /** For each of the columns. */
  labels: TransferredLabels[]
  /** As they were asked for, or left out. */
  nNeighbors: number
  unknownShare: number
}

/** The labels that cells get from others. */
export interface TransferredLabels extends LabelTransfer {
  labelsKey: string
  /** Labels that some of the labelled cells have, in natural order. */
  categories: readonly string[]
  /** 1 for cells beyond the range of their label. */
  unknown: Uint8Array
  /** Cells with a label in this column. */
  nLabelled: number
}

export const TRANSFER_KEYS = [
  'labelsKeys',
  'reference',
  'nNeighbors',
  'unknownShare',
  'onProgress',
] as const satisfies (keyof TransferOptions)[]

/** Neighbours that have a say: more of them reach beyond small types. */
const NEIGHBORS = 15
/** Called unknown among cells like the labelled ones. */
const UNKNOWN = 0.05

/** @throws ScvaeError (usage) for a value out of range. */
export function transferSettings({
  labelsKeys,
  nNeighbors = NEIGHBORS,
  unknownShare = UNKNOWN,
}: TransferOptions): {
  labelsKeys: readonly string[]
  nNeighbors: number
  unknownShare: number
} {
  if (!Array.isArray(labelsKeys) || labelsKeys.length === 0)
    throw new ScvaeError('usage', 'transferLabels needs labelsKeys, a list of columns of obs.')
  if (!(Number.isInteger(nNeighbors) && nNeighbors > 0))
    throw new ScvaeError('usage', `nNeighbors must be a whole number above 0, not ${nNeighbors}.`)
  if (!(unknownShare >= 0 && unknownShare < 1))
    throw new ScvaeError('usage', `unknownShare must be at least 0 and below 1, not ${unknownShare}.`)
  return { labelsKeys, nNeighbors, unknownShare }
}

/** Cells as far as labels are concerned. */
export interface PlacedCells {
  asked: AskedCells
  latent: Matrix
}

/** The labels of a column that cells get from labelled ones. */
export async function transferred(
  device: Device,
  description: ModelDescription,
  reference: PlacedCells,
  { asked, latent }: PlacedCells,
  { labelsKey, nNeighbors, unknownShare }: { labelsKey: string; nNeighbors: number; unknownShare: number },
  onPoints?: (done: number) => void,
): Promise<TransferredLabels> {
  const { codes, names } = labelsOf(reference.asked, description, labelsKey)
  const labelled = Int32Array.from(codes.keys()).filter((cell) => codes[cell]! >= 0)
  if (labelled.length < 2)
    throw new ScvaeError('bad-input', `The column "${labelsKey}" has labels of fewer than two cells.`)
  const twins = namesakes(asked.names, reference.asked.names, labelled)
  const answer = await transferLabels(
    {
      points: takeRows(reference.latent, labelled),
      codes: Int32Array.from(labelled, (cell) => codes[cell]!),
      nLabels: names.length,
    },
    latent,
    { k: nNeighbors, device, ...(twins && { twins }), ...(onPoints && { onPoints }) },
  )
  return {
    ...answer,
    labelsKey,
    categories: names,
    unknown: Uint8Array.from(answer.rangeP, (p) => Number(p <= unknownShare)),
    nLabelled: labelled.length,
  }
}

/** Labels of cells of data, or of a folder: those that it keeps, and its covariates. */
function labelsOf(asked: AskedCells, { categorical }: ModelDescription, key: string): CellGroups {
  if (asked.data) return groupsOfColumn(asked, key)
  const kept = asked.labels?.find((column) => column.key === key)
  if (kept) return { codes: kept.codes, names: kept.categories }
  const covariate = categorical.findIndex((column) => column.key === key)
  if (covariate >= 0)
    return { codes: asked.source.categorical[covariate]!, names: categorical[covariate]!.categories }
  const known = [...(asked.labels ?? []), ...categorical].flatMap((column) => column.key ?? [])
  const has = known.length > 0 ? `; it keeps ${nearestList(key, known)}` : ''
  throw new ScvaeError('bad-input', `The model's folder keeps no labels "${key}" of its cells${has}.`, {
    hint: `Give a file that has them with --reference, or fit with --labels-key ${key}.`,
  })
}

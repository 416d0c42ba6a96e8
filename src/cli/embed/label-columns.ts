import type { Column } from '../../anndata/frame/column.js'
import type { PlainValue } from '../../anndata/write/plain-values.js'
import type { ModelDescription } from '../../files/model-description.js'
import type { CellsOptions } from '../../models/options.js'
import type { TransferredLabels } from '../../models/transfer.js'
import { formatCount, formatPercent } from '../../report/format.js'
import { OBS_PREFIX } from '../fit/output-keys.js'
import type { Log } from '../log.js'
import { countedCells, openQuery } from '../query.js'

/** Which labels cells are to get, and from where. */
export interface TransferRequest {
  labelsKeys: string[]
  nNeighbors?: number
  unknownShare?: number
}

/** What cells are called that are beyond the range of their label. */
const UNKNOWN = 'unknown'

/** The cells of a reference as a model takes them; undefined for its own. */
export async function referenceCells(
  { reference, ...settings }: { reference: string | undefined; allowNoninteger: boolean },
  description: ModelDescription,
  log: Log,
): Promise<CellsOptions | undefined> {
  if (reference === undefined) return undefined
  const { allowNoninteger } = settings
  const asked = { allowNoninteger, file: reference, counts: {}, geneKey: undefined }
  const query = await openQuery(asked, description, log)
  const all = Int32Array.from({ length: query.adata.nCells }, (_, cell) => cell)
  return {
    adata: query.adata,
    cells: countedCells(query, all, log),
    genePositions: query.positions,
  }
}

/** Names of the columns for labels of another. */
export function labelColumnNames(labelsKey: string): { label: string; confidence: string; rangeP: string } {
  const label = `${OBS_PREFIX}${labelsKey}`
  return { label, confidence: `${label}_confidence`, rangeP: `${label}_range_p` }
}

/**
 * Labels as columns of obs, empty for cells without a count.
 *
 * @param cells positions of the cells in the file
 */
export function labelColumns(
  labels: readonly TransferredLabels[],
  cells: Int32Array,
  nCells: number,
): Record<string, Column> {
  return Object.fromEntries(labels.flatMap((one) => Object.entries(columnsOf(one, cells, nCells))))
}

function columnsOf(
  { labelsKey, categories, codes, unknown, confidence, rangeP }: TransferredLabels,
  cells: Int32Array,
  nCells: number,
): Record<string, Column> {
  const names = labelColumnNames(labelsKey)
  const any = unknown.includes(1)
  const all = any && !categories.includes(UNKNOWN) ? [...categories, UNKNOWN] : categories
  const columns = {
    codes: new Int32Array(nCells).fill(-1),
    confidence: new Float32Array(nCells).fill(Number.NaN),
    rangeP: new Float32Array(nCells).fill(Number.NaN),
  }
  for (const [i, cell] of cells.entries()) {
    columns.codes[cell] = unknown[i] ? all.indexOf(UNKNOWN) : codes[i]!
    columns.confidence[cell] = confidence[i]!
    columns.rangeP[cell] = rangeP[i]!
  }
  return {
    [names.label]: { kind: 'category', categories: all, codes: columns.codes },
    [names.confidence]: { kind: 'float', values: columns.confidence },
    [names.rangeP]: { kind: 'float', values: columns.rangeP },
  }
}

/** What `uns/scvae` says of where labels come from. */
export function transferRecord(
  { labelsKeys }: TransferRequest,
  reference: string,
  { nNeighbors, unknownShare }: { nNeighbors: number; unknownShare: number },
): Readonly<Record<string, PlainValue>> {
  return {
    transfer: {
      columns: labelsKeys,
      reference,
      n_neighbors: nNeighbors,
      unknown_share: unknownShare,
    },
  }
}

/** One line of the log for each column. */
export function sayLabels(labels: readonly TransferredLabels[], log: Log): void {
  for (const { labelsKey, nLabelled, unknown, codes, confidence } of labels) {
    const n = codes.length
    const nUnknown = unknown.reduce((sum, flag) => sum + flag, 0)
    const sure = confidence.reduce((sum, share) => sum + Number(share >= 0.8), 0)
    log.info(
      `${labelsKey}: labels of ${formatCount(nLabelled)} cells; ${formatPercent(sure / n)} with a confidence of 0.8 or more, ${formatPercent(nUnknown / n)} unknown`,
    )
  }
}

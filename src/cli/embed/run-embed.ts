import { extname } from 'node:path'
import type { ScoreColumns } from '../../analysis/outliers/score-columns.js'
import type { CategoryColumn, Column } from '../../anndata/frame/column.js'
import type { AnnData } from '../../anndata/read.js'
import { refuseExisting, writeBeside } from '../../anndata/write/beside.js'
import { refuseForeignKeys, writeCopy } from '../../anndata/write/copy.js'
import { readFileKeys } from '../../anndata/write/file-keys.js'
import type { PlainValue } from '../../anndata/write/plain-values.js'
import { type DeviceName, openDevice } from '../../device/open-device.js'
import { ScvaeError } from '../../errors.js'
import type { ModelDescription } from '../../files/model-description.js'
import { readModel } from '../../files/model-files.js'
import type { CellsOptions } from '../../models/options.js'
import { unknownCovariates } from '../../models/own-cells.js'
import { SCVI } from '../../models/scvi.js'
import { type Matrix, spreadRows } from '../../numeric/matrix.js'
import { formatCount } from '../../report/format.js'
import { writeParquet } from '../latent-parquet.js'
import { type LatentTable, writeArrow, writeTableCsv } from '../latent-table.js'
import { Log, type Verbosity } from '../log.js'
import { countedCells, openQuery, type Query, type QuerySettings } from '../query.js'
import { stageBar } from '../stage-bar.js'
import { isAnnDataEnding } from './endings.js'
import {
  labelColumnNames,
  labelColumns,
  referenceCells,
  sayLabels,
  type TransferRequest,
  transferRecord,
} from './label-columns.js'
import { type FileCells, OUTLIER_COLUMNS, outlierColumns } from './outlier-columns.js'

/** What a run of `scvae embed` was asked to do. */
export interface EmbedSettings extends QuerySettings {
  directory: string
  output: string
  overwrite: boolean
  /** Name of the latent in obsm. */
  obsmKey: string
  /** Labels that the cells are to get; undefined for none. */
  transfer: TransferRequest | undefined
  /** Whether the cells are held against those of the model, or of the reference. */
  outliers: boolean
  /** A file with cells that these are held against, and that labels come from; undefined for the model's own. */
  reference: string | undefined
  device: DeviceName
  threads: number | undefined
  verbosity: Verbosity
}

/** What uns says of a reference that is not a file. */
const OWN_CELLS = 'cells of the model'

/** What is written of the cells of a file. */
interface Embedded {
  /** All cells × latent dimensions. */
  latent: Matrix
  /** Labels and what is behind them, by the names of their columns. */
  columns: Record<string, Column>
  record: Readonly<Record<string, PlainValue>>
}

/** Reads a model and a file, and writes the latent of the file's cells, and labels of the cells near them. */
export async function runEmbed(settings: EmbedSettings): Promise<void> {
  const { output, overwrite } = settings
  refuseExisting(output, overwrite)
  const log = new Log(settings.verbosity)
  const { description } = readModel(settings.directory)
  // mitochondrial shares are of all counts
  const query = await openQuery({ ...settings, allGenes: settings.outliers }, description, log)
  const { adata } = query
  if (isAnnDataEnding(output)) await checkKeys(query, settings)
  sayCovariates(description, adata, settings.outliers, log)
  const reference = await referenceCells(settings, description, log)
  const embedded = await embed(settings, query, reference, log)
  for (const change of await write(settings, query, embedded)) log.warn(change)
  log.info(`wrote ${output}: ${formatCount(adata.nCells)} cells × ${embedded.latent.columns} dimensions`)
}

/** Refuses, before any long work, to replace what is in the file and not ours. */
async function checkKeys(
  { adata, format }: Query,
  { obsmKey, transfer, outliers }: Pick<EmbedSettings, 'obsmKey' | 'transfer' | 'outliers'>,
): Promise<void> {
  const keys = await readFileKeys(adata, format)
  refuseForeignKeys([`obsm/${obsmKey}`], keys, adata.path, 'Choose another name with --obsm-key.')
  const columns = transfer?.labelsKeys.flatMap((key) => Object.values(labelColumnNames(key))) ?? []
  const added = [...columns, ...(outliers ? OUTLIER_COLUMNS : [])].map((name) => `obs/${name}`)
  refuseForeignKeys(added, keys, adata.path, 'Rename that column of obs.')
}

/** @returns one sentence for each thing of the input that a copy of it does not have as it was */
async function write(
  { output, overwrite, obsmKey }: EmbedSettings,
  { adata, format }: Query,
  { latent, columns, record }: Embedded,
): Promise<string[]> {
  const ending = extname(output)
  if (isAnnDataEnding(output)) {
    const additions = { obsm: { [obsmKey]: latent }, obs: columns }
    return writeCopy(adata, format, output, additions, { overwrite, settings: record })
  }
  const table = { cellNames: adata.obsNames, latent, ...tableParts(columns) }
  await writeBeside(
    output,
    (path) => {
      if (ending === '.arrow') return writeArrow(path, table)
      return ending === '.csv' ? writeTableCsv(path, table) : writeParquet(path, table)
    },
    { overwrite },
  )
  return []
}

/** Labels and numbers as a table has them. */
function tableParts(columns: Record<string, Column>): Pick<LatentTable, 'scores' | 'categories'> {
  const scores: ScoreColumns = {}
  const categories: Record<string, CategoryColumn> = {}
  for (const [name, column] of Object.entries(columns)) {
    if (column.kind === 'category') categories[name] = column
    else if (column.kind === 'float') scores[name] = column.values
    // flags
    else if (column.kind === 'int' && column.values instanceof Uint8Array) scores[name] = column.values
  }
  return { scores, categories }
}

/** Posterior means of all cells, NaN for those without a count in the model's genes, and the labels that they get. */
async function embed(
  settings: EmbedSettings,
  query: Query,
  reference: CellsOptions | undefined,
  log: Log,
): Promise<Embedded> {
  const { adata, positions } = query
  const all = Int32Array.from({ length: adata.nCells }, (_, cell) => cell)
  const cells = countedCells(query, all, log)
  const asked = { adata, cells, genePositions: positions }
  const device = await openDevice(settings)
  try {
    await using model = await SCVI.load(settings.directory, undefined, { device })
    if ((settings.transfer || settings.outliers) && !reference && !model.hasCells)
      throw new ScvaeError(
        'bad-input',
        "The model's folder tells of no cells that others could be held against.",
        {
          hint: 'Give a file that has them with --reference.',
        },
      )
    const held = reference && { reference }
    const labelled =
      settings.transfer && (await labels(model, settings, settings.transfer, { ...asked, ...held }, log))
    const scored = settings.outliers
      ? await outlierColumns(model, asked, { ...held, device, log })
      : undefined
    const latent = scored?.latent ?? labelled?.latent ?? (await model.getLatentRepresentation(asked))
    return {
      latent: spreadRows(latent, cells, adata.nCells),
      columns: { ...labelled?.columns, ...scored?.columns },
      record: {
        ...labelled?.record,
        ...(settings.outliers && { outliers: { reference: settings.reference ?? OWN_CELLS } }),
      },
    }
  } finally {
    await device.dispose()
  }
}

/** Labels that the cells get from others. */
async function labels(
  model: SCVI,
  { reference }: EmbedSettings,
  request: TransferRequest,
  asked: FileCells & { reference?: CellsOptions },
  log: Log,
): Promise<Pick<Embedded, 'latent' | 'columns' | 'record'>> {
  const answer = await model.transferLabels({ ...asked, ...request, onProgress: stageBar(log, 'transfer') })
  log.clearBar()
  sayLabels(answer.labels, log)
  return {
    latent: answer.latent,
    columns: labelColumns(answer.labels, asked.cells, asked.adata.nCells),
    record: transferRecord(request, reference ?? OWN_CELLS, answer),
  }
}

/** Says what of the cells' covariates the model does not know, where it does without. */
function sayCovariates(description: ModelDescription, adata: AnnData, outliers: boolean, log: Log): void {
  if (description.config.encodeCovariates) return
  const unknown = unknownCovariates(description, adata)
  if (!unknown) return
  const then = outliers ? ', and held against the reference as of its nearest cell' : ''
  log.info(
    `${unknown.message} Its encoder sees no covariates, so the cells are embedded all the same${then}.`,
  )
}

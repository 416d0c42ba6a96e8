import { extname } from 'node:path'
import type { AnnData } from '../../anndata/read.js'
import { refuseExisting, writeBeside } from '../../anndata/write/beside.js'
import { refuseForeignKeys, writeCopy } from '../../anndata/write/copy.js'
import { readFileKeys } from '../../anndata/write/file-keys.js'
import { type DeviceName, openDevice } from '../../device/open-device.js'
import type { ModelDescription } from '../../files/model-description.js'
import { readModel } from '../../files/model-files.js'
import { unknownCovariates } from '../../models/own-cells.js'
import { SCVI } from '../../models/scvi.js'
import { type Matrix, spreadRows } from '../../numeric/matrix.js'
import { formatCount } from '../../report/format.js'
import { writeParquet } from '../latent-parquet.js'
import { writeArrow, writeLatentCsv } from '../latent-table.js'
import { Log, type Verbosity } from '../log.js'
import { countedCells, openQuery, type Query, type QuerySettings } from '../query.js'
import { isAnnDataEnding } from './endings.js'

/** What a run of `scvae embed` was asked to do. */
export interface EmbedSettings extends QuerySettings {
  directory: string
  output: string
  overwrite: boolean
  /** Name of the latent in obsm. */
  obsmKey: string
  device: DeviceName
  threads: number | undefined
  verbosity: Verbosity
}

/** Reads a model and a file, and writes the latent of the file's cells. */
export async function runEmbed(settings: EmbedSettings): Promise<void> {
  const { output, overwrite } = settings
  refuseExisting(output, overwrite)
  const log = new Log(settings.verbosity)
  const { description } = readModel(settings.directory)
  const query = await openQuery(settings, description, log)
  const { adata } = query
  if (isAnnDataEnding(output)) await checkKey(query, settings.obsmKey)
  sayCovariates(description, adata, log)
  const latent = await latentOf(settings, query, log)
  for (const change of await writeLatent(settings, query, latent)) log.warn(change)
  log.info(`wrote ${output}: ${formatCount(adata.nCells)} cells × ${latent.columns} dimensions`)
}

/** Refuses, before any long work, to replace what is in the file and not ours. */
async function checkKey({ adata, format }: Query, obsmKey: string): Promise<void> {
  const keys = await readFileKeys(adata, format)
  refuseForeignKeys([`obsm/${obsmKey}`], keys, adata.path, 'Choose another name with --obsm-key.')
}

/** @returns one sentence for each thing of the input that a copy of it does not have as it was */
async function writeLatent(
  { output, overwrite, obsmKey }: EmbedSettings,
  { adata, format }: Query,
  latent: Matrix,
): Promise<string[]> {
  const ending = extname(output)
  if (isAnnDataEnding(output))
    return writeCopy(adata, format, output, { obsm: { [obsmKey]: latent } }, { overwrite })
  const table = { cellNames: adata.obsNames, latent, scores: {} }
  await writeBeside(
    output,
    (path) => {
      if (ending === '.arrow') return writeArrow(path, table)
      return ending === '.csv' ? writeLatentCsv(path, table) : writeParquet(path, table)
    },
    { overwrite },
  )
  return []
}

/** Posterior means of all cells, cells × latent dimensions; NaN for cells without a count in the model's genes. */
async function latentOf(settings: EmbedSettings, query: Query, log: Log): Promise<Matrix> {
  const { adata, positions } = query
  const all = Int32Array.from({ length: adata.nCells }, (_, cell) => cell)
  const cells = countedCells(query, all, log)
  const device = await openDevice(settings)
  try {
    await using model = await SCVI.load(settings.directory, undefined, { device })
    const latent = await model.getLatentRepresentation({ adata, cells, genePositions: positions })
    return spreadRows(latent, cells, adata.nCells)
  } finally {
    await device.dispose()
  }
}

/** Says what of the cells' covariates the model does not know, where it does without. */
function sayCovariates(description: ModelDescription, adata: AnnData, log: Log): void {
  if (description.config.encodeCovariates) return
  const unknown = unknownCovariates(description, adata)
  if (unknown)
    log.info(`${unknown.message} Its encoder sees no covariates, so the cells are embedded all the same.`)
}

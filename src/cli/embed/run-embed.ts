import { extname } from 'node:path'
import { checkCounts } from '../../anndata/counts/check-counts.js'
import type { AnnData } from '../../anndata/read.js'
import { type CountsFormat, type CountsOptions, detectFormat, readAs } from '../../anndata/read-any.js'
import { refuseExisting, writeBeside } from '../../anndata/write/beside.js'
import { writeCopy } from '../../anndata/write/copy.js'
import { dropEmptyCells } from '../../cells/empty-cells.js'
import { genePositions, selectionOf } from '../../cells/gene-positions.js'
import type { GeneMatch } from '../../cells/match-genes.js'
import { type DeviceName, openDevice } from '../../device/open-device.js'
import type { ModelDescription } from '../../files/model-description.js'
import { readModel } from '../../files/model-files.js'
import { unknownCovariates } from '../../models/own-cells.js'
import { SCVI } from '../../models/scvi.js'
import { type Matrix, spreadRows } from '../../numeric/matrix.js'
import { formatCount } from '../../report/format.js'
import { warnOfEmptyCells } from '../empty-cells.js'
import { LATENT_KEY } from '../fit/output-keys.js'
import { writeParquet } from '../latent-parquet.js'
import { writeArrow, writeLatentCsv } from '../latent-table.js'
import { Log, type Verbosity } from '../log.js'
import { sayGenes } from './say-genes.js'

/** What a run of `scvae embed` was asked to do. */
export interface EmbedSettings {
  directory: string
  file: string
  output: string
  overwrite: boolean
  counts: CountsOptions
  geneKey: string | undefined
  allowNoninteger: boolean
  device: DeviceName
  threads: number | undefined
  verbosity: Verbosity
}

/** A file as far as a model needs it. */
interface Query {
  adata: AnnData
  format: CountsFormat
  match: GeneMatch
  /** Positions of the model's genes in what was read, −1 for one that is absent. */
  positions: Int32Array
}

/** Reads a model and a file, and writes the latent of the file's cells. */
export async function runEmbed(settings: EmbedSettings): Promise<void> {
  const { output, overwrite, allowNoninteger } = settings
  refuseExisting(output, overwrite)
  const log = new Log(settings.verbosity)
  const { description } = readModel(settings.directory)
  const query = await readQuery(settings, description)
  const { adata } = query
  for (const warning of adata.warnings) log.warn(warning)
  sayGenes(query.match, description.genes, log)
  for (const change of await checkCounts(adata, { allowNoninteger })) log.warn(change)
  sayCovariates(description, adata, log)
  const latent = await latentOf(settings, query, log)
  for (const change of await writeLatent(output, query, latent, overwrite)) log.warn(change)
  log.info(`wrote ${output}: ${formatCount(adata.nCells)} cells × ${latent.columns} dimensions`)
}

/** Of an AnnData file, only what it has of the model's genes is read: a large file has many more. */
async function readQuery(
  { file, counts, geneKey }: EmbedSettings,
  description: ModelDescription,
): Promise<Query> {
  const format = await detectFormat(file)
  const chosen: { match?: GeneMatch; part?: Int32Array } = {}
  const choose = (genes: Parameters<typeof genePositions>[1]) => {
    chosen.match = genePositions(description, genes, geneKey)
    const { positions } = chosen.match
    if (!selectionOf(positions, genes.nGenes)) return undefined
    chosen.part = positions.filter((position) => position >= 0)
    return chosen.part
  }
  const isAnnData = format === 'h5ad' || format === 'zarr'
  const adata = await readAs(file, format, isAnnData ? { ...counts, genes: choose } : counts)
  const match = chosen.match ?? genePositions(description, adata, geneKey)
  if (!chosen.part) return { adata, format, match, positions: match.positions }
  let next = 0
  return { adata, format, match, positions: match.positions.map((at) => (at < 0 ? -1 : next++)) }
}

/** @returns one sentence for each thing of the input that a copy of it does not have as it was */
async function writeLatent(
  output: string,
  { adata, format }: Query,
  latent: Matrix,
  overwrite: boolean,
): Promise<string[]> {
  const ending = extname(output)
  if (ending.startsWith('.h5'))
    return writeCopy(adata, format, output, { obsm: { [LATENT_KEY]: latent } }, { overwrite })
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
async function latentOf(settings: EmbedSettings, { adata, positions }: Query, log: Log): Promise<Matrix> {
  const all = Int32Array.from({ length: adata.nCells }, (_, cell) => cell)
  const present = positions.filter((position) => position >= 0)
  const genes = present.length === adata.nGenes ? undefined : present
  const parted = dropEmptyCells(adata, all, genes)
  warnOfEmptyCells(adata, parted, genes, log)
  const { cells } = parted
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

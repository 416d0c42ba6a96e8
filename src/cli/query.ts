import { checkCounts } from '../anndata/counts/check-counts.js'
import { type CountsFormat, type CountsOptions, detectFormat, readAs } from '../anndata/read-any.js'
import { dropEmptyCells } from '../cells/empty-cells.js'
import { type ModelGenesRead, readModelGenes } from '../cells/read-model-genes.js'
import type { ModelDescription } from '../files/model-description.js'
import { sayGenes } from './embed/say-genes.js'
import { warnOfEmptyCells } from './empty-cells.js'
import type { Log } from './log.js'

/** Which file a model is asked about, and how it is read. */
export interface QuerySettings {
  file: string
  counts: CountsOptions
  geneKey: string | undefined
  allowNoninteger: boolean
  /** Reads genes too that the model does not have. */
  allGenes?: boolean
}

/** A file as far as a model needs it. */
export interface Query extends ModelGenesRead {
  format: CountsFormat
}

/**
 * Reads a file for a model, checks its counts and says what the log is to say of it.
 *
 * @throws ScvaeError `bad-input` for a file that cannot be read, has no counts, or has none of the model's genes
 */
export async function openQuery(
  settings: QuerySettings,
  description: ModelDescription,
  log: Log,
): Promise<Query> {
  const query = await readQuery(settings, description)
  const { adata } = query
  for (const warning of adata.warnings) log.warn(warning)
  sayGenes(query.match, description.genes, log)
  const { allowNoninteger } = settings
  for (const change of await checkCounts(adata, { allowNoninteger })) log.warn(change)
  return query
}

/** Those of some cells that have a count in the model's genes; the log says which have none. */
export function countedCells({ adata, positions }: Query, cells: Int32Array, log: Log): Int32Array {
  const present = positions.filter((position) => position >= 0)
  const genes = present.length === adata.nGenes ? undefined : present
  const parted = dropEmptyCells(adata, cells, genes)
  warnOfEmptyCells(adata, parted, genes, log)
  return parted.cells
}

/** Of an AnnData file, only what it has of the model's genes is read. */
async function readQuery(
  { file, counts, geneKey, allGenes = false }: QuerySettings,
  description: ModelDescription,
): Promise<Query> {
  const format = await detectFormat(file)
  const narrows = !allGenes && (format === 'h5ad' || format === 'zarr')
  const read = await readModelGenes(
    (genes) => readAs(file, format, narrows ? { ...counts, genes } : counts),
    description,
    geneKey,
  )
  return { ...read, format }
}

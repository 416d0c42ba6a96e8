import { checkCounts } from '../anndata/counts/check-counts.js'
import type { AnnData } from '../anndata/read.js'
import { type CountsFormat, type CountsOptions, detectFormat, readAs } from '../anndata/read-any.js'
import { dropEmptyCells } from '../cells/empty-cells.js'
import { genePositions, selectionOf } from '../cells/gene-positions.js'
import type { GeneMatch } from '../cells/match-genes.js'
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
export interface Query {
  adata: AnnData
  format: CountsFormat
  match: GeneMatch
  /** Genes of the file, of which the model's alone may have been read; {@link match} has positions among them. */
  nFileGenes: number
  /** Positions of the model's genes in what was read, −1 for one that is absent. */
  positions: Int32Array
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

/** Of an AnnData file, only what it has of the model's genes is read: a large file has many more. */
async function readQuery(
  { file, counts, geneKey, allGenes = false }: QuerySettings,
  description: ModelDescription,
): Promise<Query> {
  const format = await detectFormat(file)
  const chosen: { match?: GeneMatch; part?: Int32Array; nGenes?: number } = {}
  const choose = (genes: Parameters<typeof genePositions>[1]) => {
    chosen.match = genePositions(description, genes, geneKey)
    chosen.nGenes = genes.nGenes
    const { positions } = chosen.match
    if (!selectionOf(positions, genes.nGenes)) return undefined
    chosen.part = positions.filter((position) => position >= 0)
    return chosen.part
  }
  const narrows = !allGenes && (format === 'h5ad' || format === 'zarr')
  const adata = await readAs(file, format, narrows ? { ...counts, genes: choose } : counts)
  const match = chosen.match ?? genePositions(description, adata, geneKey)
  const query = { adata, format, match, nFileGenes: chosen.nGenes ?? adata.nGenes }
  if (!chosen.part) return { ...query, positions: match.positions }
  let next = 0
  return { ...query, positions: match.positions.map((at) => (at < 0 ? -1 : next++)) }
}

import type { CountsOptions } from '../../anndata/read-any.js'
import { modelLabels } from '../../cells/gene-positions.js'
import { type GeneTable, matchesByLabel } from '../../cells/match-genes.js'
import { ScvaeError } from '../../errors.js'
import { readModel } from '../../files/model-files.js'
import { unknownCovariates } from '../../models/own-cells.js'
import { Log } from '../log.js'
import { countedCells, openQuery } from '../query.js'
import type { Refusal } from './fit-outlook.js'

/** What `scvae embed` would do with a file. */
export interface ModelOutlook {
  model: string
  nGenes: number
  /** How many of them each of the file's names and columns finds. */
  labels: { by: string; found: number }[]
  /** What would be taken. */
  found: number
  by: string | undefined
  /** How many are found only without the version at the end of their label. */
  withoutVersion: number
  missing: string[]
  nCellsEmbedded: number | undefined
  refusal: Refusal | undefined
  /** What it would say. */
  notes: string[]
  warnings: string[]
}

export interface ModelQuestion {
  directory: string
  file: string
  counts: CountsOptions
  geneKey: string | undefined
  allowNoninteger: boolean
  /** The genes of the file, as far as they could be read. */
  genes: GeneTable | undefined
}

/**
 * Does what `scvae embed` does before it computes, with the same functions.
 *
 * @throws ScvaeError `bad-input` for a folder that is no model, `usage` for options that do not apply
 */
export async function modelOutlook(question: ModelQuestion): Promise<ModelOutlook> {
  const { directory, genes } = question
  const { description } = readModel(directory)
  const outlook: ModelOutlook = {
    ...{ model: directory, nGenes: description.genes.length, found: 0, by: undefined, withoutVersion: 0 },
    labels: genes
      ? matchesByLabel(modelLabels(description), genes).map(({ by, found }) => ({ by, found }))
      : [],
    ...{ missing: [], nCellsEmbedded: undefined, refusal: undefined, notes: [], warnings: [] },
  }
  const log = new Log('normal', { write: (line: string) => sort(line.trimEnd(), outlook) })
  try {
    const query = await openQuery(question, description, log)
    const { adata, match } = query
    Object.assign(outlook, { found: match.found, by: match.by, withoutVersion: match.versions })
    outlook.missing = description.genes.filter((_, gene) => match.positions[gene]! < 0)
    const unknown = description.config.encodeCovariates && unknownCovariates(description, adata)
    if (unknown) throw unknown
    const cells = Int32Array.from({ length: adata.nCells }, (_, cell) => cell)
    outlook.nCellsEmbedded = countedCells(query, cells, log).length
  } catch (error) {
    if (!(error instanceof ScvaeError) || error.kind === 'usage') throw error
    outlook.refusal = { message: error.message, hint: error.hint }
  }
  return outlook
}

const WARNING = 'warning: '

function sort(line: string, { notes, warnings }: ModelOutlook): void {
  if (line.startsWith(WARNING)) warnings.push(line.slice(WARNING.length))
  else notes.push(line)
}

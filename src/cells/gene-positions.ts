import { ScvaeError } from '../errors.js'
import type { GeneLabels } from './gene-ids.js'
import { type GeneMatch, type GeneTable, matchGenes } from './match-genes.js'

/** The genes of a model, as its folder tells of them. */
export interface ModelGenes {
  genes: readonly string[]
  /** Parallel to the names, where they are known. */
  geneIds?: readonly string[]
  /** Parallel to the names, where they are known. */
  geneSymbols?: readonly string[]
  /** Which gene of its name each was in the data that the model was made for, from 0 on. */
  geneOccurrences?: readonly number[]
}

/** A model's genes by all that tells them apart. */
export const modelLabels = ({ genes, geneIds, geneSymbols, geneOccurrences }: ModelGenes): GeneLabels => ({
  names: genes,
  ids: geneIds,
  symbols: geneSymbols,
  occurrences: geneOccurrences,
})

/**
 * Finds a model's genes in other data, see {@link matchGenes}. Genes that the data lacks are absent: position −1.
 *
 * @param geneKey the one column of var to find them by
 * @throws ScvaeError (bad-input) for data with none of them, and a column that is not there.
 */
export function genePositions(model: ModelGenes, data: GeneTable, geneKey?: string): GeneMatch {
  const match = matchGenes(modelLabels(model), data, { key: geneKey })
  if (match.found > 0) return match
  const known = [model.geneIds, model.geneSymbols].find((other) => other !== undefined)
  const besides = known ? `, with ${few(known)} beside them` : ''
  const by = geneKey === undefined ? few(data.varNames) : `${few(keyLabels(data, geneKey))} in ${match.by}`
  throw new ScvaeError(
    'bad-input',
    `"${data.path}" has none of the model's ${model.genes.length} genes: the model's are ${few(model.genes)}${besides}, the file's ${by}.`,
    { hint: hintFor(data, geneKey) },
  )
}

const few = (names: readonly string[]) => `${names.slice(0, 3).join(', ')}${names.length > 3 ? ' …' : ''}`

const keyLabels = ({ var: table }: GeneTable, key: string): string[] =>
  Array.from(table!.getChild(key)!.slice(0, 4), String)

function hintFor({ var: table }: GeneTable, geneKey: string | undefined): string {
  const others = table?.schema.fields.map(({ name }) => name).filter((name) => name !== geneKey) ?? []
  if (others.length > 0) {
    return `If a column of var has the model's names or ids, give it as --gene-key (geneKey); there are ${others.slice(0, 8).join(', ')}.`
  }
  return 'Its var has no column that --gene-key (geneKey) could name: give it the names or ids that the model knows.'
}

/** Positions as a selection of the data's genes; undefined when they are all of them, in order. */
export function selectionOf(positions: Int32Array, nGenes: number): Int32Array | undefined {
  const isAll = positions.length === nGenes && positions.every((position, i) => position === i)
  return isAll ? undefined : positions
}

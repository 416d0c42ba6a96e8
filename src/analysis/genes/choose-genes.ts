import type { StoredCounts } from '../../anndata/counts/stored-counts.js'
import type { ModelData } from '../../cells/cell-data.js'
import { type ListedGenes, listedGenes, markedGenes } from '../../cells/marked-genes.js'
import type { InFileOptions } from './highly-variable-genes.js'
import { selectHighlyVariableGenes, selectVariableGenesInFile } from './select-genes.js'

/** Up to so many genes are taken as they are. */
const MOST_GENES_UNASKED = 8000
const GENES_UNASKED = 4000

export interface GeneChoiceOptions {
  /** Positions of the cells that are looked at; all when left out. */
  cells?: Int32Array
  /** The obs column with the batch of every cell. */
  batchKey?: string | undefined
  /** How many genes are wanted; all up to 8,000 and else 4,000 when left out. */
  nTopGenes?: number | undefined
  /** Take all genes, however many there are. */
  allGenes?: boolean
  /** Take those that this column of var marks. */
  genesKey?: string | undefined
  /** Take those of a list: names or ids, and what messages call it. */
  genesList?: { names: readonly string[]; called: string } | undefined
}

/** The genes for a model, and what settled them. */
export interface GeneChoice {
  /** Positions, ascending; undefined for all genes. */
  genes: Int32Array | undefined
  /** The number that was asked for, or that of the data being too many to fit unasked, a column or a list; all genes otherwise. */
  why: 'all' | 'asked' | 'too-many' | 'marked' | 'listed'
  /** Of a list. */
  listed?: Omit<ListedGenes, 'genes'>
}

/**
 * Settles which genes a model takes: those that a column of var marks or a list has, or the number of most variable ones that is
 * asked for, or all up to 8,000, or the 4,000 most variable of more.
 *
 * @throws ScvaeError `bad-input` for a batch column that is not there or has gaps, and for a column or a list of fewer than 2 genes
 */
export function chooseGenes(adata: ModelData, options: GeneChoiceOptions = {}): GeneChoice {
  const settled = settledChoice(adata, options)
  if ('genes' in settled) return settled
  const { nTopGenes, why } = settled
  return { genes: selectHighlyVariableGenes(adata, { nTopGenes, ...cellsOf(options) }).genes, why }
}

/**
 * The same of counts that are in a file, which is read twice for the most variable genes and not at all for others.
 *
 * @returns undefined for values that are not taken, and where the counts have to be read whole first
 * @throws ScvaeError as {@link chooseGenes}
 */
export async function chooseGenesInFile(
  data: Omit<ModelData, 'counts'>,
  stored: StoredCounts,
  { takes, ...options }: GeneChoiceOptions & Pick<InFileOptions, 'takes'>,
): Promise<GeneChoice | undefined> {
  const settled = settledChoice(data, options)
  if ('genes' in settled) return settled
  const { nTopGenes, why } = settled
  const found = await selectVariableGenesInFile(data, stored, { nTopGenes, takes, ...cellsOf(options) })
  return found && { genes: found.genes, why }
}

type GenesAsked = { [key in keyof GeneChoiceOptions]?: GeneChoiceOptions[key] | undefined }

/** Whether fewer than all genes are asked for, or there are too many to fit unasked. */
export function takesFewer(options: GenesAsked, nGenes: number): boolean {
  const { nTopGenes, allGenes, genesKey, genesList } = options
  if (genesKey !== undefined || genesList) return true
  return nTopGenes === undefined ? !allGenes && nGenes > MOST_GENES_UNASKED : nTopGenes < nGenes
}

/** The choice where no count matters for it, else how many of the most variable genes are taken. */
function settledChoice(
  data: Omit<ModelData, 'counts'>,
  { nTopGenes, allGenes, genesKey, genesList }: GeneChoiceOptions,
): GeneChoice | { nTopGenes: number; why: 'asked' | 'too-many' } {
  if (genesKey !== undefined) return { genes: markedGenes(data, genesKey), why: 'marked' }
  if (genesList) {
    const { genes, ...listed } = listedGenes(data, genesList.names, genesList.called)
    return { genes, why: 'listed', listed }
  }
  if (!takesFewer({ nTopGenes, allGenes }, data.nGenes)) return { genes: undefined, why: 'all' }
  if (nTopGenes === undefined) return { nTopGenes: GENES_UNASKED, why: 'too-many' }
  return { nTopGenes, why: 'asked' }
}

const cellsOf = ({ cells, batchKey }: GeneChoiceOptions) => ({
  ...(cells && { cells }),
  ...(batchKey !== undefined && { batchKey }),
})

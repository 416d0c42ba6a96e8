import type { ModelData } from '../../cells/cell-data.js'
import { type ListedGenes, listedGenes, markedGenes } from '../../cells/marked-genes.js'
import { selectHighlyVariableGenes } from './select-genes.js'

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
  const { nTopGenes, allGenes, cells, batchKey, genesKey, genesList } = options
  if (genesKey !== undefined) return { genes: markedGenes(adata, genesKey), why: 'marked' }
  if (genesList) {
    const { genes, ...listed } = listedGenes(adata, genesList.names, genesList.called)
    return { genes, why: 'listed', listed }
  }
  const tooMany = nTopGenes === undefined && !allGenes && adata.nGenes > MOST_GENES_UNASKED
  const wanted = nTopGenes ?? (tooMany ? GENES_UNASKED : adata.nGenes)
  if (wanted >= adata.nGenes) return { genes: undefined, why: 'all' }
  const { genes } = selectHighlyVariableGenes(adata, {
    nTopGenes: wanted,
    ...(cells && { cells }),
    ...(batchKey !== undefined && { batchKey }),
  })
  return { genes, why: tooMany ? 'too-many' : 'asked' }
}

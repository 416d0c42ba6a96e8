import type { StoredCounts } from '../../anndata/counts/stored-counts.js'
import { checkOptionKeys } from '../../anndata/option-keys.js'
import type { ModelData } from '../../cells/cell-data.js'
import { categoryCodes } from '../../cells/obs-values.js'
import {
  type HighlyVariableGenes,
  highlyVariableGenes,
  highlyVariableGenesInFile,
  type InFileOptions,
} from './highly-variable-genes.js'

/** Options of {@link selectHighlyVariableGenes}. */
export interface SelectGenesOptions {
  /** How many genes to choose; all where there are no more. */
  nTopGenes: number
  /** Positions of the cells that are looked at; all when left out. */
  cells?: Int32Array
  /** The obs column with the batch of every cell; one batch when left out. */
  batchKey?: string
  /** Share of the genes in each local fit of the variance trend; 0.3 by default. */
  span?: number
}

const OPTION_KEYS = ['nTopGenes', 'cells', 'batchKey', 'span']

/**
 * Chooses the most variable genes of a data set's raw counts by the rule of Seurat v3, as scanpy's `flavor="seurat_v3"` does.
 *
 * @throws ScvaeError `usage` for options that make no sense, `bad-input` for a batch column that is not there or has gaps,
 * and where no batch has two cells
 */
export function selectHighlyVariableGenes(
  adata: ModelData,
  options: SelectGenesOptions,
): HighlyVariableGenes {
  checkOptionKeys('selectHighlyVariableGenes', options, OPTION_KEYS)
  const { cells, batchKey, ...rest } = options
  const counts = cells ? adata.counts.select(cells) : adata.counts
  if (batchKey === undefined) return highlyVariableGenes(counts, rest)
  const chosen = cells ?? Int32Array.from({ length: adata.nCells }, (_, cell) => cell)
  const { codes } = categoryCodes(adata, batchKey, chosen)
  return highlyVariableGenes(counts, { ...rest, batch: Int32Array.from(chosen, (cell) => codes[cell]!) })
}

/**
 * The same of counts that are in a file, which is read twice; undefined where they are not taken or have to be read whole.
 *
 * @throws ScvaeError as {@link selectHighlyVariableGenes}
 */
export async function selectVariableGenesInFile(
  data: Omit<ModelData, 'counts'>,
  stored: StoredCounts,
  { cells, batchKey, ...rest }: Omit<SelectGenesOptions, 'span'> & Pick<InFileOptions, 'takes'>,
): Promise<HighlyVariableGenes | undefined> {
  if (!cells && batchKey === undefined) return highlyVariableGenesInFile(stored, rest)
  const chosen = cells ?? Int32Array.from({ length: data.nCells }, (_, cell) => cell)
  const codes = batchKey === undefined ? undefined : categoryCodes(data, batchKey, chosen).codes
  const batch = new Int32Array(data.nCells).fill(-1)
  for (const cell of chosen) batch[cell] = codes ? codes[cell]! : 0
  return highlyVariableGenesInFile(stored, { ...rest, batch })
}

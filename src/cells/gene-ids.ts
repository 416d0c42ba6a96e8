import { DataType } from 'apache-arrow'
import type { ModelData } from './cell-data.js'

/** Columns of var that hold ids of genes: CellRanger's as scanpy names them, and other usual names. */
const ID_COLUMNS = ['gene_ids', 'gene_id', 'ensembl_id', 'feature_id'] as const

/** Ids of all genes from the first usual column of var that has text for each of them; undefined where there is none. */
export function geneIds({ var: table, nGenes }: Pick<ModelData, 'var' | 'nGenes'>): string[] | undefined {
  for (const name of ID_COLUMNS) {
    const column = table?.getChild(name)
    if (!column || column.nullCount > 0 || column.length !== nGenes) continue
    if (isText(column.type)) return Array.from(column, String)
  }
  return undefined
}

const isText = (type: DataType): boolean =>
  DataType.isUtf8(type) || (DataType.isDictionary(type) && DataType.isUtf8(type.dictionary))

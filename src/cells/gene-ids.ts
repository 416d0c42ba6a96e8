import { DataType } from 'apache-arrow'
import type { ModelData } from './cell-data.js'
import { occurrencesOf } from './occurrences.js'

/** Columns of var that hold ids of genes, the usual ones first: CellRanger's as scanpy names them, loom's, and others. */
const ID_COLUMNS = ['gene_ids', 'gene_id', 'ensembl_id', 'ensembl', 'feature_id', 'Accession'] as const

/** Columns of var that hold symbols of genes: scanpy's, cellxgene's, loom's, and others. */
const SYMBOL_COLUMNS = [
  'gene_symbols',
  'gene_symbol',
  'gene_names',
  'gene_name',
  'feature_name',
  'symbol',
  'Gene',
] as const

/** Columns of var that tell genes apart, in the order in which they are tried. */
export const LABEL_COLUMNS: readonly string[] = [...ID_COLUMNS, ...SYMBOL_COLUMNS]

/** Genes by all that tells them apart. */
export interface GeneLabels {
  names: readonly string[]
  /** Parallel to the names, where they are known. */
  ids?: readonly string[] | undefined
  /** Parallel to the names, where they are known. */
  symbols?: readonly string[] | undefined
  /** Which gene of its name each is among those of its file, from 0 on; when left out, as they stand here. */
  occurrences?: readonly number[] | undefined
}

/** A file's genes by all that its var says of them. */
export function labelsOf(data: Pick<ModelData, 'var' | 'nGenes' | 'varNames'>): GeneLabels {
  const occurrences = occurrencesOf(data.varNames)
  return {
    names: data.varNames,
    ids: geneIds(data),
    symbols: firstText(data, SYMBOL_COLUMNS),
    ...(occurrences.some((n) => n > 0) && { occurrences }),
  }
}

/** Ids of all genes from the first usual column of var that has text for each of them; undefined where there is none. */
export function geneIds(data: Pick<ModelData, 'var' | 'nGenes'>): string[] | undefined {
  return firstText(data, ID_COLUMNS)
}

function firstText(data: Pick<ModelData, 'var' | 'nGenes'>, names: readonly string[]): string[] | undefined {
  for (const name of names) {
    const column = textColumn(data, name)
    if (column?.every((label) => label !== null)) return column as string[]
  }
  return undefined
}

/** A column of var as text, null where it has none; undefined where it is not there or is no text. */
export function textColumn(
  { var: table, nGenes }: Pick<ModelData, 'var' | 'nGenes'>,
  name: string,
): (string | null)[] | undefined {
  const column = table?.getChild(name)
  if (!column || column.length !== nGenes || !isText(column.type)) return undefined
  return Array.from(column, (value) => (value === null ? null : String(value)))
}

const isText = (type: DataType): boolean =>
  DataType.isUtf8(type) || (DataType.isDictionary(type) && DataType.isUtf8(type.dictionary))

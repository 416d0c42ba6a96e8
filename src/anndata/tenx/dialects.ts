/** What the rows of a matrix are. */
export type Rows = 'genes' | 'cells'

/** How a tool names and turns the matrix in text form that it writes, and the files of names beside it. */
export interface MtxDialect {
  name: string
  /** Stems of the matrix before `.mtx`, around which other words may stand. `''` is any name. */
  matrix: readonly string[]
  /** Files that name the genes, the first that is there is taken; `{stem}` is the matrix's. */
  features: readonly string[]
  /** A file of one symbol a gene, where the others have ids alone. */
  symbols?: string
  /** A table of `id, symbol` for the names that are ids. */
  idTable?: string
  /** Files that name the cells. */
  barcodes: readonly string[]
  /** What the tool writes; undefined where only the number of names can tell. */
  rows: Rows | undefined
}

const TENX = { features: ['features.tsv', 'genes.tsv'], barcodes: ['barcodes.tsv'], rows: 'genes' } as const

const withEndings = (stems: readonly string[]) =>
  stems.flatMap((stem) => ['tsv', 'txt', 'csv'].map((ending) => `${stem}.${ending}`))

/** The dialects; the first whose matrix and both files of names are there is taken. */
export const DIALECTS: readonly MtxDialect[] = [
  {
    // cells_x_genes.mature.mtx and its like have the names of cells_x_genes.mtx
    name: 'kb-python',
    matrix: ['cells_x_genes'],
    features: ['cells_x_genes.genes.txt'],
    symbols: 'cells_x_genes.genes.names.txt',
    barcodes: ['cells_x_genes.barcodes.txt'],
    rows: 'cells',
  },
  {
    // of feature barcodes, and before 0.25, as bustools itself has it
    name: 'kb-python',
    matrix: ['cells_x_features', 'spliced', 'unspliced', 'genes'],
    features: ['{stem}.genes.txt'],
    barcodes: ['{stem}.barcodes.txt'],
    rows: 'cells',
  },
  {
    name: 'alevin-fry',
    matrix: ['quants_mat'],
    features: ['quants_mat_cols.txt'],
    idTable: 'gene_id_to_name.tsv',
    barcodes: ['quants_mat_rows.txt'],
    rows: 'cells',
  },
  {
    name: 'Parse Biosciences',
    matrix: ['count_matrix', 'DGE'],
    features: ['all_genes.csv', 'genes.csv'],
    barcodes: ['cell_metadata.csv'],
    rows: 'cells',
  },
  { name: 'STARsolo', matrix: ['UniqueAndMult', 'spliced', 'unspliced', 'ambiguous'], ...TENX },
  { name: '10x', matrix: ['matrix'], ...TENX },
  {
    name: 'names beside it',
    matrix: [''],
    features: withEndings([
      ...['features', 'genes', 'gene_names', 'genenames', 'gene_ids', 'gene_symbols', 'all_genes'],
      ...['var_names', 'var'],
    ]),
    barcodes: withEndings([
      ...['barcodes', 'cells', 'cell_names', 'cellnames', 'cell_ids', 'cell_barcodes', 'cell_metadata'],
      ...['obs_names', 'obs'],
    ]),
    rows: undefined,
  },
]

/** Stems of the matrix that a folder is there for, whichever others lie beside it. */
export const MAIN_STEMS: readonly string[] = [
  ...['matrix', 'cells_x_genes', 'cells_x_features', 'quants_mat', 'count_matrix', 'DGE'],
]

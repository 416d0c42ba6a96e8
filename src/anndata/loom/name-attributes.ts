/** Which attribute of a loom file names its cells or its genes. */
export interface NameAttributes {
  /** `cell` or `gene`. */
  what: string
  /** Attributes that hold names, without regard to case and punctuation; the first that is there is taken. */
  names: readonly string[]
  /** How the first two are spelt where nobody knows better, for a sentence. */
  usual: string
  /** Attributes that get the name that scanpy gives them in a 10x matrix. */
  renamed: Readonly<Record<string, string>>
}

/** loompy and velocyto write `CellID`, AnnData `obs_names`, kb-python `barcode`. */
export const CELL_ATTRIBUTES: NameAttributes = {
  what: 'cell',
  names: [
    ...['CellID', 'obs_names', 'barcode', 'barcodes', 'cell_names', 'cell_name', 'cell_ids', 'cell_barcode'],
    ...['cell_barcodes', 'index'],
  ],
  usual: 'CellID or obs_names',
  renamed: {},
}

/** loompy and velocyto write `Gene` and `Accession`, AnnData `var_names`, kb-python `target_name`. */
export const GENE_ATTRIBUTES: NameAttributes = {
  what: 'gene',
  names: [
    ...[
      'Gene',
      'var_names',
      'target_name',
      'gene_names',
      'gene_name',
      'gene_symbol',
      'gene_symbols',
      'symbol',
    ],
    ...['gene_short_name', 'feature_name', 'feature_names', 'genes', 'Accession', 'gene_ids', 'gene_id'],
    ...['ensembl_id', 'ensembl_ids', 'feature_id', 'target_id', 'index'],
  ],
  usual: 'Gene or var_names',
  renamed: { Accession: 'gene_ids' },
}

/** The attribute that holds the names, undefined where none is known to. */
export function nameAttribute(keys: readonly string[], { names }: NameAttributes): string | undefined {
  for (const name of names) {
    const exact = keys.find((key) => key === name) ?? keys.find((key) => plain(key) === plain(name))
    if (exact !== undefined) return exact
  }
  return undefined
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
}

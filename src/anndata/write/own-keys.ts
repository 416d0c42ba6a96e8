/** Where every run leaves its settings and the keys that it wrote. */
export const RECORD = 'uns/scvae'

/** What is in a file that outputs could have the name of, by paths such as `obsm/X_umap`. */
export interface FileKeys {
  present: ReadonlySet<string>
  /** Those that runs of ours have listed in {@link RECORD}. */
  listed: ReadonlySet<string>
  /** Columns of obs and var of a whole MuData file that muon has copied of outputs in a modality. */
  copies: ReadonlySet<string>
}

/** Names that are ours also where no run has listed them. */
const OWN_NAME =
  /^(?:(?:obs|var|obsm|varm|obsp|varp|layers)\/scvae_.*|obsm\/(?:X_scvae|X_scvae_umap)|uns\/scvae(?:_neighbors)?)$/

/** What says where a cell is from and which genes it has; it stays, since a batch may be one and counts need the other. */
const ORIGIN = /^(?:obs\/scvae_(?:file|barcode|sample|genes)|varm\/scvae_genes)$/

/** Whether an element is an output of a run of ours, to be replaced by one of the next. */
export function isOwnKey(path: string, { listed }: FileKeys): boolean {
  return (OWN_NAME.test(path) || listed.has(path)) && !ORIGIN.test(path)
}

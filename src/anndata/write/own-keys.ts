import { openFrame } from '../frame/dataframe.js'
import { type AnnDataStore, withAnnData } from '../mudata/modality.js'
import type { AnnData } from '../read.js'
import type { CountsFormat } from '../read-any.js'
import { childGroup } from '../store/nodes.js'
import { readAllStrings } from '../store/read-strings.js'

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
const OWN_NAME = /^(?:(?:obs|var|obsm|varm|obsp|varp)\/scvae_.*|obsm\/(?:X_scvae|X_scvae_umap)|uns\/scvae)$/

/** Columns that say where a cell is from; they stay, since a batch may be one. */
const ORIGIN = /^obs\/scvae_(?:file|barcode|sample)$/

/** Whether an element is an output of a run of ours, to be replaced by one of the next. */
export function isOwnKey(path: string, { listed }: FileKeys): boolean {
  return (OWN_NAME.test(path) || listed.has(path)) && !ORIGIN.test(path)
}

/** The keys of a file that was read. */
export async function readFileKeys(
  adata: Pick<AnnData, 'path' | 'modality' | 'obs' | 'var'>,
  format: CountsFormat | undefined,
): Promise<FileKeys> {
  if (format === 'h5ad' || format === 'zarr') return withAnnData(adata.path, adata.modality, keysOf)
  const columns = (['obs', 'var'] as const).flatMap((frame) =>
    adata[frame].schema.fields.map(({ name }) => `${frame}/${name}`),
  )
  return { present: new Set(columns), listed: new Set(), copies: new Set() }
}

async function keysOf(store: AnnDataStore): Promise<FileKeys> {
  const { root, file, modality } = store
  const present = new Set<string>()
  for (const frame of ['obs', 'var']) {
    for (const name of (await openFrame(store, frame)).columns) present.add(`${frame}/${name}`)
  }
  for (const mapping of ['obsm', 'varm', 'obsp', 'varp']) {
    const group = await childGroup(root, mapping)
    for (const name of (await group?.keys()) ?? []) present.add(`${mapping}/${name}`)
  }
  if (await root.child(RECORD)) present.add(RECORD)
  const keys = { present, listed: await listedKeys(root, file), copies: new Set<string>() }
  if (!modality) return keys
  for (const frame of ['obs', 'var']) {
    for (const name of (await openFrame({ root: modality.whole, file }, frame)).columns) {
      const prefix = `${modality.name}:`
      const own = isOwnKey(`${frame}/${name.slice(prefix.length)}`, keys)
      if (name.startsWith(prefix) && own) keys.copies.add(`${frame}/${name}`)
    }
  }
  return keys
}

async function listedKeys(root: AnnDataStore['root'], file: string): Promise<ReadonlySet<string>> {
  const keys = await root.child(`${RECORD}/keys`)
  const isList = keys?.kind === 'array' && keys.dtype === 'string' && keys.shape?.length === 1
  const listed = isList ? await readAllStrings(keys, file) : []
  // a list by another hand names nothing but what outputs can be
  return new Set(listed.filter((path) => /^(?:obs|var|obsm|varm|obsp|varp)\/[^/]+$/.test(path)))
}

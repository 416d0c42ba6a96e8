import { openFrame } from '../frame/dataframe.js'
import { type AnnDataStore, withAnnData } from '../mudata/modality.js'
import type { AnnData } from '../read.js'
import type { CountsFormat } from '../read-any.js'
import { childGroup } from '../store/nodes.js'
import { readAllStrings } from '../store/read-strings.js'

import { type FileKeys, isOwnKey, RECORD } from './own-keys.js'

/** The keys of a file that was read. */
export async function readFileKeys(
  adata: Pick<AnnData, 'path' | 'modality' | 'obs' | 'var'>,
  format: CountsFormat | undefined,
): Promise<FileKeys> {
  if (format === 'h5ad' || format === 'zarr') return keysOfFile(adata)
  const columns = (['obs', 'var'] as const).flatMap((frame) =>
    adata[frame].schema.fields.map(({ name }) => `${frame}/${name}`),
  )
  return { present: new Set(columns), listed: new Set(), copies: new Set() }
}

/** The keys of an AnnData file. */
export function keysOfFile({ path, modality }: { path: string; modality?: string }): Promise<FileKeys> {
  return withAnnData(path, modality, keysOf)
}

async function keysOf(store: AnnDataStore): Promise<FileKeys> {
  const { root, file, modality } = store
  const present = new Set<string>()
  for (const frame of ['obs', 'var']) {
    for (const name of (await openFrame(store, frame)).columns) present.add(`${frame}/${name}`)
  }
  for (const mapping of ['obsm', 'varm', 'obsp', 'varp', 'layers', 'uns']) {
    const group = await childGroup(root, mapping)
    for (const name of (await group?.keys()) ?? []) present.add(`${mapping}/${name}`)
  }
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
  return new Set(listed.filter((path) => /^(?:obs|var|obsm|varm|obsp|varp|layers|uns)\/[^/]+$/.test(path)))
}

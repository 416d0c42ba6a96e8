import { ScvaeError } from '../../errors.js'
import { listSources } from '../counts/count-sources.js'
import { nearestList } from '../frame/nearest.js'
import { guessCounts, type SourceSummary, summarizeSource } from '../source-summary.js'
import { childGroup, singleAttribute } from '../store/nodes.js'
import { withStore } from '../store/open-store.js'
import type { Store, StoreGroup } from '../store/store.js'
import { isMtx } from '../tenx/mtx-folder.js'
import { DEFAULT_MODALITY } from './fitted-modality.js'

/** An AnnData file that is open, or one modality of a MuData file as if it were one. */
export interface AnnDataStore extends Store {
  /** Of a MuData file. */
  readonly modality?: Modality
}

/** A modality of a MuData file. */
export interface Modality {
  name: string
  /** The root of the whole file. */
  whole: StoreGroup
}

/** Whether a file holds several AnnData as its modalities (MuData: `.h5mu`, zarr). */
export async function isMuData(root: StoreGroup): Promise<boolean> {
  if (singleAttribute(root, 'encoding-type') === 'MuData') return true
  return (await childGroup(root, 'mod')) !== undefined && (await root.child('X')) === undefined
}

/** The same of a file that may not be there or not be readable, which others say. */
export async function isMuDataFile(path: string): Promise<boolean> {
  try {
    return !isMtx(path) && (await withStore(path, ({ root }) => isMuData(root)))
  } catch (error) {
    if (error instanceof ScvaeError) return false
    throw error
  }
}

/** Names of the modalities, in the order of the file's `mod-order`. */
export async function modalityNames(root: StoreGroup): Promise<string[]> {
  const group = await childGroup(root, 'mod')
  const names = (await group?.keys()) ?? []
  const order = group?.attribute('mod-order')
  if (!Array.isArray(order) || !names.every((name) => order.includes(name))) return names
  return order.map(String).filter((name) => names.includes(name))
}

/**
 * Opens a file, runs `use` on it, or on the modality asked for of a MuData file, and closes it again.
 *
 * @param wanted the modality; without it `rna`, else the only one that holds counts
 * @throws ScvaeError `bad-input` for a modality that is not there, and where none is named and several could be meant
 */
export function withAnnData<T>(
  path: string,
  wanted: string | undefined,
  use: (store: AnnDataStore) => Promise<T>,
): Promise<T> {
  return withStore(path, async (store) => use(await openModality(store, wanted)))
}

async function openModality(store: Store, wanted: string | undefined): Promise<AnnDataStore> {
  const { root, file } = store
  if (!(await isMuData(root))) {
    if (wanted === undefined) return store
    throw new ScvaeError('usage', `"${file}" is no MuData file, so it has no modality "${wanted}".`, {
      hint: 'Leave out --modality.',
    })
  }
  const names = await modalityNames(root)
  if (wanted !== undefined && !names.includes(wanted)) {
    throw new ScvaeError('bad-input', `"${file}" has no modality "${wanted}".`, {
      hint: `Its modalities, nearest first: ${nearestList(wanted, names)}.`,
    })
  }
  const name = wanted ?? (await defaultModality(store, names))
  return modalityStore(store, name, (await childGroup(root, `mod/${name}`))!)
}

/** One modality of a MuData file that is open. */
export function modalityStore({ root, file }: Store, name: string, group: StoreGroup): AnnDataStore {
  return { file, root: group, modality: { name, whole: root }, close: async () => undefined }
}

async function defaultModality(store: Store, names: readonly string[]): Promise<string> {
  if (names.includes(DEFAULT_MODALITY)) return DEFAULT_MODALITY
  if (names.length === 1) return names[0]!
  const counted: string[] = []
  for (const name of names) {
    const group = (await childGroup(store.root, `mod/${name}`))!
    if (await holdsCounts(modalityStore(store, name, group))) counted.push(name)
  }
  if (counted.length === 1) return counted[0]!
  const which =
    counted.length === 0 ? 'none of which holds counts' : `of which ${counted.join(', ')} hold counts`
  throw new ScvaeError('bad-input', `"${store.file}" has the modalities ${names.join(', ')}, ${which}.`, {
    hint: 'Choose one with --modality.',
  })
}

async function holdsCounts(store: Store): Promise<boolean> {
  const sources: SourceSummary[] = []
  for (const source of await listSources(store.root)) sources.push(await summarizeSource(store, source))
  return guessCounts(sources) !== undefined
}

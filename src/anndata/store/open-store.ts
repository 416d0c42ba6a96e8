import { openHdf5Store } from '../hdf5/store.js'
import { isZarr, openZarr } from '../zarr/store.js'
import type { Store } from './store.js'

/** A file format that AnnData is kept in. */
interface StoreFormat {
  /** Whether a path is to be opened as this format. */
  matches(path: string): boolean
  open(path: string): Promise<Store>
}

/** The formats, the first that matches is taken; HDF5 says best what is wrong with any other file. */
const FORMATS: readonly StoreFormat[] = [
  { matches: isZarr, open: openZarr },
  { matches: () => true, open: openHdf5Store },
]

/**
 * Opens a file for reading, in whichever format it is.
 *
 * @throws ScvaeError `bad-input` when it is missing, damaged or of no known format
 */
export function openStore(path: string): Promise<Store> {
  return FORMATS.find((format) => format.matches(path))!.open(path)
}

/** Opens a file, runs `use` and closes the file again, whatever happens. */
export async function withStore<T>(path: string, use: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(path)
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}

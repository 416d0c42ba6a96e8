// What stands in a browser for parts of the reader that need more of Node than its files: none of it is there.
import { shellWord } from '../../src/anndata/shell-word.js'

/** A zarr is a folder, and the page is given a file. */
export const isZarr = (): boolean => false
export const openZarr = (): never => {
  throw new Error('zarr is not read in a browser')
}

/** A matrix in text form is a folder too. */
export const isMtx = (): boolean => false

/** Nothing is written. */
export const objectAddresses = (): number[] => []
export const readTimes = (): Map<number, Uint8Array> => new Map()
export const resetTimes = (): void => {}

/** HDF5 itself reads all values. */
export const datasetLayout = (): undefined => undefined
export const SliceWorkers = { start: (): undefined => undefined }

/** No plug-ins, so that their filters are refused. */
export const BLOSC = 32001
export const BLOSC2 = 32026
export const PLUGIN_FILTERS: ReadonlySet<number> = new Set()
export const installPlugins = (): Promise<void> => Promise.resolve()
/** The command has them, and writes what any reader can read. */
export const refusal = (what: string, file: string) => {
  const output = file.replace(/(\.h5ad)?$/, '-gzip.h5ad')
  return {
    message:
      `${what}, which a browser cannot read; the command line can. Rewrite it and drop ${output.slice(output.lastIndexOf('/') + 1)}: ` +
      `scvae convert ${shellWord(file)} ${shellWord(output)}`,
    hint: '',
  }
}

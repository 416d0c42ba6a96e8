import { ScvaeError } from '../../errors.js'

/** The one line of Python that turns a zarr store into a file that scvae reads. */
export function rewriteZarrHint(file: string): string {
  const output = file.replace(/\/+$/, '').replace(/(\.zarr)?(\.zip)?$/, '.h5ad')
  const source = file.endsWith('.zip')
    ? `zarr.open(zarr.storage.ZipStore('${file}', mode='r'), mode='r')`
    : `'${file}'`
  return `Rewrite it once: python -c "import anndata, zarr; anndata.read_zarr(${source}).write_h5ad('${output}', compression='gzip')"`
}

/**
 * What went wrong in reading a part of a store, as one sentence.
 *
 * @param name path of the array or file in the store
 */
export function readingError(file: string, name: string, cause: unknown): ScvaeError {
  if (cause instanceof ScvaeError) return cause
  const code = (cause as NodeJS.ErrnoException | null)?.code
  // the file system's own errors are no sign of damage
  if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) {
    return new ScvaeError('bad-input', `"${file}": ${name} cannot be read (${code}).`, { cause })
  }
  return new ScvaeError('bad-input', `"${file}": ${name} could not be read; the store is damaged.`, {
    hint: 'Copy or download it again.',
    cause,
  })
}

import { basename } from 'node:path'
import { ScvaeError } from '../../errors.js'

/** The one line of Python that turns a file into one that scvae reads. */
export function rewriteHint(file: string): string {
  const output = basename(file).replace(/(\.h5ad)?$/, '-gzip.h5ad')
  return `Rewrite it once: python -c "import anndata; anndata.read_h5ad('${file}').write_h5ad('${output}', compression='gzip')"`
}

/** The error of an array or group whose bytes make no sense. */
export function damagedArray(file: string, name: string, cause?: unknown): ScvaeError {
  return new ScvaeError('bad-input', `"${file}": ${name} could not be read; the file is damaged.`, {
    hint: 'Copy or download it again.',
    cause,
  })
}

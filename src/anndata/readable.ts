import { basename } from 'node:path'

/** The one line of Python that turns a file into one that scvae reads. */
export function rewriteHint(file: string): string {
  const output = basename(file).replace(/(\.h5ad)?$/, '-gzip.h5ad')
  return `Rewrite it once: python -c "import anndata; anndata.read_h5ad('${file}').write_h5ad('${output}', compression='gzip')"`
}

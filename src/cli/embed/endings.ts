import { ScvaeError } from '../../errors.js'
import { checkEnding } from '../model-options.js'

/** What the output of `scvae embed` may end in. */
export const EMBED_ENDINGS = ['.h5ad', '.h5mu', '.arrow', '.parquet', '.csv'] as const

/** Whether an output is the input with an embedding in it. */
export const isAnnDataEnding = (output: string): boolean => /\.h5(ad|mu)$/.test(output)

/** @throws ScvaeError `usage` for an output that ends in something else, and a name in obsm for one without obsm */
export function checkEmbedding(output: string, obsmKey?: string): void {
  checkEnding(output, EMBED_ENDINGS)
  if (obsmKey === undefined || isAnnDataEnding(output)) return
  throw new ScvaeError('usage', `--obsm-key names the latent in obsm, which "${output}" does not have.`, {
    hint: 'Leave it out, or give an -o that ends in .h5ad.',
  })
}

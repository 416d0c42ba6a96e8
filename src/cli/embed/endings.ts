import { extname } from 'node:path'
import { ScvaeError } from '../../errors.js'

/** What the output of `scvae embed` may end in. */
export const EMBED_ENDINGS = ['.h5ad', '.h5mu', '.arrow', '.parquet', '.csv'] as const

/** Whether an output is the input with an embedding in it. */
export const isAnnDataEnding = (output: string): boolean => /\.h5(ad|mu)$/.test(output)

/** @throws ScvaeError `usage` for an output that ends in something else, and a name in obsm for one without obsm */
export function checkEmbedding(output: string, obsmKey?: string): void {
  if (!(EMBED_ENDINGS as readonly string[]).includes(extname(output))) {
    throw new ScvaeError('usage', `-o must end in ${EMBED_ENDINGS.join(', ')}, not "${output}".`)
  }
  if (obsmKey === undefined || isAnnDataEnding(output)) return
  throw new ScvaeError('usage', `--obsm-key names the latent in obsm, which "${output}" does not have.`, {
    hint: 'Leave it out, or give an -o that ends in .h5ad.',
  })
}

import { extname } from 'node:path'
import { ScvaeError } from '../../errors.js'

/** What the output of `scvae embed` may end in. */
export const EMBED_ENDINGS = ['.h5ad', '.h5mu', '.arrow', '.parquet', '.csv'] as const

/** @throws ScvaeError `usage` for an output that ends in something else */
export function checkEmbedding(output: string): void {
  if ((EMBED_ENDINGS as readonly string[]).includes(extname(output))) return
  throw new ScvaeError('usage', `-o must end in ${EMBED_ENDINGS.join(', ')}, not "${output}".`)
}

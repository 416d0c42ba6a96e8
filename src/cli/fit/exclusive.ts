/** Options of `scvae fit` of which one at most can be given. */
export const EXCLUSIVE: readonly (readonly string[])[] = [
  ['sheet', 'files'],
  ['all-genes', 'n-top-genes', 'genes-key', 'genes-file'],
  ['layer', 'use-raw'],
  ['transpose', 'no-transpose'],
  ['early-stopping', 'no-early-stopping'],
  ['overwrite', 'resume'],
  ['no-umap', 'umap-backend'],
  ['no-clusters', 'resolution'],
  ['no-model-cells', 'labels-key'],
]

import { type FileKeys, isOwnKey } from '../../anndata/write/own-keys.js'

/** What names of outputs begin with where nothing else is asked for. */
export const OBS_PREFIX = 'scvae_'

/** The key of the latent means in obsm. */
export const LATENT_KEY = 'X_scvae'

/** The key of the gene loadings of a linear decoder in varm. */
export const LOADINGS_KEY = 'scvae_loadings'

/** The names that the outputs of a fit have in the file. */
export interface OutputKeys {
  latent: string
  /** The layout: under the usual name, unless the file has a layout of its own. */
  umap: string
  loadings: string
  /** The column of var that says which genes were fitted. */
  used: string
  /** The matrices of the neighbour graph in obsp, and what uns says of it. */
  distances: string
  connectivities: string
  neighbors: string
  /** The column of obs for a score by its usual name. */
  score(name: string): string
}

/** The names for a file with such keys. */
export function outputKeys(
  keys: FileKeys,
  { obsmKey, obsPrefix }: { obsmKey: string; obsPrefix: string },
): OutputKeys {
  const foreignUmap = keys.present.has('obsm/X_umap') && !isOwnKey('obsm/X_umap', keys)
  const score = (name: string) => `${obsPrefix}${name.slice(OBS_PREFIX.length)}`
  return {
    latent: obsmKey,
    umap: foreignUmap ? 'X_scvae_umap' : 'X_umap',
    loadings: LOADINGS_KEY,
    used: score('scvae_used'),
    distances: score('scvae_distances'),
    connectivities: score('scvae_connectivities'),
    neighbors: score('scvae_neighbors'),
    score,
  }
}

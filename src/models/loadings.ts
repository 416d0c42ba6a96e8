import type { ModelConfig } from '../network/config.js'
import { NORM_EPSILON } from '../network/ops/norms.js'
import type { NetworkState } from '../network/parameters.js'
import type { Matrix } from '../numeric/matrix.js'

/**
 * Gene loadings of a linear decoder, genes × latent: what one unit of a latent axis adds to the logit of each gene, with the running
 * statistics of batch normalisation taken in, as scvi-tools' `get_loadings` has them.
 */
export function loadingsOf(state: NetworkState, { nLatent, batchNorm }: ModelConfig): Matrix {
  const { columns: genes, values: weight } = state.get('px_scale.weight')!
  const normed = batchNorm === 'decoder' || batchNorm === 'both'
  const scale = normed ? state.get('px_scale.norm.scale')!.values : undefined
  const running = normed ? state.get('px_scale.norm.running')!.values : undefined
  const values = new Float32Array(genes * nLatent)
  for (let gene = 0; gene < genes; gene++) {
    const factor = scale && running ? scale[gene]! / Math.sqrt(running[genes + gene]! + NORM_EPSILON) : 1
    for (let k = 0; k < nLatent; k++) values[gene * nLatent + k] = factor * weight[k * genes + gene]!
  }
  return { values, rows: genes, columns: nLatent }
}

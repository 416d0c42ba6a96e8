import { kernelSource } from '../queue/kernel-source.js'
import { perKey } from '../queue/per-key.js'
import { storeGradient } from './adam.js'
import { covariateInput, ownCovariates } from './minibatch.js'
import { product, type Tile, tileName, tileThreads } from './product.js'

/**
 * The weight gradients beside the latent in one dispatch: along z the layer above the draw (with its covariates), then those to
 * mean and raw variance, which share their input.
 */
export const latentWeightGradients = perKey((tile: Tile) =>
  kernelSource({
    name: `latent weight gradients ${tileName(tile)}`,
    threads: tileThreads(tile),
    scalars: {
      k: 'u32',
      kSplit: 'u32',
      capacity: 'u32',
      dimensions: 'u32',
      above: 'u32',
      below: 'u32',
      aboveRows: 'u32',
      aboveWeightAt: 'u32',
      aboveBiasAt: 'u32',
      meanWeightAt: 'u32',
      meanBiasAt: 'u32',
      varianceWeightAt: 'u32',
      varianceBiasAt: 'u32',
    },
    buffers: {
      draw: 'read f32',
      aboveGradient: 'read f32',
      hidden: 'read f32',
      meanGradient: 'read f32',
      rawVarianceGradient: 'read f32',
      metadata: 'read u32',
      uses: 'read u32',
      gradient: 'read_write f32',
    },
    code: (scope) => {
      const { p, buffers, thread } = scope
      const { draw, aboveGradient, hidden, meanGradient, rawVarianceGradient } = buffers
      const put = storeGradient(scope)
      const job = thread('job', 'u32')
      const rows = thread('rows', 'u32')
      const columns = thread('columns', 'u32')
      return product(scope, tile, {
        left: {
          along: 'outer',
          element: /* wgsl */ `
  if (m >= ${rows} || k >= kEnd) { return 0.0; }
  if (m == ${rows} - 1u) { return 1.0; }
  if (${job} > 0u) { return ${hidden`k * ${p.below} + m`}; }
  if (m < ${p.dimensions}) { return ${draw`k * ${p.dimensions} + m`}; }
  return ${covariateInput(scope, ownCovariates(scope))}(k, m - ${p.dimensions});`,
        },
        right: {
          along: 'outer',
          element: /* wgsl */ `
  if (n >= ${columns} || k >= kEnd) { return 0.0; }
  if (${job} == 0u) { return ${aboveGradient`k * ${p.above} + n`}; }
  if (${job} == 1u) { return ${meanGradient`k * ${p.dimensions} + n`}; }
  return ${rawVarianceGradient`k * ${p.dimensions} + n`};`,
        },
        finish: /* wgsl */ `
  let weights = array(${p.aboveWeightAt}, ${p.meanWeightAt}, ${p.varianceWeightAt});
  let biases = array(${p.aboveBiasAt}, ${p.meanBiasAt}, ${p.varianceBiasAt});
  if (m < ${rows} - 1u) { ${put}(weights[${job}] + m * ${columns} + n, x); } else { ${put}(biases[${job}] + n, x); }`,
        m: rows,
        n: columns,
        job: /* wgsl */ `
  let jobRows = select(${p.below} + 1u, ${p.aboveRows}, group.z == 0u);
  let jobColumns = select(${p.dimensions}, ${p.above}, group.z == 0u);
  if (m0 >= jobRows || n0 >= jobColumns) { return; }
  ${job} = group.z;
  ${rows} = jobRows;
  ${columns} = jobColumns;`,
      })
    },
  }),
)

import { type Arguments, type Command, verbosityOf } from '../arguments.js'
import { OBS_PREFIX } from '../fit/output-keys.js'
import { FITTED_OPTIONS, fittedSettings } from '../fitted/options.js'
import { repeated, text } from '../option-specs.js'
import { resolutionsOf } from '../resolutions.js'

/** `scvae cluster FILE -o OUT`: clusters again, without a fit. */
export const cluster: Command = {
  usage: 'cluster <file>',
  describe: 'Cluster the cells of a fitted file again',
  positionals: {
    file: 'A file that fit has written, or another .h5ad file or zarr store with positions in obsm',
  },
  options: {
    ...FITTED_OPTIONS,
    resolution: {
      ...repeated('Resolution of the clusters (repeatable): larger ones give more clusters'),
      defaultDescription: '1',
      group: 'Output:',
    },
    'obs-prefix': {
      ...text('What the names of our columns begin with'),
      default: OBS_PREFIX,
      group: 'Output:',
    },
  },
  examples: [
    [
      '$0 cluster pbmc.h5ad --resolution 0.5 --resolution 2 -o pbmc_clusters.h5ad',
      'coarse and fine clusters',
    ],
  ],
  async run(args: Arguments): Promise<void> {
    const settings = {
      ...fittedSettings(args),
      resolutions: resolutionsOf(args),
      obsPrefix: args.text('obs-prefix')!,
      verbosity: verbosityOf(args),
    }
    const { runCluster } = await import('../fitted/run-cluster.js')
    await runCluster(settings)
  },
}

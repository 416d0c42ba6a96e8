import type { Arguments, Command } from '../arguments.js'
import { FIRST_OPTIONS, FIT_OPTIONS } from '../fit/fit-options.js'
import { fitSettings } from '../fit/fit-settings.js'

/** `scvae fit FILE`: the main job. */
export const fit: Command = {
  usage: 'fit [files..]',
  describe: 'Train a model on counts; write embedding, outlier scores, UMAP and report',
  positionals: { files: 'Raw counts: .h5ad or zarr, 10x .h5 or mtx folder, loom; several are joined' },
  options: FIT_OPTIONS,
  first: FIRST_OPTIONS,
  examples: [
    ['$0 fit data/demo.h5ad', 'fit the demo; all outputs land here'],
    [
      '$0 fit pbmc.h5ad --layer counts --batch-key donor -o results/pbmc',
      'counts from a layer, batches integrated',
    ],
    ['$0 fit a.h5ad run3/ --batch-key scvae_file -o joined', 'several files as one'],
    ['$0 fit pbmc.h5ad --preset hlca --batch-key donor --dry-run', 'what would be done, without doing it'],
    ['$0 fit pbmc.h5ad --subset qc=pass --subset qc=rescued', 'some of the cells'],
  ],
  async run(args: Arguments): Promise<void> {
    const { withSettingsOf } = await import('../fit/config-file.js')
    const settings = fitSettings(withSettingsOf(args, FIT_OPTIONS))
    // the model and its kernels load only once the options are known to be right
    const { runFit } = await import('../fit/run-fit.js')
    const { runDry } = await import('../fit/dry-run.js')
    await (settings.dryRun ? runDry(settings) : runFit(settings))
  },
}

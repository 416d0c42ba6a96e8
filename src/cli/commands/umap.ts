import { type Arguments, type Command, verbosityOf } from '../arguments.js'
import { FITTED_OPTIONS, fittedSettings } from '../fitted/options.js'
import { number } from '../option-specs.js'

/** `scvae umap FILE -o OUT`: a layout again, without a fit. */
export const umap: Command = {
  usage: 'umap <file>',
  describe: 'Lay out the cells of a fitted file again',
  positionals: {
    file: 'A file that fit has written, or another .h5ad file or zarr store with positions in obsm',
  },
  options: {
    ...FITTED_OPTIONS,
    'min-dist': { ...number('Smallest distance of points in the layout'), default: 0.5, group: 'Data:' },
    spread: { ...number('Scale of the layout'), default: 1, group: 'Data:' },
  },
  examples: [['$0 umap pbmc.h5ad --min-dist 0.1 -o pbmc_tight.h5ad', 'points closer together']],
  async run(args: Arguments): Promise<void> {
    const settings = {
      ...fittedSettings(args),
      minDist: args.number('min-dist')!,
      spread: args.number('spread')!,
      verbosity: verbosityOf(args),
    }
    const { runUmap } = await import('../fitted/run-umap.js')
    await runUmap(settings)
  },
}

import { type Arguments, type Command, verbosityOf } from '../arguments.js'
import { DATA_OPTIONS } from '../fit/fit-options.js'
import { dataSettings } from '../fit/fit-settings.js'
import { grouped, text } from '../option-specs.js'

/** `scvae inspect FILE…`: what is in files, and what `fit` would take of them, before anything is fitted. */
export const inspect: Command = {
  usage: 'inspect [files..]',
  describe: 'Show what files hold, and what fit would take of them and why',
  positionals: { files: 'Raw counts: .h5ad or zarr, 10x .h5 or mtx folder, loom; several are joined' },
  options: {
    ...DATA_OPTIONS,
    ...grouped('Model:', {
      model: text('Model folder: which of its genes the file has, and whether embed would work'),
      'gene-key': text("Column of var to find the model's genes by"),
    }),
    json: { type: 'boolean', describe: 'Print as JSON', group: 'Output:' },
  },
  examples: [
    ['$0 inspect data/demo.h5ad', 'which matrix holds counts, which columns could be a batch'],
    ['$0 inspect a.h5ad run3/', 'what joining them gives'],
    ['$0 inspect new.h5ad --model pbmc.model', "which of a model's genes it has"],
  ],
  async run(args: Arguments): Promise<void> {
    const asked = {
      data: dataSettings(args),
      model: args.text('model'),
      geneKey: args.text('gene-key'),
      verbosity: verbosityOf(args),
      json: args.flag('json'),
    }
    // the readers load only for this command
    const { runInspect } = await import('../inspect/run-inspect.js')
    await runInspect(asked)
  },
}

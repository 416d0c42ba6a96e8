import type { Arguments, Command } from '../arguments.js'
import { QUERY_OPTIONS, queryOptions } from '../model-options.js'
import { flag, grouped, repeated, text } from '../option-specs.js'
import { figureKinds } from '../report/figures.js'
import { resolutionsOf } from '../resolutions.js'
import { subsetTerms } from '../subset-terms.js'

/** `scvae report MODEL FILE -o PREFIX`: the page of a fit, made again. */
export const report: Command = {
  usage: 'report <model> <file>',
  describe: 'Make the report of a trained model again: scores, UMAP, clusters and page, without training',
  positionals: {
    model: 'A model folder (PREFIX.model, or what convert made of a model of scvi-tools)',
    file: 'Cells with counts: best those of the fit, in any form that fit reads',
  },
  options: {
    ...grouped('Output:', {
      output: { ...text('Prefix: writes PREFIX_report.html'), alias: 'o', demandOption: true },
      overwrite: flag('Replace the files if they exist'),
      figures: text('Writes the main figures beside the report: svg, png or svg,png'),
      'no-model': flag('Keep encoder and decoder out of the page: it cannot be asked for genes then'),
    }),
    ...grouped('Cells:', {
      subset: repeated('COLUMN=VALUE of obs; again to add values or to narrow down'),
      resolution: {
        ...repeated('Resolution of the Leiden clusters (repeatable): larger ones give more clusters'),
        defaultDescription: '1',
      },
    }),
    ...QUERY_OPTIONS,
  },
  examples: [
    ['$0 report pbmc.model pbmc.h5ad -o again', 'the page of a fit'],
    ['$0 report pbmc.model new.h5ad -o new --figures svg,png', 'other cells by the same model'],
  ],
  async run(args: Arguments): Promise<void> {
    const settings = {
      ...queryOptions(args),
      prefix: args.text('output')!,
      overwrite: args.flag('overwrite'),
      figures: figureKinds(args),
      withModel: !args.flag('no-model'),
      subset: subsetTerms(args),
      resolutions: resolutionsOf(args),
    }
    // the model and its kernels load only once the options are known to be right
    const { runReport } = await import('../report/run-report.js')
    await runReport(settings)
  },
}

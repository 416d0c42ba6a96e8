import type { Arguments, Command } from '../arguments.js'
import { QUERY_OPTIONS, queryOptions } from '../model-options.js'
import { flag, grouped, number, repeated, text } from '../option-specs.js'
import { subsetTerms } from '../subset-terms.js'

/** `scvae diagnose MODEL FILE -o PREFIX`: what a fit is worth. */
export const diagnose: Command = {
  usage: 'diagnose <model> <file>',
  describe:
    'What a fit is worth: collapse, gaps of the bound, overfitting, holes of the prior; with what to do',
  positionals: {
    model: 'A model folder (PREFIX.model, or what convert made of a model of scvi-tools)',
    file: 'Cells with counts: best those of the fit, in any form that fit reads',
  },
  options: {
    ...grouped('Output:', {
      output: {
        ...text('Prefix: writes PREFIX_diagnose.json and PREFIX_diagnose.html'),
        alias: 'o',
        demandOption: true,
      },
      overwrite: flag('Replace the files if they exist'),
    }),
    ...grouped('Cells:', {
      subset: repeated('COLUMN=VALUE of obs; again to add values or to narrow down'),
      cells: {
        ...number('Cells of each side, trained on and held out, whose gaps are measured'),
        default: 100,
      },
      columns: repeated(
        'Column of obs that single dimensions are held against (default: those that there are)',
      ),
      seed: { ...number('Seed of the draws'), defaultDescription: "the model's" },
    }),
    ...grouped('Refits:', {
      curve: flag('Trains the model on at five weights of the KL term: rate and distortion over --beta'),
      'null-batches': number(
        'Refits N times with random halves for batches: what batches of no meaning change beyond another seed',
      ),
    }),
    ...QUERY_OPTIONS,
  },
  examples: [
    ['$0 diagnose pbmc.model pbmc.h5ad -o pbmc', 'what the fit of pbmc is worth'],
    ['$0 diagnose pbmc.model pbmc.h5ad -o pbmc --curve', 'and whether another --beta would be better'],
  ],
  async run(args: Arguments): Promise<void> {
    const settings = {
      ...queryOptions(args),
      prefix: args.text('output')!,
      overwrite: args.flag('overwrite'),
      subset: subsetTerms(args),
      curve: args.flag('curve'),
      nullBatches: args.whole('null-batches', 2) ?? 0,
      columns: args.texts('columns'),
      nCells: args.whole('cells', 10)!,
      seed: args.whole('seed', 0),
    }
    // the model and its kernels load only once the options are known to be right
    const { runDiagnose } = await import('../diagnose/run-diagnose.js')
    await runDiagnose(settings)
  },
}

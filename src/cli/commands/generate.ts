import { extname } from 'node:path'
import { ScvaeError } from '../../errors.js'
import type { Arguments, Command } from '../arguments.js'
import { QUERY_OPTIONS, queryOptions } from '../model-options.js'
import { grouped, number, repeated, text } from '../option-specs.js'
import { subsetTerms } from '../subset-terms.js'

/** `scvae generate MODEL [FILE] -o OUT.h5ad`: cells that a model makes. */
export const generate: Command = {
  usage: 'generate <model> [file]',
  describe: 'Write cells that a trained model makes',
  positionals: {
    model: 'A model folder (PREFIX.model, or what convert made of a model of scvi-tools)',
    file: 'Real cells to start from; those that the model was trained on without it',
  },
  options: {
    ...grouped('Output:', {
      output: { ...text('The .h5ad to write'), alias: 'o', demandOption: true },
      overwrite: { type: 'boolean', describe: 'Replace the output if it exists' },
    }),
    ...grouped('Cells:', {
      cells: { ...number('How many to make'), defaultDescription: 'as many as there are real ones' },
      from: text(
        'posteriors | cells | prior: the posteriors of real cells at random, those of each in turn, or the prior',
      ),
      like: text('A file of real cells, each of which is made anew (FILE with --from cells)'),
      subset: repeated('COLUMN=VALUE of obs of the real cells; again to add values or to narrow down'),
      set: repeated('COVARIATE=VALUE in place of that of the real cells; again for others'),
      counterfactual: repeated('COVARIATE=VALUE: each real cell as if it had been measured so'),
      'library-size': {
        ...number('Total counts of a cell (the size factor, where the model takes one)'),
        defaultDescription: "the real cells'",
      },
      seed: { ...number('Seed'), defaultDescription: "the model's" },
    }),
    ...QUERY_OPTIONS,
  },
  examples: [
    ['$0 generate pbmc.model -o made.h5ad --cells 5000', 'cells like those that the model was trained on'],
    [
      '$0 generate pbmc.model pbmc.h5ad -o made.h5ad --counterfactual donor=d2',
      'the cells of a file as if they came from another donor',
    ],
  ],
  async run(args: Arguments): Promise<void> {
    const output = args.text('output')!
    if (extname(output) !== '.h5ad') throw new ScvaeError('usage', `-o must end in .h5ad, not "${output}".`)
    const given = args.text('file')
    const like = args.text('like')
    if (given !== undefined && like !== undefined)
      throw new ScvaeError('usage', 'FILE and --like exclude each other.')
    const counterfactual = args.texts('counterfactual')
    const from = args.choice('from', ['posteriors', 'cells', 'prior'])
    const inTurn = like !== undefined || counterfactual.length > 0
    if (from !== undefined && from !== 'cells' && inTurn)
      throw new ScvaeError(
        'usage',
        `--from ${from} and --${like === undefined ? 'counterfactual' : 'like'} exclude each other.`,
      )
    const subset = subsetTerms(args)
    const file = given ?? like
    if (subset.length > 0 && file === undefined)
      throw new ScvaeError('usage', '--subset needs the file whose obs it is about.')
    const settings = {
      ...queryOptions(args),
      file,
      output,
      overwrite: args.flag('overwrite'),
      nCells: args.whole('cells', 1),
      from: inTurn ? 'cells' : (from ?? 'posteriors'),
      counterfactual: counterfactual.length > 0,
      subset,
      covariates: Object.fromEntries([
        ...args.texts('set').map((term) => pair('set', term)),
        ...counterfactual.map((term) => pair('counterfactual', term)),
      ]),
      librarySize: args.number('library-size'),
      seed: args.whole('seed', 0),
    } as const
    // the model and its kernels load only once the options are known to be right
    const { runGenerate } = await import('../generate/run-generate.js')
    await runGenerate(settings)
  },
}

/** One `COVARIATE=VALUE`. */
function pair(option: string, term: string): [string, string] {
  const at = term.indexOf('=')
  if (at < 1) throw new ScvaeError('usage', `--${option} takes COVARIATE=VALUE, not "${term}".`)
  return [term.slice(0, at), term.slice(at + 1)]
}

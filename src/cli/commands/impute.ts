import { extname } from 'node:path'
import { ScvaeError } from '../../errors.js'
import type { Arguments, Command } from '../arguments.js'
import { checkEnding, geneOptions, QUERY_OPTIONS, queryOptions } from '../model-options.js'
import { grouped, number, text } from '../option-specs.js'

/** Endings of a copy of the input. */
const COPIES: readonly string[] = ['.h5ad', '.h5mu']
/** What the output may end in. */
const ENDINGS: readonly string[] = [...COPIES, '.parquet', '.csv']

/** `scvae impute MODEL FILE -o OUT`: what missing counts would have been, and how well that is known. */
export const impute: Command = {
  usage: 'impute <model> <file>',
  describe: 'Fill in missing counts by a trained model, or see how well that works',
  positionals: {
    model: 'A model folder (PREFIX.model, or what convert made of a model of scvi-tools)',
    file: "Counts of the model's genes, in any form that fit reads",
  },
  options: {
    ...grouped('Output:', {
      output: {
        ...text(
          `What to write, by its ending: .h5ad or .h5mu has the input with layers/scvae_imputed, _low and _high, .parquet or .csv a row for each missing count; with --evaluate a prefix`,
        ),
        alias: 'o',
        demandOption: true,
      },
      overwrite: { type: 'boolean', describe: 'Replace the output if it exists' },
      genes: text('Genes to fill in, separated by commas; all of the model without it'),
      'genes-file': text('The same from a file, one a line'),
    }),
    ...grouped('Imputation:', {
      draws: { ...number("Draws from each cell's posterior; 0 for its mean alone"), default: 25 },
      estimate: {
        ...text(
          'mean | median: what layers/scvae_imputed has of a missing count; the median errs least on average, and is 0 where counts are rare',
        ),
        defaultDescription: 'mean',
      },
      interval: { ...number('Probability that a count lies between low and high'), default: 0.9 },
      seed: { ...number('Seed of the draws'), defaultDescription: "the model's" },
    }),
    ...grouped('Evaluation:', {
      evaluate: number(
        'Hide this share of the counts, fit the model anew to the others and tell how well it finds the hidden ones: PREFIX_impute.json and .csv',
      ),
      corruption: {
        ...text(
          'uniform | binomial | both: of all counts, made missing; of those that are not zero, thinned to a fifth; or one after the other',
        ),
        defaultDescription: 'both',
      },
    }),
    ...QUERY_OPTIONS,
  },
  examples: [
    ['$0 impute panel.model panel.h5ad -o filled.h5ad --missing nan', 'three layers of the file'],
    ['$0 impute pbmc.model pbmc.h5ad -o pbmc --evaluate 0.1', 'how well it works'],
  ],
  async run(args: Arguments): Promise<void> {
    const share = args.number('evaluate')
    const corruption = args.choice('corruption', ['uniform', 'binomial', 'both'])
    const common = {
      ...queryOptions(args),
      overwrite: args.flag('overwrite'),
      draws: args.whole('draws', 0)!,
      seed: args.whole('seed', 0),
    }
    const output = args.text('output')!
    const estimate = args.choice('estimate', ['mean', 'median'])
    const interval = args.number('interval')!
    const given = geneOptions(args)
    if (!(interval > 0 && interval < 1))
      throw new ScvaeError('usage', `--interval must be between 0 and 1, not ${interval}.`)
    if (share === undefined) {
      if (corruption !== undefined)
        throw new ScvaeError('usage', '--corruption is for --evaluate, which was not given.')
      checkEnding(output, ENDINGS)
      if (estimate !== undefined && !COPIES.includes(extname(output)))
        throw new ScvaeError(
          'usage',
          `--estimate is for ${COPIES.join(', ')}: a table has both, mean and median.`,
        )
      // the model and its kernels load only once the options are known to be right
      const { runImpute } = await import('../impute/run-impute.js')
      return runImpute({ ...common, ...given, output, interval, estimate: estimate ?? 'mean' })
    }
    if (!(share > 0 && share < 1))
      throw new ScvaeError('usage', `--evaluate must be a share between 0 and 1, not ${share}.`)
    const only = ['genes', 'genes-file', 'estimate'].find((name) => args.text(name) !== undefined)
    if (only !== undefined) throw new ScvaeError('usage', `--evaluate and --${only} exclude each other.`)
    const corruptions =
      corruption === undefined || corruption === 'both' ? (['uniform', 'binomial'] as const) : [corruption]
    const { runEvaluation } = await import('../impute/run-evaluation.js')
    await runEvaluation({ ...common, prefix: output, share, corruptions })
  },
}

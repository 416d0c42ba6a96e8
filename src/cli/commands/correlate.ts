import { ScvaeError } from '../../errors.js'
import type { Arguments, Command } from '../arguments.js'
import { checkEnding, geneOptions, QUERY_OPTIONS, queryOptions } from '../model-options.js'
import { grouped, number, repeated, text } from '../option-specs.js'
import { subsetTerms } from '../subset-terms.js'

/** What the output may end in. */
const ENDINGS: readonly string[] = ['.parquet', '.csv']

/** `scvae correlate MODEL [FILE] -o OUT`: which genes go together. */
export const correlate: Command = {
  usage: 'correlate <model> [file]',
  describe: 'Write which genes correlate, without the noise of counting',
  positionals: {
    model: 'A model folder (PREFIX.model, or what convert made of a model of scvi-tools)',
    file: 'Cells to ask about; those that the model was trained on without it',
  },
  options: {
    ...grouped('Output:', {
      output: {
        ...text('What to write: .parquet or .csv, a pair of genes a row'),
        alias: 'o',
        demandOption: true,
      },
      overwrite: { type: 'boolean', describe: 'Replace the output if it exists' },
      top: { ...number('Pairs of each gene, those that correlate most, up or down'), default: 50 },
    }),
    ...grouped('Correlation:', {
      genes: text(
        'Genes among which correlations are looked for, separated by commas; all of the model without it',
      ),
      'genes-file': text('The same from a file, one a line'),
      subset: repeated('COLUMN=VALUE of obs of the file; again to add values or to narrow down'),
      method: { ...text('spearman | pearson'), default: 'spearman' },
      draws: { ...number("Draws from each cell's posterior"), default: 10 },
      'transform-batch': text(
        'Batch to decode all cells in; "all" for the mean of the correlations over batches; their own without it',
      ),
      'size-factor': { ...number('Counts of every cell'), default: 1000 },
      seed: { ...number('Seed of the draws'), defaultDescription: "the model's" },
    }),
    ...QUERY_OPTIONS,
  },
  examples: [
    ['$0 correlate pbmc.model -o pairs.csv', 'over the cells that the model was trained on'],
    ['$0 correlate pbmc.model pbmc.h5ad -o b.parquet --subset cell_type=B', 'over B cells'],
  ],
  async run(args: Arguments): Promise<void> {
    const output = args.text('output')!
    checkEnding(output, ENDINGS)
    const given = geneOptions(args)
    const file = args.text('file')
    const subset = subsetTerms(args)
    if (subset.length > 0 && file === undefined)
      throw new ScvaeError('usage', '--subset needs the file whose obs it is about.')
    const sizeFactor = args.number('size-factor')!
    if (!(sizeFactor > 0)) throw new ScvaeError('usage', `--size-factor must be above 0, not ${sizeFactor}.`)
    const settings = {
      ...queryOptions(args),
      file,
      output,
      overwrite: args.flag('overwrite'),
      top: args.whole('top', 1)!,
      ...given,
      subset,
      method: args.choice('method', ['spearman', 'pearson'])!,
      draws: args.whole('draws', 1)!,
      transformBatch: args.text('transform-batch'),
      sizeFactor,
      seed: args.whole('seed', 0),
    }
    // the model and its kernels load only once the options are known to be right
    const { runCorrelate } = await import('../correlate/run-correlate.js')
    await runCorrelate(settings)
  },
}

import { extname } from 'node:path'
import { ScvaeError } from '../../errors.js'
import type { Arguments, Command } from '../arguments.js'
import { checkEnding, geneOptions, QUERY_OPTIONS, queryOptions } from '../model-options.js'
import { grouped, number, text } from '../option-specs.js'

/** What the output may end in. */
const ENDINGS: readonly string[] = ['.h5ad', '.h5mu', '.zarr', '.parquet', '.arrow', '.csv']
/** Of these, which have numbers of a type that is chosen. */
const TYPED: readonly string[] = ['.h5ad', '.h5mu', '.zarr']

/** `scvae normalize MODEL FILE -o OUT`: expression without noise and batch. */
export const normalize: Command = {
  usage: 'normalize <model> <file>',
  describe: "Write what cells express by a trained model, without the counts' noise",
  positionals: {
    model: 'A model folder (PREFIX.model, or what convert made of a model of scvi-tools)',
    file: "Counts of the model's genes, in any form that fit reads",
  },
  options: {
    ...grouped('Output:', {
      output: {
        ...text(
          `What to write, by its ending: ${ENDINGS.join(', ')}; .h5ad has the input with layers/scvae_normalized`,
        ),
        alias: 'o',
        demandOption: true,
      },
      overwrite: { type: 'boolean', describe: 'Replace the output if it exists' },
      dtype: {
        ...text('float32 | float16: half the size, to three digits (.h5ad, .h5mu, .zarr)'),
        default: 'float32',
      },
      genes: text('Genes to write, separated by commas; all of the model without it'),
      'genes-file': text('The same from a file, one a line'),
    }),
    ...grouped('Expression:', {
      draws: { ...number("Draws from each cell's posterior; 0 for its mean alone"), default: 25 },
      'transform-batch': text(
        'Batch to decode all cells in; "all" for the mean over batches; their own without it',
      ),
      'library-size': {
        ...text(
          "What a cell's expression adds up to: a number, observed (its own total) or median (of these)",
        ),
        default: '1',
      },
      seed: { ...number('Seed of the draws'), defaultDescription: "the model's" },
    }),
    ...QUERY_OPTIONS,
  },
  examples: [
    ['$0 normalize pbmc.model pbmc.h5ad -o pbmc_normalized.h5ad --library-size 10000', 'a layer of the file'],
    ['$0 normalize pbmc.model new.h5ad -o out.parquet --genes CD3E,MS4A1 --transform-batch all', 'two genes'],
  ],
  async run(args: Arguments): Promise<void> {
    const output = args.text('output')!
    checkEnding(output, ENDINGS)
    const given = geneOptions(args)
    const dtype = args.choice('dtype', ['float32', 'float16'])!
    if (dtype === 'float16' && !TYPED.includes(extname(output)))
      throw new ScvaeError('usage', `--dtype float16 is for ${TYPED.join(', ')}, not "${output}".`)
    const librarySize = args.numberOr('library-size', ['observed', 'median'])!
    if (typeof librarySize === 'number' && !(librarySize > 0))
      throw new ScvaeError('usage', `--library-size must be above 0, not ${librarySize}.`)
    const settings = {
      ...queryOptions(args),
      output,
      dtype,
      overwrite: args.flag('overwrite'),
      ...given,
      draws: args.whole('draws', 0)!,
      transformBatch: args.text('transform-batch'),
      librarySize,
      seed: args.whole('seed', 0),
    }
    // the model and its kernels load only once the options are known to be right
    const { runNormalize } = await import('../normalize/run-normalize.js')
    await runNormalize(settings)
  },
}

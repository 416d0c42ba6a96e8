import { DEFAULT_TRAINING } from '../../train/options.js'
import { type Arguments, type Command, verbosityOf } from '../arguments.js'
import { COUNTS_OPTIONS, countsOptions } from '../counts-options.js'
import { PCA_OF_COUNTS } from '../evaluate/request.js'
import { LATENT_KEY } from '../fit/output-keys.js'
import { Log } from '../log.js'
import { flag, grouped, number, text } from '../option-specs.js'

/** `scvae evaluate FILE --batch-key B --labels-key L -o PREFIX`: how well embeddings integrate batches and keep biology. */
export const evaluate: Command = {
  usage: 'evaluate <file>',
  describe: 'Integration metrics of embeddings, as scib-metrics has them: a table, CSV and a page',
  positionals: {
    file: 'A file that fit has written, or another .h5ad file or zarr store with embeddings in obsm',
  },
  options: {
    ...COUNTS_OPTIONS,
    ...grouped('Metrics:', {
      embedding: {
        ...text(
          `Keys in obsm, with commas between; "${PCA_OF_COUNTS}" for that of the log-normalised counts`,
        ),
        default: `${LATENT_KEY},${PCA_OF_COUNTS}`,
      },
      'batch-key': { ...text('Column of obs with the batches'), demandOption: true },
      'labels-key': {
        ...text('Column of obs with the cell types'),
        defaultDescription: "the fit's clusters",
      },
      pre: {
        ...text('Key in obsm of the positions before integration, which PCR comparison needs'),
        default: PCA_OF_COUNTS,
      },
      seed: { ...number('Seed of k-means and Leiden'), default: DEFAULT_TRAINING.seed },
      threads: { ...number('CPU threads'), defaultDescription: 'all' },
    }),
    ...grouped('Output:', {
      output: {
        ...text('Prefix: writes PREFIX_evaluate.json, .csv and .html'),
        alias: 'o',
        demandOption: true,
      },
      multiqc: flag('Write a table for MultiQC too, PREFIX_evaluate_mqc.json'),
      overwrite: flag('Replace the files if they exist'),
    }),
  },
  examples: [
    [
      '$0 evaluate lung.h5ad --batch-key batch --labels-key cell_type -o lung',
      'the latent and a PCA of the counts side by side',
    ],
  ],
  async run(args: Arguments): Promise<void> {
    const log = new Log(verbosityOf(args))
    const request = {
      file: args.positional('file'),
      counts: countsOptions(args),
      embeddings: args.text('embedding')!.split(','),
      batchKey: args.text('batch-key')!,
      labelsKey: args.text('labels-key'),
      pre: args.text('pre')!,
      seed: args.whole('seed', 0)!,
      threads: args.whole('threads', 1),
      output: args.text('output')!,
      multiqc: args.flag('multiqc'),
      overwrite: args.flag('overwrite'),
    }
    const { runEvaluate } = await import('../evaluate/run-evaluate.js')
    await runEvaluate(request, log)
  },
}

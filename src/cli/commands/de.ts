import type { Arguments, Command } from '../arguments.js'
import { QUERY_OPTIONS, queryOptions } from '../model-options.js'
import { grouped, number, repeated, text } from '../option-specs.js'
import { subsetTerms } from '../subset-terms.js'

/** `scvae de MODEL FILE --groupby COLUMN -o PREFIX`: which genes groups express differently. */
export const de: Command = {
  usage: 'de <model> <file>',
  describe: 'Find genes that groups of cells express differently',
  positionals: {
    model: 'A model folder (PREFIX.model, or what convert made of a model of scvi-tools)',
    file: "Counts of the model's genes with the groups in obs, in any form that fit reads",
  },
  options: {
    ...grouped('Output:', {
      output: {
        ...text('Prefix of the outputs, PREFIX_de.csv and PREFIX_de.html'),
        alias: 'o',
        demandOption: true,
      },
      parquet: { type: 'boolean', describe: 'Write PREFIX_de.parquet too' },
      h5ad: {
        type: 'boolean',
        describe: "Write PREFIX_de.h5ad too: the input with scanpy's rank_genes_groups in uns",
      },
      overwrite: { type: 'boolean', describe: 'Replace outputs that exist' },
    }),
    ...grouped('Groups:', {
      groupby: { ...text('Column of obs with the groups'), demandOption: true },
      group: repeated('Group to compare; again for several, all in turn without it'),
      reference: { ...text('Group to compare with, or rest for all others'), default: 'rest' },
      'sample-key': text(
        'Column of obs with samples (donors): effects by sample too, and genes that they do not bear out are not marked',
      ),
      subset: repeated('COLUMN=VALUE of obs; again to add values or to narrow down'),
    }),
    ...grouped('Comparison:', {
      mode: {
        ...text('change | vanilla; a fold change of at least delta, or any difference'),
        default: 'change',
      },
      delta: { ...number('Least absolute log2 fold change that counts'), default: 0.25 },
      fdr: { ...number('Expected share of false ones among the genes that are marked'), default: 0.05 },
      'batch-correction': { type: 'boolean', describe: 'Compare within each batch of the model in turn' },
      importance: {
        type: 'boolean',
        describe: 'Weigh draws by what the encoder has wrong, of at most 256 cells of a group (slow)',
      },
      pseudocount: { ...number('Added to scales'), defaultDescription: 'from genes with hardly a count' },
      draws: { ...number('Pairs of draws of each comparison'), default: 5000 },
      seed: { ...number('Seed of the draws'), defaultDescription: "the model's" },
    }),
    ...QUERY_OPTIONS,
  },
  examples: [
    ['$0 de pbmc.model pbmc.h5ad --groupby cell_type -o pbmc', 'each type against all others'],
    ['$0 de pbmc.model pbmc.h5ad --groupby cell_type --group B --reference NK -o b_nk', 'two types'],
  ],
  async run(args: Arguments): Promise<void> {
    const settings = {
      ...queryOptions(args),
      prefix: args.text('output')!,
      parquet: args.flag('parquet'),
      h5ad: args.flag('h5ad'),
      overwrite: args.flag('overwrite'),
      groupby: args.text('groupby')!,
      groups: args.texts('group'),
      reference: args.text('reference')!,
      subset: subsetTerms(args),
      comparison: {
        mode: args.choice('mode', ['change', 'vanilla'])!,
        delta: args.number('delta')!,
        fdrTarget: args.number('fdr')!,
        batchCorrection: args.flag('batch-correction'),
        weights: args.flag('importance') ? ('importance' as const) : ('uniform' as const),
        nSamples: args.whole('draws', 2)!,
        ...only('pseudocount', args.number('pseudocount')),
        ...only('sampleKey', args.text('sample-key')),
        ...only('seed', args.whole('seed', 0)),
      },
    }
    // the model and its kernels load only once the options are known to be right
    const { runDe } = await import('../de/run-de.js')
    await runDe(settings)
  },
}

/** An option, where it was given. */
const only = <const K extends string, T>(key: K, value: T | undefined) =>
  (value === undefined ? {} : { [key]: value }) as { [key in K]?: T }

import type { Arguments, Command } from '../arguments.js'
import { QUERY_OPTIONS, queryOptions } from '../model-options.js'
import { grouped, number, repeated, text } from '../option-specs.js'
import { subsetTerms } from '../subset-terms.js'

/** `scvae abundance MODEL FILE --sample-key S -o PREFIX`: where samples have more cells than others. */
export const abundance: Command = {
  usage: 'abundance <model> <file>',
  describe: 'Find where samples or conditions have more or fewer cells',
  positionals: {
    model: 'A model folder (PREFIX.model, or what convert made of a model of scvi-tools)',
    file: "Counts of the model's genes with the samples in obs, in any form that fit reads",
  },
  options: {
    ...grouped('Output:', {
      output: {
        ...text('Prefix of the outputs, PREFIX_abundance.h5ad and tables'),
        alias: 'o',
        demandOption: true,
      },
      overwrite: { type: 'boolean', describe: 'Replace outputs that exist' },
    }),
    ...grouped('Groups:', {
      'sample-key': { ...text('Column of obs with the samples (donors)'), demandOption: true },
      groupby: text('Column of obs with the conditions to compare, by their samples'),
      group: text('Condition to compare; the second of two without it'),
      reference: { ...text('Condition to compare with, or rest for all others'), default: 'rest' },
      'labels-key': text('Column of obs whose values are counted and tested too, such as cell types'),
      subset: repeated('COLUMN=VALUE of obs; again to add values or to narrow down'),
    }),
    ...grouped('Density:', {
      'posterior-cells': { ...number("Most cells that a sample's density is made of"), default: 1000 },
      dof: {
        ...text('Degrees of freedom of the Student t distributions that it is made of; normal: none'),
        default: '3',
      },
      seed: { ...number('Seed of the choice of cells'), defaultDescription: "the model's" },
    }),
    ...QUERY_OPTIONS,
  },
  examples: [
    [
      '$0 abundance lupus.model lupus.h5ad --sample-key donor --groupby condition --labels-key cell_type -o lupus',
      'which cells, and which types, are more in one condition',
    ],
  ],
  async run(args: Arguments): Promise<void> {
    const reference = args.text('reference')!
    const dof = args.numberOr('dof', ['normal'])!
    const groupBy = args.text('groupby')
    const group1 = args.text('group')
    const labelsKey = args.text('labels-key')
    const seed = args.whole('seed', 0)
    const settings = {
      ...queryOptions(args),
      prefix: args.text('output')!,
      overwrite: args.flag('overwrite'),
      subset: subsetTerms(args),
      question: {
        sampleKey: args.text('sample-key')!,
        numCellsPosterior: args.whole('posterior-cells', 10)!,
        dof: dof === 'normal' ? null : dof,
        ...(groupBy !== undefined && { groupBy }),
        ...(group1 !== undefined && { group1 }),
        ...(reference !== 'rest' && { group2: reference }),
        ...(labelsKey !== undefined && { labelsKey }),
        ...(seed !== undefined && { seed }),
      },
    }
    // the model and its kernels load only once the options are known to be right
    const { runAbundance } = await import('../abundance/run-abundance.js')
    await runAbundance(settings)
  },
}

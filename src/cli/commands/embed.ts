import { ScvaeError } from '../../errors.js'
import type { Arguments, Command } from '../arguments.js'
import { checkEmbedding, EMBED_ENDINGS } from '../embed/endings.js'
import type { TransferRequest } from '../embed/label-columns.js'
import { LATENT_KEY } from '../fit/output-keys.js'
import { QUERY_OPTIONS, queryOptions } from '../model-options.js'
import { grouped, number, repeated, text } from '../option-specs.js'

/** `scvae embed MODEL FILE -o OUT`: the latent of cells by a model that exists. */
export const embed: Command = {
  usage: 'embed <model> <file>',
  describe: 'Write the latent of cells by a trained model',
  positionals: {
    model: 'A model folder (PREFIX.model, or what convert made of a model of scvi-tools)',
    file: "Counts of the model's genes: .h5ad or zarr, 10x .h5 or mtx folder, loom",
  },
  options: {
    ...grouped('Output:', {
      output: {
        ...text(
          `What to write, by its ending: ${EMBED_ENDINGS.join(', ')}; .h5ad has the input with obsm/X_scvae`,
        ),
        alias: 'o',
        demandOption: true,
      },
      overwrite: { type: 'boolean', describe: 'Replace the output if it exists' },
      'obsm-key': {
        ...text('Name of the latent in obsm of an .h5ad or .h5mu'),
        defaultDescription: `"${LATENT_KEY}"`,
      },
    }),
    ...grouped('Beside other cells:', {
      outliers: {
        type: 'boolean',
        describe: 'Score how unlike the cells of the model, or of --reference, each cell is, and name why',
      },
      reference: text(
        "A file with counts of the model's genes whose cells these are held against, in place of the model's own",
      ),
    }),
    ...grouped('Labels:', {
      transfer: repeated(
        'Column whose values the cells get from the nearest cells of the model, or of --reference (repeatable)',
      ),
      'n-neighbors': { ...number('Labelled cells that have a say in a label'), defaultDescription: '15' },
      'unknown-share': {
        ...number('Share of cells like the labelled ones that may be called unknown; 0 for none'),
        defaultDescription: '0.05',
      },
    }),
    ...QUERY_OPTIONS,
  },
  examples: [
    ['$0 embed pbmc.model new.h5ad -o new_latent.csv', 'new cells in the space of a model'],
    [
      '$0 embed pbmc.model new.h5ad --gene-key ensembl -o new_latent.parquet',
      'genes found by a column of var',
    ],
    [
      '$0 embed pbmc.model new.h5ad --transfer cell_type --reference pbmc.h5ad -o new_labelled.h5ad',
      'labels of the nearest cells of another file',
    ],
    [
      '$0 embed pbmc.model new.h5ad --outliers -o new_scored.h5ad',
      'which of the new cells are unlike those of the model',
    ],
  ],
  async run(args: Arguments): Promise<void> {
    const output = args.text('output')!
    const obsmKey = args.elementName('obsm-key')
    checkEmbedding(output, obsmKey)
    const settings = {
      ...queryOptions(args),
      transfer: transferOf(args),
      outliers: args.flag('outliers'),
      reference: referenceOf(args),
      output,
      overwrite: args.flag('overwrite'),
      obsmKey: obsmKey ?? LATENT_KEY,
    }
    // the model and its kernels load only once the options are known to be right
    const { runEmbed } = await import('../embed/run-embed.js')
    await runEmbed(settings)
  },
}

/** The file of the reference, where there is something to hold against its cells. */
function referenceOf(args: Arguments): string | undefined {
  const reference = args.text('reference')
  if (reference === undefined || args.flag('outliers') || args.texts('transfer').length > 0) return reference
  throw new ScvaeError('usage', '--reference is for --outliers or --transfer, and neither was given.')
}

/** What is asked of labels; undefined for nothing. */
function transferOf(args: Arguments): TransferRequest | undefined {
  const labelsKeys = args.texts('transfer')
  const nNeighbors = args.whole('n-neighbors', 1)
  const unknownShare = args.number('unknown-share')
  if (labelsKeys.length === 0) {
    const idle = (['n-neighbors', 'unknown-share'] as const).find((name) => args.text(name) !== undefined)
    if (idle === undefined) return undefined
    throw new ScvaeError('usage', `--${idle} is for --transfer, which was not given.`)
  }
  const odd = labelsKeys.find((key, i) => key === '' || key.includes('/') || labelsKeys.indexOf(key) < i)
  if (odd !== undefined) {
    throw new ScvaeError(
      'usage',
      `--transfer takes names of columns without a slash, each once, not "${odd}".`,
    )
  }
  if (unknownShare !== undefined && !(unknownShare >= 0 && unknownShare < 1)) {
    throw new ScvaeError('usage', `--unknown-share must be at least 0 and below 1, not ${unknownShare}.`)
  }
  return {
    labelsKeys,
    ...(nNeighbors !== undefined && { nNeighbors }),
    ...(unknownShare !== undefined && { unknownShare }),
  }
}

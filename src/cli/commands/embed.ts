import type { Arguments, Command } from '../arguments.js'
import { checkEmbedding, EMBED_ENDINGS } from '../embed/endings.js'
import { LATENT_KEY } from '../fit/output-keys.js'
import { QUERY_OPTIONS, queryOptions } from '../model-options.js'
import { grouped, text } from '../option-specs.js'

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
    ...QUERY_OPTIONS,
  },
  examples: [
    ['$0 embed pbmc.model new.h5ad -o new_latent.csv', 'new cells in the space of a model'],
    [
      '$0 embed pbmc.model new.h5ad --gene-key ensembl -o new_latent.parquet',
      'genes found by a column of var',
    ],
  ],
  async run(args: Arguments): Promise<void> {
    const output = args.text('output')!
    const obsmKey = args.elementName('obsm-key')
    checkEmbedding(output, obsmKey)
    const settings = {
      ...queryOptions(args),
      output,
      overwrite: args.flag('overwrite'),
      obsmKey: obsmKey ?? LATENT_KEY,
    }
    // the model and its kernels load only once the options are known to be right
    const { runEmbed } = await import('../embed/run-embed.js')
    await runEmbed(settings)
  },
}

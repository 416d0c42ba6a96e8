import { extname } from 'node:path'
import type { AnnData } from '../../anndata/read.js'
import { ScvaeError } from '../../errors.js'
import type { Matrix } from '../../numeric/matrix.js'
import { formatCount } from '../../report/format.js'
import { type Arguments, type Command, verbosityOf } from '../arguments.js'
import { COUNTS_OPTIONS, countsOptions } from '../counts-options.js'
import { Log } from '../log.js'

/** What `-o` may end in. */
const ENDINGS = ['.h5ad', '.h5mu', '.arrow', '.csv']

/** `scvae embed MODEL FILE -o OUT`: the latent of cells by a model that exists. */
export const embed: Command = {
  usage: 'embed <model> <file>',
  describe: 'Write the latent of cells by a trained model',
  positionals: {
    model: 'A model folder (PREFIX.model, or what convert made of a model of scvi-tools)',
    file: "Counts of the model's genes and its obs columns: .h5ad or zarr, 10x .h5 or mtx folder, loom",
  },
  options: {
    output: {
      alias: 'o',
      type: 'string',
      requiresArg: true,
      demandOption: true,
      describe: 'What to write: .h5ad or .h5mu (a copy with obsm/X_scvae), .arrow or .csv',
      group: 'Output:',
    },
    ...COUNTS_OPTIONS,
    'allow-noninteger': { type: 'boolean', describe: 'Take fractions as counts', group: 'Data:' },
    overwrite: { type: 'boolean', describe: 'Replace the output if it exists', group: 'Output:' },
  },
  examples: [['$0 embed pbmc.model new.h5ad -o new_latent.csv', 'new cells in the space of a model']],
  async run(args: Arguments): Promise<void> {
    const [directory, file] = [args.positional('model'), args.positional('file')]
    const output = args.text('output')!
    if (!ENDINGS.includes(extname(output))) {
      throw new ScvaeError('usage', `-o must end in ${ENDINGS.join(', ')}, not "${output}".`)
    }
    const log = new Log(verbosityOf(args))
    const { readModel } = await import('../../files/model-files.js')
    const { checkCounts } = await import('../../anndata/counts/check-counts.js')
    const { readCounts } = await import('../../anndata/read-any.js')
    const { description } = readModel(directory)
    const adata = await readCounts(file, countsOptions(args))
    for (const warning of adata.warnings) log.warn(warning)
    const allowNoninteger = args.flag('allow-noninteger')
    for (const change of await checkCounts(adata, { allowNoninteger })) log.warn(change)
    const latent = await latentOf(directory, adata, log)
    await write(output, file, adata, latent, args.flag('overwrite'), log)
    log.info(`wrote ${output}: ${formatCount(adata.nCells)} cells × ${description.config.nLatent} dimensions`)
  },
}

/** Posterior means of all cells, cells × latent dimensions; NaN for cells without a count in the model's genes. */
async function latentOf(directory: string, adata: AnnData, log: Log): Promise<Matrix> {
  const { SCVI } = await import('../../models/scvi.js')
  const { dropEmptyCells } = await import('../../cells/empty-cells.js')
  const { warnOfEmptyCells } = await import('../empty-cells.js')
  const { spreadRows } = await import('../../numeric/matrix.js')
  const all = Int32Array.from({ length: adata.nCells }, (_, cell) => cell)
  const parted = dropEmptyCells(adata, all)
  warnOfEmptyCells(adata, parted, undefined, log)
  const { cells } = parted
  const model = await SCVI.load(directory, adata, { cells })
  try {
    return spreadRows(await model.getLatentRepresentation(), cells, adata.nCells)
  } finally {
    await model.dispose()
  }
}

async function write(
  output: string,
  file: string,
  adata: AnnData,
  latent: Matrix,
  overwrite: boolean,
  log: Log,
): Promise<void> {
  if (extname(output).startsWith('.h5')) {
    const { writeCopy } = await import('../../anndata/write/copy.js')
    const { detectFormat } = await import('../../anndata/read-any.js')
    const { LATENT_KEY } = await import('../fit/output-keys.js')
    const additions = { obsm: { [LATENT_KEY]: latent } }
    for (const change of await writeCopy(adata, await detectFormat(file), output, additions, { overwrite }))
      log.warn(change)
    return
  }
  const { writeBeside } = await import('../../anndata/write/beside.js')
  const { writeArrow, writeLatentCsv } = await import('../latent-table.js')
  const table = { cellNames: adata.obsNames, latent, scores: {} }
  const into = extname(output) === '.csv' ? writeLatentCsv : writeArrow
  await writeBeside(output, (path) => into(path, table), { overwrite })
}

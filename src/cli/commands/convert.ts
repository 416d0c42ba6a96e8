import { formatCount } from '../../report/format.js'
import { type Arguments, type Command, verbosityOf } from '../arguments.js'
import { countsOptions, MATRIX_OPTIONS } from '../counts-options.js'
import { Log } from '../log.js'
import { printJson } from '../print-json.js'
import { convertScvi } from './convert-scvi.js'

/** `scvae convert FILE TARGET`: from any format that is read to one that is written. */
export const convert: Command = {
  usage: 'convert <file> <target>',
  describe: 'Write a file in another format: .h5ad, .zarr, .arrow, or 10x .h5 or folder',
  positionals: {
    file: 'An .h5ad or .h5mu file or zarr store, 10x .h5 or mtx folder, loom or .arrow file; a model folder of scvi-tools',
    target:
      'What to write; ends in .h5ad, .zarr, .zarr.zip, .arrow or .h5 (10x), or in / for a 10x folder; a folder for a model',
  },
  options: {
    ...MATRIX_OPTIONS,
    layer: { ...MATRIX_OPTIONS.layer, describe: 'Write only this layer, as X, with obs and var' },
    'use-raw': { ...MATRIX_OPTIONS['use-raw'], describe: 'Write only raw/X, as X, with obs and var' },
    overwrite: { type: 'boolean', describe: 'Replace the target if it exists', group: 'Output:' },
    json: { type: 'boolean', describe: 'Print as JSON', group: 'Output:' },
  },
  examples: [
    ['$0 convert filtered_feature_bc_matrix pbmc.h5ad', 'a 10x folder as AnnData'],
    ['$0 convert pbmc.h5ad pbmc.zarr', 'all of a file as a zarr store'],
    ['$0 convert scvi_model pbmc.model', 'a model of scvi-tools as one of scvae'],
  ],
  async run(args: Arguments): Promise<void> {
    const [file, target] = [args.positional('file'), args.positional('target')]
    const { isScviModel } = await import('../../files/scvi-tools/import.js')
    if (isScviModel(file)) return convertScvi(args)
    const log = new Log(verbosityOf(args))
    const { convertFile } = await import('../../anndata/convert.js')
    const { from, to, nCells, nGenes, warnings } = await convertFile(file, target, {
      overwrite: args.flag('overwrite'),
      ...countsOptions(args),
    })
    for (const warning of warnings) log.warn(warning)
    log.info(`wrote ${target}: ${formatCount(nCells)} cells × ${formatCount(nGenes)} genes`)
    if (args.flag('json')) {
      const result = { tool: 'scvae', path: target, from, to, n_cells: nCells, n_genes: nGenes, warnings }
      printJson(result, log.verbosity)
    }
  },
}

import { formatCount } from '../../report/format.js'
import { type Arguments, type Command, verbosityOf } from '../arguments.js'
import { Log } from '../log.js'

/** `scvae export-scvi MODEL TARGET --adata FILE`: a model for scvi-tools. */
export const exportScvi: Command = {
  usage: 'export-scvi <model> <target>',
  describe: 'Write a model as a folder that scvi-tools 1.4 loads',
  positionals: {
    model: 'A model folder of scvae (PREFIX.model)',
    target: 'The folder to write model.pt into',
  },
  options: {
    adata: {
      type: 'string',
      requiresArg: true,
      demandOption: true,
      describe: 'The .h5ad file that the model will be loaded with',
      group: 'Data:',
    },
    layer: { type: 'string', requiresArg: true, describe: 'Its layer with counts, if not X', group: 'Data:' },
    overwrite: { type: 'boolean', describe: 'Replace the model.pt in the folder', group: 'Output:' },
  },
  examples: [['$0 export-scvi pbmc.model pbmc-scvi --adata pbmc.h5ad', 'for scvi.model.SCVI.load']],
  async run(args: Arguments): Promise<void> {
    const [directory, target] = [args.positional('model'), args.positional('target')]
    const log = new Log(verbosityOf(args))
    const layer = args.text('layer')
    const options = layer === undefined ? {} : { layer }
    const { readModel } = await import('../../files/model-files.js')
    const { exportScviModel } = await import('../../files/scvi-tools/export.js')
    const { readExportTarget } = await import('../../files/scvi-tools/export-target.js')
    const { scviClass } = await import('../../files/scvi-tools/model-class.js')
    const model = readModel(directory)
    const data = await readExportTarget(args.text('adata')!, model.description, options)
    await exportScviModel(model, data, target, { ...options, overwrite: args.flag('overwrite') })
    const { genes, config } = model.description
    const isAll = genes.length === data.varNames.length && genes.every((gene, i) => gene === data.varNames[i])
    const className = `scvi.model.${scviClass(model.description)}`
    log.info(`wrote ${target}: ${className}.load("${target}", adata=adata) opens it`)
    if (config.prior !== 'normal') {
      log.warn(
        `its ${config.prior} prior is left out, as scvi-tools has none: latents and expression are the same there, the ELBO is not`,
      )
    }
    if (!isAll) {
      const names = `${className}.load_registry("${target}")["field_registries"]["X"]["state_registry"]["column_names"]`
      log.info(
        `it has ${formatCount(genes.length)} genes; take these first: adata = adata[:, ${names}].copy()`,
      )
    }
  },
}

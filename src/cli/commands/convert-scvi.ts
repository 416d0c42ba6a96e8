import { ScvaeError } from '../../errors.js'
import { formatCount } from '../../report/format.js'
import { type Arguments, verbosityOf } from '../arguments.js'
import { Log } from '../log.js'
import { printJson } from '../print-json.js'

/** Options of `convert` that a model has no use for. */
const OF_DATA = ['layer', 'use-raw', 'genome', 'feature-type']

/** `scvae convert MODEL_DIR OUT.model`: a model of scvi-tools as one of scvae. */
export async function convertScvi(args: Arguments): Promise<void> {
  const [path, target] = [args.positional('file'), args.positional('target')]
  const log = new Log(verbosityOf(args))
  const odd = OF_DATA.find((name) => args.flag(name) || args.text(name) !== undefined)
  if (odd !== undefined) {
    throw new ScvaeError('usage', `--${odd} is for files with counts; "${path}" is a model of scvi-tools.`)
  }
  const { convertScviModel } = await import('../../files/scvi-tools/import.js')
  const { description, layer, scviVersion } = convertScviModel(path, target, {
    overwrite: args.flag('overwrite'),
  })
  const { genes, config } = description
  log.info(
    `read a model of scvi-tools ${scviVersion}: ${formatCount(genes.length)} genes, ${config.likelihood}`,
  )
  if (layer !== null) log.warn(`The model was trained on the layer "${layer}": give it counts from there.`)
  log.info(`wrote ${target}`)
  if (args.flag('json')) {
    const result = {
      tool: 'scvae',
      path: target,
      from: `scvi-tools ${scviVersion}`,
      n_genes: genes.length,
      layer,
      model: config,
    }
    printJson(result, log.verbosity)
  }
}

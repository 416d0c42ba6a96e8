import { type Arguments, type Command, verbosityOf } from '../arguments.js'
import { printJson } from '../print-json.js'

/** `scvae info MODEL`: what a model is. */
export const info: Command = {
  usage: 'info <model>',
  describe: 'Show what a model is: genes, covariates, settings, training, origin',
  positionals: { model: 'A model folder (PREFIX.model)' },
  options: { json: { type: 'boolean', describe: 'Print as JSON, all genes and epochs', group: 'Output:' } },
  examples: [['$0 info pbmc.model', 'what it was trained on, and how']],
  async run(args: Arguments): Promise<void> {
    const { summaryOf } = await import('../info/model-summary.js')
    const { modelJson, modelText } = await import('../info/model-text.js')
    const summary = summaryOf(args.positional('model'))
    if (args.flag('json')) printJson(modelJson(summary), verbosityOf(args))
    else process.stdout.write(`${modelText(summary)}\n`)
  },
}

import type { Role } from '../../analysis/design/roles.js'
import { ScvaeError } from '../../errors.js'
import { type Arguments, type Command, verbosityOf } from '../arguments.js'
import { COUNTS_OPTIONS, countsOptions } from '../counts-options.js'
import { Log } from '../log.js'
import { flag, grouped, repeated, text } from '../option-specs.js'
import { subsetTerms } from '../subset-terms.js'

const ROLE_OPTIONS = {
  'batch-key': text('Column by which cells were measured: judged as a batch key whatever its name'),
  'sample-key': repeated('Column of samples or donors'),
  'condition-key': repeated('Column of what is compared: treatment, disease, time'),
  'labels-key': repeated('Column of what cells were found to be: cell types, clusters'),
}

/** `scvae design FILE`: the study behind a file, before a model is fitted. */
export const design: Command = {
  usage: 'design <file>',
  describe: 'Which batch key to take and what it gives up; batches, copies of cells, genes of the soup',
  positionals: { file: 'Raw counts: .h5ad or zarr, 10x .h5 or mtx folder, loom' },
  options: {
    ...COUNTS_OPTIONS,
    ...grouped('Data:', {
      subset: repeated('COLUMN=VALUE; the cells with it, as in fit'),
    }),
    ...grouped('Design:', ROLE_OPTIONS),
    ...grouped('Output:', {
      output: { ...text('Prefix: writes PREFIX_design.json and .html too'), alias: 'o' },
      overwrite: flag('Replace files that exist'),
      json: flag('Print as JSON'),
    }),
  },
  examples: [['$0 design data/demo.h5ad', 'which columns cross, which key to take']],
  async run(args: Arguments): Promise<void> {
    const log = new Log(verbosityOf(args))
    const request = {
      file: args.positional('file'),
      counts: countsOptions(args),
      subset: subsetTerms(args),
      roles: rolesOf(args),
      batchKey: args.text('batch-key'),
      output: args.text('output'),
      overwrite: args.flag('overwrite'),
      json: args.flag('json'),
    }
    const { runDesign } = await import('../design/run-design.js')
    await runDesign(request, log)
  },
}

function rolesOf(args: Arguments): Record<string, Role> {
  const roles: Record<string, Role> = {}
  for (const role of ['sample', 'condition', 'labels'] as const) {
    for (const name of args.texts(`${role}-key`)) {
      if (roles[name] !== undefined) {
        throw new ScvaeError('usage', `"${name}" was given two parts in the design.`, {
          hint: 'Give it one.',
        })
      }
      roles[name] = role === 'labels' ? 'label' : role
    }
  }
  return roles
}

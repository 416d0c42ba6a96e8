import { ScvaeError } from '../../errors.js'
import type { Arguments, Command } from '../arguments.js'
import { METRICS_SCHEMA } from '../schema/metrics-schema.js'

/** What there is a schema of. */
const SCHEMAS: Readonly<Record<string, object>> = { metrics: METRICS_SCHEMA }

/** `scvae schema NAME`: the JSON schema of an output, for programs that read it. */
export const schema: Command = {
  usage: 'schema <name>',
  describe: 'Print the JSON schema of an output: names, types, units',
  positionals: { name: Object.keys(SCHEMAS).join(' | ') },
  options: {},
  examples: [['$0 schema metrics', 'what PREFIX_metrics.json holds']],
  async run(args: Arguments): Promise<void> {
    const name = args.positional('name')
    const found = Object.hasOwn(SCHEMAS, name) ? SCHEMAS[name] : undefined
    if (!found) {
      throw new ScvaeError('usage', `There is no schema "${name}".`, {
        hint: `There is: ${Object.keys(SCHEMAS).join(', ')}.`,
      })
    }
    process.stdout.write(`${JSON.stringify(found, null, 2)}\n`)
  },
}

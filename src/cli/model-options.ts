import { extname } from 'node:path'
import { ScvaeError } from '../errors.js'
import { type Arguments, verbosityOf } from './arguments.js'
import { COUNTS_OPTIONS, countsOptions } from './counts-options.js'
import { DEVICE_WORDS, deviceName } from './device-name.js'
import { grouped, number, text } from './option-specs.js'

/** Options of commands that ask a model about the cells of a file. */
export const QUERY_OPTIONS = {
  ...COUNTS_OPTIONS,
  ...grouped('Data:', {
    'gene-key': text("Column of var to find the model's genes by; without it, what finds most of them"),
    'allow-noninteger': { type: 'boolean', describe: 'Take fractions as counts' },
  }),
  ...grouped('Machine:', {
    device: { ...text(DEVICE_WORDS), default: 'auto' },
    threads: { ...number('CPU threads'), defaultDescription: 'all cores' },
  }),
} as const

/** What was given of these, and the command's positionals. */
export function queryOptions(args: Arguments) {
  return {
    directory: args.positional('model'),
    file: args.positional('file'),
    counts: countsOptions(args),
    geneKey: args.text('gene-key'),
    allowNoninteger: args.flag('allow-noninteger'),
    device: deviceName(args),
    threads: args.whole('threads', 1),
    verbosity: verbosityOf(args),
  }
}

/** Words of a list that is separated by commas; undefined where it was not given. */
function listOption(args: Arguments, name: string): string[] | undefined {
  return args
    .text(name)
    ?.split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '')
}

/** Genes that are asked for by `--genes`, or a file of them by `--genes-file`. */
export interface GenesGiven {
  genes: string[] | undefined
  genesFile: string | undefined
}

/** @throws ScvaeError `usage` where both were given */
export function geneOptions(args: Arguments): GenesGiven {
  const genesFile = args.text('genes-file')
  if (args.text('genes') !== undefined && genesFile !== undefined)
    throw new ScvaeError('usage', '--genes and --genes-file exclude each other.')
  return { genes: listOption(args, 'genes'), genesFile }
}

/** @throws ScvaeError `usage` for an output that ends in something else */
export function checkEnding(output: string, endings: readonly string[]): void {
  if (!endings.includes(extname(output)))
    throw new ScvaeError('usage', `-o must end in ${endings.join(', ')}, not "${output}".`)
}

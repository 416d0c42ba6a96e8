import yargs from 'yargs'
import { ScvaeError } from '../errors.js'
import { packageVersion } from '../package.js'
import { Arguments, type Command } from './arguments.js'
import { coloured } from './colour.js'
import { abundance } from './commands/abundance.js'
import { cluster } from './commands/cluster.js'
import { completionOf } from './commands/completion.js'
import { convert } from './commands/convert.js'
import { correlate } from './commands/correlate.js'
import { de } from './commands/de.js'
import { design } from './commands/design.js'
import { devices } from './commands/devices.js'
import { diagnose } from './commands/diagnose.js'
import { embed } from './commands/embed.js'
import { evaluate } from './commands/evaluate.js'
import { exportScvi } from './commands/export-scvi.js'
import { fit } from './commands/fit.js'
import { generate } from './commands/generate.js'
import { impute } from './commands/impute.js'
import { info } from './commands/info.js'
import { inspect } from './commands/inspect.js'
import { normalize } from './commands/normalize.js'
import { report as reportCommand } from './commands/report.js'
import { schema } from './commands/schema.js'
import { simulate } from './commands/simulate.js'
import { tune } from './commands/tune.js'
import { umap } from './commands/umap.js'
import { verify } from './commands/verify.js'
import { askedForAll, defaultsOf, otherOptions, shownOptions } from './help.js'
import { usageError } from './usage-error.js'

const COMMANDS: readonly Command[] = [
  fit,
  embed,
  normalize,
  generate,
  impute,
  abundance,
  de,
  correlate,
  cluster,
  umap,
  info,
  inspect,
  design,
  evaluate,
  diagnose,
  tune,
  verify,
  reportCommand,
  convert,
  exportScvi,
  devices,
  simulate,
  schema,
  completionOf(() => COMMANDS),
]

/** Parses the words of a command line and runs the command. */
export async function run(given: readonly string[]): Promise<void> {
  const { words, all } = askedForAll(given)
  const parser = yargs(words)
    .scriptName('scvae')
    .usage('$0 <command> [options]\n\nVariational autoencoders for single-cell counts.')
    .parserConfiguration({
      // options are called by the one name that they are documented under
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'parse-positional-numbers': false,
    })
    .version(packageVersion())
    .help('help', 'Show what matters most; --help all shows every option')
    .alias('help', 'h')
    .strict()
    .demandCommand(1)
    .exitProcess(false)
    .showHelpOnFail(false)
    .fail((message, error) => {
      throw error instanceof ScvaeError || !message ? error : usageError(message, words, COMMANDS)
    })
    .wrap(Math.min(110, process.stdout.columns ?? 110))
  for (const command of COMMANDS) {
    parser.command(
      command.usage,
      command.describe,
      (one) => {
        for (const [name, describe] of Object.entries(command.positionals)) {
          one.positional(name, { describe, type: 'string' })
        }
        for (const [line, describe] of command.examples) one.example(line, describe)
        const more = all ? '' : otherOptions(command)
        return one.options(shownOptions(command, all)).epilogue(more)
      },
      (values) => command.run(new Arguments(values, defaultsOf(command))),
    )
  }
  await parser.parseAsync()
}

/** Prints an error as one sentence and gives its exit code. */
export function report(error: unknown, verbose: boolean): number {
  if (error instanceof ScvaeError) {
    complain(`scvae: ${error.message}`, error.hint ? ` ${error.hint}` : '')
    if (verbose && error.cause instanceof Error) process.stderr.write(`${error.cause.stack}\n`)
    return error.exitCode
  }
  const message = error instanceof Error ? error.message : String(error)
  complain(`scvae: internal error: ${message.split('\n')[0]}`)
  if (verbose && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  return 1
}

function complain(what: string, advice = ''): void {
  process.stderr.write(`${coloured(what, 'red', process.stderr)}${advice}\n`)
}

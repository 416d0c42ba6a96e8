import type { Verbosity } from './log.js'

/** Prints a record on standard output: in one line under `--quiet`, for programs that read line by line, else indented. */
export function printJson(record: object, verbosity: Verbosity): void {
  process.stdout.write(`${JSON.stringify(record, null, verbosity === 'quiet' ? 0 : 2)}\n`)
}

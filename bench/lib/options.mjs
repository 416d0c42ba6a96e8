import { parseArgs } from 'node:util'

/**
 * Flags of a benchmark. Every one takes a value but those whose default is a boolean; unknown flags end the program.
 *
 * @param {string} about one line for `--help`
 * @param {Record<string, string | boolean>} defaults
 * @returns {Record<string, string | boolean>}
 */
export function options(about, defaults) {
  const known = { json: '', ...defaults }
  const spec = Object.fromEntries(
    Object.entries(known).map(([name, value]) => [name, { type: typeof value, default: value }]),
  )
  try {
    const { values } = parseArgs({ options: { ...spec, help: { type: 'boolean', default: false } } })
    if (!values.help) return values
    process.stdout.write(`${about}\n\n${usage(known)}\n`)
    process.exit(0)
  } catch (error) {
    process.stderr.write(`${error.message}\n\n${usage(known)}\n`)
    process.exit(2)
  }
}

const usage = (known) =>
  Object.entries(known)
    .map(([name, value]) => `  --${name}${value === false ? '' : ` (${value === '' ? 'none' : value})`}`)
    .join('\n')

/** @param {string} text "1,2" */
export const list = (text) => text.split(',').filter((item) => item !== '')

/** @param {string} text "1,2" */
export const numbers = (text) => list(text).map(Number)

import { readFileSync } from 'node:fs'
import { isMap, LineCounter, parseDocument, stringify } from 'yaml'
import { nearest } from '../../anndata/frame/nearest.js'
import { ScvaeError } from '../../errors.js'
import {
  type Arguments,
  COMMON_OPTIONS,
  type OptionSpec,
  type OptionSpecs,
  type Values,
} from '../arguments.js'
import { EXCLUSIVE } from './exclusive.js'
import { PRESETS } from './presets.js'

/**
 * What was given, over what the `--config` file says, over the `--preset`, whose name may stand in the file.
 *
 * @throws ScvaeError `usage` for a preset that there is not, and for a file that cannot be read or has a wrong key
 */
export function withSettingsOf(args: Arguments, options: OptionSpecs): Arguments {
  const path = args.text('config')
  return withSettings(args, path === undefined ? {} : readConfig(path, options))
}

/** What was given, over such values, over the preset that either names. */
function withSettings(args: Arguments, file: Values): Arguments {
  const asked = args.over(without(file, args))
  const preset = asked.choice('preset', Object.keys(PRESETS) as (keyof typeof PRESETS)[])
  return preset === undefined ? asked : asked.over(without(PRESETS[preset], asked))
}

/** Values below some that were given, without those that a given one excludes. */
function without(values: Values, given: Arguments): Values {
  const excluded = EXCLUSIVE.filter((group) => group.some((name) => given.has(name))).flat()
  return Object.fromEntries(Object.entries(values).filter(([name]) => !excluded.includes(name)))
}

/** Settings of a run as a file that `--config` takes. */
export function configText(values: Values): string {
  return stringify(values)
}

/** The values of a YAML file by the names of options. */
function readConfig(path: string, options: OptionSpecs): Values {
  let source: string
  try {
    source = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ScvaeError('usage', `The config file "${path}" cannot be read.`, { cause })
  }
  return parseConfig(source, path, options)
}

/** @throws ScvaeError `usage` for a text that is no YAML, or has a wrong key */
function parseConfig(source: string, path: string, options: OptionSpecs): Values {
  const lines = new LineCounter()
  const document = parseDocument(source, { lineCounter: lines })
  const [error] = document.errors
  if (error) {
    const { line } = lines.linePos(error.pos[0])
    throw new ScvaeError('usage', `The config file "${path}" is no YAML from line ${line} on.`, {
      cause: error,
    })
  }
  if (document.contents !== null && !isMap(document.contents)) {
    throw new ScvaeError('usage', `The config file "${path}" has no settings.`, {
      hint: 'Write one a line, such as "batch-key: donor".',
    })
  }
  const known: OptionSpecs = { ...options, ...COMMON_OPTIONS, files: { array: true } }
  const values = Object.entries<unknown>(document.toJS() ?? {})
  return Object.fromEntries(values.map(([name, value]) => [name, checked(path, name, value, known)]))
}

/** @throws ScvaeError `usage` for a name that there is not, and a value that its option does not take */
function checked(path: string, name: string, value: unknown, known: OptionSpecs): unknown {
  const spec = name === 'config' ? undefined : known[name]
  if (spec === undefined) {
    const names = Object.keys(known).filter((one) => one !== 'config')
    throw new ScvaeError('usage', `The config file "${path}" sets "${name}", which is no option.`, {
      hint: `Did you mean "${nearest(name, names)[0]}"?`,
    })
  }
  const wanted = wantedOf(spec)
  if (wanted.takes(value)) return spec.array && !Array.isArray(value) ? [value] : value
  const shown = JSON.stringify(value)
  throw new ScvaeError(
    'usage',
    `In the config file "${path}", ${name} must be ${wanted.words}, not ${shown}.`,
  )
}

function wantedOf(spec: OptionSpec): { words: string; takes: (value: unknown) => boolean } {
  const isWord = (value: unknown) => typeof value === 'string' || typeof value === 'number'
  if (spec.type === 'boolean') return { words: 'true or false', takes: (value) => typeof value === 'boolean' }
  if (spec.type === 'number') return { words: 'a number', takes: (value) => typeof value === 'number' }
  if (!spec.array) return { words: 'a text or a number', takes: isWord }
  return {
    words: 'a list of texts or numbers',
    takes: (value) => (Array.isArray(value) ? value.every(isWord) : isWord(value)),
  }
}

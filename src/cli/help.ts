import type { Command, OptionSpec, OptionSpecs } from './arguments.js'
import { COMMON_OPTIONS } from './arguments.js'
import { COUNTS_OPTIONS } from './counts-options.js'
import { programName } from './program-name.js'

/** What the help of a command tells of at once. */
const FIRST_GROUP = 'Used most:'

/** Which of the many ways to store counts are told of at once. */
const USUAL_COUNTS = ['layer', 'use-raw']

/** A command line in which `--help all` was asked for is one with `--help`, and all is shown. */
export function askedForAll(words: readonly string[]): { words: string[]; all: boolean } {
  const all = words.some((word, i) => isHelp(word) && words[i + 1] === 'all')
  return {
    words: all ? words.filter((word, i) => !(word === 'all' && isHelp(words[i - 1]))) : [...words],
    all,
  }
}

const isHelp = (word: string | undefined) => word === '--help' || word === '-h'

/**
 * A command's options as yargs shows them: those used most before all others, which are hidden unless all are asked for.
 * Defaults are shown, not given to yargs, so that what was given can be told from them.
 */
export function shownOptions(command: Command, all: boolean): OptionSpecs {
  const { options, first } = command
  const entries = Object.entries<OptionSpec>({ ...options, ...COMMON_OPTIONS })
  const leading = (first ?? []).map((name) => [name, { ...options[name], group: FIRST_GROUP }] as const)
  const rest = entries
    .filter(([name]) => !first?.includes(name))
    .map(
      ([name, spec]) =>
        [name, { ...spec, ...(!all && isSeldom(command, name) && { hidden: true }) }] as const,
    )
  return Object.fromEntries([...leading, ...rest].map(([name, spec]) => [name, withoutDefault(spec)]))
}

/** The defaults of a command's options. */
export function defaultsOf({ options }: Command): Record<string, unknown> {
  const entries = Object.entries<OptionSpec>(options).map(([name, spec]) => [name, spec.default] as const)
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined))
}

/** The options that the help of a command does not tell of, by their groups; an empty text where it tells of all. */
export function otherOptions(command: Command): string {
  const groups = new Map<string, string[]>()
  for (const [name, { group = 'Options:' }] of Object.entries<OptionSpec>(command.options)) {
    if (!isSeldom(command, name)) continue
    groups.set(group, [...(groups.get(group) ?? []), `--${name}`])
  }
  if (groups.size === 0) return ''
  const lines = Array.from(groups, ([group, names]) => `  ${group} ${names.join(', ')}`)
  const [name] = command.usage.split(' ')
  return [`More options, told of by ${programName()} ${name} --help all:`, ...lines].join('\n')
}

function isSeldom({ options, first }: Command, name: string): boolean {
  if (!(name in options)) return false
  return first ? !first.includes(name) : name in COUNTS_OPTIONS && !USUAL_COUNTS.includes(name)
}

function withoutDefault({ default: value, words: _, ...spec }: OptionSpec): OptionSpec {
  return value === undefined ? spec : { defaultDescription: JSON.stringify(value), ...spec }
}

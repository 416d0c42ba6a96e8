import type { Options } from 'yargs'
import { ScvaeError } from '../errors.js'

/** An option as yargs takes it, and the words that it takes where these are few. */
export type OptionSpec = Options & { words?: readonly string[] }

/** The options of a command by their kebab-case names. */
export type OptionSpecs = Readonly<Record<string, OptionSpec>>

/** A command of `scvae`. */
export interface Command {
  /** What yargs parses: the name and the positionals, `fit <file>`. */
  usage: string
  describe: string
  positionals: Readonly<Record<string, string>>
  options: OptionSpecs
  /** Options that the help tells of; all others are named in it, and told of by `--help all`. All where it is left out. */
  first?: readonly string[]
  /** What the positionals may be, where it is not a file. */
  words?: readonly string[]
  examples: readonly (readonly [command: string, description: string])[]
  run(args: Arguments): Promise<void>
}

/** Values of options by their names. */
export type Values = Readonly<Record<string, unknown>>

/** Parsed arguments with their types checked at the moment of asking, each mistake one sentence. */
export class Arguments {
  readonly #given: Values
  readonly #defaults: Values
  readonly #values: Values

  constructor(given: Values, defaults: Values = {}) {
    // yargs gives a list that nobody gave as an empty one
    const entries = Object.entries(given).filter(([, value]) => !Array.isArray(value) || value.length > 0)
    this.#given = Object.fromEntries(entries.filter(([, value]) => value !== undefined))
    this.#defaults = defaults
    this.#values = { ...defaults, ...this.#given }
  }

  /** These arguments with others below them, which count where nothing was given. */
  over(others: Values): Arguments {
    return new Arguments({ ...others, ...this.#given }, this.#defaults)
  }

  /** Whether an option was given, so that its value is no default. */
  has(name: string): boolean {
    return (this.#given[name] ?? false) !== false
  }

  /** The values of options by their names, defaults among them. */
  valuesOf(names: readonly string[]): Values {
    const found = names.map((name) => [name, this.#values[name]] as const)
    return Object.fromEntries(found.filter(([, value]) => value !== undefined))
  }

  flag(name: string): boolean {
    return this.#single(name) === true
  }

  text(name: string): string | undefined {
    const value = this.#single(name)
    if (value === '') throw new ScvaeError('usage', `--${name} needs a value.`)
    return value === undefined ? undefined : String(value)
  }

  /** A positional argument, which yargs has seen to be there. */
  positional(name: string): string {
    return String(this.#values[name])
  }

  texts(name: string): string[] {
    const values = this.#values[name] ?? []
    return (Array.isArray(values) ? values : [values]).map(String)
  }

  number(name: string): number | undefined {
    const value = this.#single(name)
    if (value === undefined) return undefined
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      throw new ScvaeError('usage', `--${name} needs a number.`)
    }
    return value
  }

  /** A whole number of at least `low`. */
  whole(name: string, low: number): number | undefined {
    const value = this.number(name)
    if (value !== undefined && (!Number.isInteger(value) || value < low)) {
      throw new ScvaeError('usage', `--${name} must be a whole number of at least ${low}, not ${value}.`)
    }
    return value
  }

  /** A size with its unit, `8GB` or `1.5 GiB`, in bytes. */
  bytes(name: string): number | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    const [, number, unit = 'B'] = /^(\d+(?:\.\d+)?|\.\d+) ?([a-z]+)?$/i.exec(value) ?? []
    const scale = UNITS[unit.toUpperCase()]
    if (number !== undefined && scale !== undefined) return Math.floor(Number(number) * scale)
    throw new ScvaeError('usage', `--${name} must be a size such as 500MB or 8GB, not "${value}".`)
  }

  /** A number, or one of a few words. */
  numberOr<const W extends string>(name: string, words: readonly W[]): number | W | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    const word = words.find((one) => one === value)
    if (word !== undefined) return word
    const number = Number(value)
    if (Number.isFinite(number)) return number
    throw new ScvaeError('usage', `--${name} must be a number or ${words.join(' or ')}, not "${value}".`)
  }

  choice<const W extends string>(name: string, words: readonly W[]): W | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    const word = words.find((one) => one === value)
    if (word !== undefined) return word
    throw new ScvaeError('usage', `--${name} must be one of ${words.join(', ')}, not "${value}".`)
  }

  /** A name in a file, in which HDF5 would take a slash for a path. */
  elementName(name: string): string | undefined {
    const value = this.text(name)
    if (!value?.includes('/')) return value
    throw new ScvaeError('usage', `--${name} takes a name without a slash, not "${value}".`)
  }

  #single(name: string): unknown {
    const value = this.#values[name]
    if (!Array.isArray(value)) return value
    throw new ScvaeError('usage', `--${name} was given ${value.length} times; it takes one value.`)
  }
}

/** Bytes of the units that sizes are given in. */
const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
}

/** Options that every command has. */
export const COMMON_OPTIONS = {
  quiet: { alias: 'q', type: 'boolean', describe: 'Log warnings only', group: 'Log:' },
  verbose: { alias: 'v', type: 'boolean', describe: 'Log details, and the stack of an error', group: 'Log:' },
} as const satisfies OptionSpecs

/** How much the log shows. */
export function verbosityOf(args: Arguments): 'quiet' | 'normal' | 'verbose' {
  if (args.flag('quiet') && args.flag('verbose')) {
    throw new ScvaeError('usage', '--quiet and --verbose exclude each other.')
  }
  if (args.flag('quiet')) return 'quiet'
  return args.flag('verbose') ? 'verbose' : 'normal'
}

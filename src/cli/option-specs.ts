import type { OptionSpecs } from './arguments.js'

/** An option that takes a text. */
export function text(describe: string) {
  return { type: 'string', requiresArg: true, describe } as const
}

/** An option that takes one of a few words. */
export function oneOf(words: readonly string[], note = '') {
  return { ...text(`${words.join(' | ')}${note}`), words } as const
}

/** An option that takes a number. */
export function number(describe: string) {
  return { type: 'number', requiresArg: true, describe } as const
}

/** An option that may be given several times. */
export function repeated(describe: string) {
  return { type: 'string', array: true, requiresArg: true, describe } as const
}

/** An option without a value. */
export function flag(describe: string) {
  return { type: 'boolean', describe } as const
}

/** Options under one heading of the help. */
export function grouped<T extends OptionSpecs>(
  group: string,
  specs: T,
): { [K in keyof T]: T[K] & { group: string } } {
  const entries = Object.entries(specs).map(([name, spec]) => [name, { ...spec, group }])
  return Object.fromEntries(entries) as { [K in keyof T]: T[K] & { group: string } }
}

import { nearest } from '../anndata/frame/nearest.js'
import { ScvaeError } from '../errors.js'
import type { Command } from './arguments.js'
import { COMMON_OPTIONS } from './arguments.js'

/** yargs' own sentence about what it could not parse, as one sentence of ours with the nearest right word. */
export function usageError(
  message: string,
  words: readonly string[],
  commands: readonly Command[],
): ScvaeError {
  const names = commands.map((command) => command.usage.split(' ')[0]!)
  const name = words.find((word) => names.includes(word))
  const command = commands.find((one) => one.usage.split(' ')[0] === name)
  const help = { hint: command ? `See scvae ${name} --help.` : 'See scvae --help.' }
  const unknown = /^Unknown (?:argument|command)s?: (.*)$/.exec(message)?.[1]?.split(', ')[0]
  if (unknown !== undefined) return unknownWord(unknown, words, command, names)
  const missing = /^Not enough arguments following: (.*)$/.exec(message)?.[1]
  if (missing !== undefined) return new ScvaeError('usage', `${dashed(missing)} needs a value.`, help)
  if (/^Not enough non-option arguments/.test(message)) {
    const wanted = command ? /<(\w+)>/.exec(command.usage)?.[1] : 'command'
    return new ScvaeError('usage', `${command ? `scvae ${name}` : 'scvae'} needs a ${wanted}.`, help)
  }
  return new ScvaeError('usage', `${message.split('\n')[0]!.replace(/\.$/, '')}.`, help)
}

function unknownWord(
  unknown: string,
  words: readonly string[],
  command: Command | undefined,
  names: readonly string[],
): ScvaeError {
  const isOption = words.some((word) => /^-/.test(word) && word.replace(/^-+/, '').split('=')[0] === unknown)
  if (!isOption && command === undefined) {
    return new ScvaeError('usage', `There is no command "${unknown}".`, {
      hint: `The commands, nearest first: ${nearest(unknown, names).join(', ')}.`,
    })
  }
  if (!isOption) {
    return new ScvaeError('usage', `"${unknown}" is one argument too many.`, {
      hint: `Usage: scvae ${command!.usage}.`,
    })
  }
  const help = `See scvae ${command ? `${command.usage.split(' ')[0]} ` : ''}--help.`
  if (unknown.length === 1) return new ScvaeError('usage', `There is no option -${unknown}.`, { hint: help })
  const known = [...Object.keys(command?.options ?? {}), ...Object.keys(COMMON_OPTIONS), 'help', 'version']
  return new ScvaeError('usage', `There is no option ${dashed(unknown)}.`, {
    hint: `Did you mean ${dashed(nearest(unknown, known)[0]!)}?`,
  })
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`
}

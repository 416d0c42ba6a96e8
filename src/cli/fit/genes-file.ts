import { readFileSync } from 'node:fs'
import { ScvaeError } from '../../errors.js'
import type { GenesGiven } from '../model-options.js'

/**
 * The names of a list of genes: one a line, without what follows a `#`.
 *
 * @throws ScvaeError `bad-input` for a file that cannot be read, and one without a name
 */
export function readGenesFile(path: string): string[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new ScvaeError('bad-input', `The list of genes "${path}" cannot be read.`, {
      hint: `The system says ${(cause as NodeJS.ErrnoException).code ?? String(cause)}.`,
      cause,
    })
  }
  const names = text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '')
  if (names.length > 0) return names
  throw new ScvaeError('bad-input', `The list of genes "${path}" has no name in it.`, {
    hint: 'It has one name or id a line.',
  })
}

/**
 * Names of the genes that were asked for, on the command line or in a file; undefined for all.
 *
 * @throws ScvaeError as {@link readGenesFile}
 */
export const genesAsked = ({ genes, genesFile }: GenesGiven): readonly string[] | undefined =>
  genesFile === undefined ? genes : readGenesFile(genesFile)

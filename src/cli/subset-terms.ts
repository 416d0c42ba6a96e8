import type { SubsetTerm } from '../cells/subset.js'
import { ScvaeError } from '../errors.js'
import type { Arguments } from './arguments.js'

/** What was given of `--subset`. */
export function subsetTerms(args: Arguments): SubsetTerm[] {
  return args.texts('subset').map(subsetTerm)
}

/** One `--subset COLUMN=VALUE`. */
function subsetTerm(text: string): SubsetTerm {
  const at = text.indexOf('=')
  if (at < 1) {
    throw new ScvaeError('usage', `--subset takes COLUMN=VALUE, not "${text}".`)
  }
  return { column: text.slice(0, at), value: text.slice(at + 1) }
}

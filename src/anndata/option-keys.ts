import { ScvaeError } from '../errors.js'
import { nearestList } from './frame/nearest.js'

/**
 * Refuses an option that a function does not have, so that a misspelt one is not ignored.
 *
 * @throws ScvaeError `usage` naming the option and those that there are
 */
export function checkOptionKeys(caller: string, options: object, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue
    throw new ScvaeError('usage', `${caller} has no option "${key}".`, {
      hint: `Its options, nearest first: ${nearestList(key, known)}.`,
    })
  }
}

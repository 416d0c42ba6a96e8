import { ScvaeError } from '../../errors.js'
import { nearestList } from './nearest.js'

/** Names that are compared for the nearest to a misspelt one. */
const COMPARED = 100_000

/**
 * Positions of names (or of positions, which are checked).
 *
 * @param what they are: `cell` or `gene`
 * @throws ScvaeError `bad-input` for a name that is not there or not unique, or a position beyond the last; `usage` for
 * one asked for twice
 */
export function positionsOf(
  wanted: readonly (string | number)[],
  names: readonly string[],
  what: 'cell' | 'gene',
  file: string,
): Int32Array {
  const byName = new Map<string, number>()
  const repeated = new Set<string>()
  if (wanted.some((key) => typeof key === 'string')) {
    for (const [i, name] of names.entries()) {
      if (byName.has(name)) repeated.add(name)
      else byName.set(name, i)
    }
  }
  const positions = Int32Array.from(wanted, (key) => {
    if (typeof key === 'number') {
      if (Number.isInteger(key) && key >= 0 && key < names.length) return key
      throw new ScvaeError(
        'bad-input',
        `"${file}" has no ${what} at position ${key}: it has ${names.length}.`,
      )
    }
    if (repeated.has(key)) {
      throw new ScvaeError('bad-input', `"${file}" has more than one ${what} named "${key}".`, {
        hint: 'Ask for it by its position.',
      })
    }
    const position = byName.get(key)
    if (position !== undefined) return position
    throw new ScvaeError('bad-input', `"${file}" has no ${what} "${key}".`, {
      hint: `Its ${what}s, nearest first: ${nearestList(key, names.slice(0, COMPARED), 5)}.`,
    })
  })
  const seen = new Set<number>()
  for (const [i, position] of positions.entries()) {
    if (seen.has(position)) throw new ScvaeError('usage', `The ${what} "${wanted[i]}" was asked for twice.`)
    seen.add(position)
  }
  return positions
}

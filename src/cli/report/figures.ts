import { ScvaeError } from '../../errors.js'
import type { Arguments } from '../arguments.js'

/** Endings of the files that `--figures svg` writes. */
const FIGURES = ['map_clusters', 'map_score', 'training'] as const

/** Where a figure goes. */
export const figurePath = (prefix: string, figure: string): string => `${prefix}_${figure}.svg`

/** All files that figures may be in. */
export const figurePaths = (prefix: string): string[] => FIGURES.map((figure) => figurePath(prefix, figure))

/**
 * Whether `--figures` asks for figures.
 *
 * @throws ScvaeError `usage` for another kind than svg
 */
export function figuresAsked(args: Arguments): boolean {
  const kinds = args.text('figures')?.split(',') ?? []
  const other = kinds.find((kind) => kind.trim() !== 'svg')
  if (other === undefined) return kinds.length > 0
  throw new ScvaeError('usage', `--figures writes svg, not "${other}".`, {
    hint: 'A PNG is made of one by rsvg-convert, Inkscape or any browser.',
  })
}

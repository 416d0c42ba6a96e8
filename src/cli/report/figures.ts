import { ScvaeError } from '../../errors.js'
import type { Arguments } from '../arguments.js'

/** What the main figures are called in the names of their files. */
const FIGURES = ['map_clusters', 'map_score', 'training'] as const

const KINDS = ['svg', 'png'] as const

/** What a figure is written as. */
export type FigureKind = (typeof KINDS)[number]

/** Where a figure goes. */
export const figurePath = (prefix: string, figure: string, kind: FigureKind): string =>
  `${prefix}_${figure}.${kind}`

/** All files that figures may be in. */
export const figurePaths = (prefix: string, kinds: readonly FigureKind[]): string[] =>
  FIGURES.flatMap((figure) => kinds.map((kind) => figurePath(prefix, figure, kind)))

/**
 * What `--figures` asks figures to be written as; nothing without it.
 *
 * @throws ScvaeError `usage` for another kind
 */
export function figureKinds(args: Arguments): FigureKind[] {
  const asked = args.text('figures')?.split(',') ?? []
  return asked.map((word) => {
    const kind = KINDS.find((one) => one === word.trim())
    if (kind) return kind
    throw new ScvaeError('usage', `--figures writes svg and png, not "${word}".`, {
      hint: 'Give svg, png or svg,png.',
    })
  })
}

import { ScvaeError } from '../../errors.js'
import { reportFigures } from '../../report/figures/report-figures.js'
import { svgToPng } from '../../report/figures/svg-to-png.js'
import type { ReportData } from '../../report/report-data.js'
import type { Arguments } from '../arguments.js'

/** What the main figures are called in the names of their files. */
const FIGURES = ['map_clusters', 'map_score', 'training'] as const

const KINDS = ['svg', 'png'] as const

/** What a figure is written as. */
export type FigureKind = (typeof KINDS)[number]

const figurePath = (prefix: string, figure: string, kind: FigureKind) => `${prefix}_${figure}.${kind}`

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

/** The main figures of a report that there are, by their paths. */
export async function figureFiles(
  prefix: string,
  data: ReportData,
  kinds: readonly FigureKind[],
): Promise<Map<string, string | Uint8Array>> {
  const files = new Map<string, string | Uint8Array>()
  if (kinds.length === 0) return files
  for (const [figure, svg] of reportFigures(data))
    for (const kind of kinds)
      files.set(figurePath(prefix, figure, kind), kind === 'svg' ? svg : await svgToPng(svg))
  return files
}

import { reportFigures } from '../../report/figures/report-figures.js'
import { svgToPng } from '../../report/figures/svg-to-png.js'
import type { ReportData } from '../../report/report-data.js'
import { type FigureKind, figurePath } from './figures.js'

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

import { lineFigure } from '../line-chart.js'
import type { ReportData } from '../report-data.js'
import { trainingCharts } from '../training.js'
import { mapFigure } from './map-figure.js'

/** What the outlier score is called among the colourings. */
export const SCORE_COLORING = 'outlier score'

/** The main figures of a report that there are, as SVG, by the ending of their file's name. */
export function reportFigures(data: ReportData): Map<string, string> {
  const { umap, colorings, clusters = [] } = data
  const figures = new Map<string, string>()
  for (const [ending, name] of [
    ['map_clusters', clusters[0]?.name],
    ['map_score', SCORE_COLORING],
  ] as const) {
    const coloring = colorings.find((one) => one.name === name)
    if (umap && coloring) figures.set(ending, mapFigure(umap, coloring))
  }
  const [loss] = data.history.length > 0 ? trainingCharts(data) : []
  const curve = loss && lineFigure(loss)
  if (curve !== undefined) figures.set('training', `${curve}\n`)
  return figures
}

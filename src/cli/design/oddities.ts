import type { StudyDesign } from '../../analysis/design/study-design.js'
import type { AnnData } from '../../anndata/read.js'
import type { ShownFinding } from '../../report/findings-page.js'
import { formatPercent, formatPlural } from '../../report/format.js'
import { listed } from '../text.js'

/** What is odd about cells and genes, whatever the columns say. */
export function oddities({ alike, ambient }: StudyDesign, adata: AnnData): ShownFinding[] {
  const found: ShownFinding[] = []
  if (alike.length > 0) {
    const { first, second } = alike[0]!
    found.push({
      title: 'Cells that are nearly the same',
      grade: 'attention',
      sentence: `${formatPlural(alike.length, 'cell')} nearly the same as another, such as "${adata.obsNames[second]}" and "${adata.obsNames[first]}": copies of cells make clusters and test results look surer than they are.`,
      figures: [],
    })
  }
  if (ambient.length > 0) {
    const names = ambient
      .slice(0, 8)
      .map(({ gene, elsewhere }) => `${adata.varNames[gene]} (${formatPercent(elsewhere)})`)
    found.push({
      title: 'Genes that may be ambient',
      grade: 'unknown',
      sentence: `Genes that may be ambient, markers of a few cells that many others show a little of: ${listed(names, 8)}${ambient.length > 8 ? ` and ${ambient.length - 8} more` : ''}.`,
      figures: [],
    })
  }
  return found
}

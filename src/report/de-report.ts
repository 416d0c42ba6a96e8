import { readPart } from './assets.js'
import type { DeComparison, DeReportData } from './de-data.js'
import { dotPlot, heatMap } from './de-grids.js'
import { formatCount, formatPlural } from './format.js'
import { escapeHtml, factList, fillTemplate, scrolling } from './html.js'
import { numberTable } from './number-table.js'
import { plainPage } from './plain-page.js'
import { volcano } from './volcano.js'

/** Comparisons that have a plot of their own. */
const MOST_PLOTS = 40

/**
 * The page of a comparison of groups: self-contained HTML and SVG without any script, and a content security policy that
 * forbids it any request.
 *
 * @throws ScvaeError `failed` when a part of the page is missing from the package
 */
export function buildDeReport(data: DeReportData): string {
  const { comparisons, warnings, settings } = data
  const shown = comparisons.slice(0, MOST_PLOTS)
  const [{ mode, delta, fdrTarget, samples }] = comparisons as [DeComparison]
  const left =
    comparisons.length > shown.length ? ` The first ${shown.length} of ${comparisons.length} are shown.` : ''
  const volcanoNote =
    mode === 'change'
      ? `One point a gene: how large the change is, and how probable it is that there is none of at least ${delta}. Coloured genes are marked at a false discovery rate of ${100 * fdrTarget} %${samples ? ', by cells and by samples' : ''}.`
      : 'One point a gene: how large the change is, and how sure its direction. Coloured genes have a Bayes factor of at least 100 either way.'
  const body = fillTemplate(readPart('reports', 'de.html'), {
    verdict: escapeHtml(
      warnings.length === 0
        ? verdict(comparisons)
        : `${verdict(comparisons)} There ${warnings.length === 1 ? 'is a warning' : 'are warnings'}.`,
    ),
    verdictClass: warnings.length === 0 ? 'good' : 'attention',
    warnings:
      warnings.length === 0
        ? ''
        : `<ul>${warnings.map((text) => `<li>${escapeHtml(text)}</li>`).join('')}</ul>`,
    facts: factList(settings),
    comparisons: comparisonTable(comparisons),
    volcanoNote: escapeHtml(volcanoNote + left),
    volcanoes: shown.map(volcano).join('\n'),
    dots: scrolling('wide', 'Dot plot', dotPlot(shown)),
    heatNote: escapeHtml(
      comparisons.length === 1 && samples
        ? 'Log2 fold changes of the same genes, of all cells and by sample: a change that one sample carries alone says little.'
        : 'Log2 fold changes of the same genes in all comparisons: orange for more in the group, blue for less.',
    ),
    heat: scrolling('wide', 'Heat map', heatMap(shown)),
  })
  return plainPage({ title: data.title, kind: 'scvae differential expression', body, style: 'de.css' })
}

const markedOf = ({ genes }: DeComparison) => genes.filter(({ isDe }) => isDe === true)

function verdict(comparisons: readonly DeComparison[]): string {
  const compared = formatPlural(comparisons.length, 'comparison')
  if (comparisons[0]!.mode === 'vanilla') return `${compared}.`
  const marked = comparisons.reduce((sum, one) => sum + markedOf(one).length, 0)
  return `${compared}, ${formatPlural(marked, 'marked gene')}.`
}

/** Comparisons, with what is behind each. */
function comparisonTable(comparisons: readonly DeComparison[]): string {
  const [{ mode, samples: any }] = comparisons as [DeComparison]
  const heads = [
    'Group',
    'Against',
    'Cells',
    'Cells against',
    ...(any ? ['Samples', 'Samples against', 'Compared'] : []),
    ...(mode === 'change' ? ['Marked: more', 'Marked: less'] : []),
    ...(any && mode === 'change' ? ['Carried by one sample'] : []),
  ]
  const rows = comparisons.map((one) => {
    const marked = markedOf(one)
    const { samples } = one
    return [
      one.group1,
      one.group2,
      formatCount(one.nCells1),
      formatCount(one.nCells2),
      ...(samples
        ? [
            String(samples.nSamples1),
            String(samples.nSamples2),
            samples.paired ? 'each with itself' : 'with others',
          ]
        : []),
      ...(mode === 'change'
        ? [
            formatCount(marked.filter(({ effect }) => effect > 0).length),
            formatCount(marked.filter(({ effect }) => effect <= 0).length),
          ]
        : []),
      ...(samples && mode === 'change'
        ? [formatCount(marked.filter(({ oneSample }) => typeof oneSample === 'string').length)]
        : []),
    ]
  })
  return numberTable({ label: 'Comparisons', heads, rows, texts: 2 })
}

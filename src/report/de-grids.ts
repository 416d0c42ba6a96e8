import { type DeComparison, type DeGene, topGenesOf } from './de-data.js'
import { formatNumber, formatPercent } from './format.js'
import { escapeHtml } from './html.js'

/** Genes that a grid has. */
const MOST_GENES = 60
const STEP = 22
const NAMES_WIDTH = 180
const NAMES_HEIGHT = 110
const LONGEST_NAME = 24

const NOTHING = '<p class="empty">No group has a gene that it surely has more of.</p>'

const short = (name: string): string =>
  name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name

interface Grid {
  className: string
  label: string
  rows: readonly string[]
  columns: readonly string[]
  /** What is drawn around the middle of a place. */
  cell: (row: number, column: number, x: number, y: number) => string
}

/** Named rows and columns, and something at each crossing. */
function grid({ className, label, rows, columns, cell }: Grid): string {
  const width = NAMES_WIDTH + columns.length * STEP + 60
  const height = NAMES_HEIGHT + rows.length * STEP + 10
  const x = (column: number) => NAMES_WIDTH + column * STEP + STEP / 2
  const y = (row: number) => NAMES_HEIGHT + row * STEP + STEP / 2
  const parts = [
    ...rows.map(
      (name, row) =>
        `<text x="${NAMES_WIDTH - 6}" y="${y(row) + 4}" text-anchor="end">${escapeHtml(short(name))}</text>`,
    ),
    ...columns.map(
      (name, column) =>
        `<text transform="translate(${x(column) + 4} ${NAMES_HEIGHT - 6}) rotate(-60)">${escapeHtml(short(name))}</text>`,
    ),
    ...rows.flatMap((_, row) => columns.map((_, column) => cell(row, column, x(column), y(row)))),
  ]
  return `<svg class="${className}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(label)}">${parts.join('')}</svg>`
}

const byName = (genes: readonly DeGene[]) => new Map(genes.map((gene) => [gene.gene, gene]))

/** Groups × their top genes: share of cells with a count as size, mean as strength. */
export function dotPlot(comparisons: readonly DeComparison[]): string {
  const genes = topGenesOf(comparisons, MOST_GENES)
  if (genes.length === 0) return NOTHING
  const rows = comparisons.map(({ group1, genes: all }) => {
    const of = byName(all)
    return {
      name: group1,
      values: genes.map((gene) => [of.get(gene)!.nonZerosProportion1, of.get(gene)!.rawNormalizedMean1]),
    }
  })
  const references = new Set(comparisons.map(({ group2 }) => group2))
  const [only] = comparisons
  // what all were compared with, unless it is another set of cells each time
  if (references.size === 1 && (comparisons.length === 1 || only!.group2 !== 'Rest')) {
    const of = byName(only!.genes)
    rows.push({
      name: only!.group2,
      values: genes.map((gene) => [of.get(gene)!.nonZerosProportion2, of.get(gene)!.rawNormalizedMean2]),
    })
  }
  const largest = genes.map((_, k) => Math.max(...rows.map(({ values }) => values[k]![1]!), 1e-9))
  return grid({
    className: 'dots',
    label: 'Dot plot of the top genes by group',
    rows: rows.map(({ name }) => name),
    columns: genes,
    cell: (row, column, x, y) => {
      const [share, mean] = rows[row]!.values[column]! as [number, number]
      if (!Number.isFinite(share) || !Number.isFinite(mean)) return ''
      const radius = (STEP / 2 - 1) * Math.sqrt(share)
      const title = `${rows[row]!.name}, ${genes[column]}: ${formatPercent(share)} of cells, mean ${formatNumber(mean)}`
      return `<circle cx="${x}" cy="${y}" r="${radius.toFixed(1)}" fill-opacity="${(mean / largest[column]!).toFixed(2)}"><title>${escapeHtml(title)}</title></circle>`
    },
  })
}

/** Top genes × comparisons, or the samples of a single one: log2 fold changes. */
export function heatMap(comparisons: readonly DeComparison[]): string {
  const genes = topGenesOf(comparisons, MOST_GENES)
  if (genes.length === 0) return NOTHING
  const { names, values } = effects(comparisons, genes)
  const most = Math.max(1e-9, ...values.flat().map((value) => (Number.isFinite(value) ? Math.abs(value) : 0)))
  return grid({
    className: 'heat',
    label: 'Heat map of log2 fold changes',
    rows: names,
    columns: genes,
    cell: (row, column, x, y) => {
      const value = values[row]![column]!
      if (!Number.isFinite(value)) return ''
      const title = `${names[row]}, ${genes[column]}: ${formatNumber(value)}`
      const half = STEP / 2
      return `<rect class="cell-box ${value >= 0 ? 'more' : 'less'}" x="${x - half}" y="${y - half}" width="${STEP}" height="${STEP}" fill-opacity="${(Math.abs(value) / most).toFixed(2)}"><title>${escapeHtml(title)}</title></rect>`
    },
  })
}

function effects(comparisons: readonly DeComparison[], genes: readonly string[]) {
  const [only] = comparisons
  const all = comparisons.map(({ genes: of }) => byName(of))
  const whole = all.map((of) => genes.map((gene) => of.get(gene)!.effect))
  const names = comparisons.map(({ group1, group2 }) =>
    group2 === 'Rest' ? group1 : `${group1} – ${group2}`,
  )
  if (comparisons.length > 1 || !only!.samples) return { names, values: whole }
  const bySample = only!.samples.names.map((_, k) =>
    genes.map((gene) => all[0]!.get(gene)!.effectBySample![k]!),
  )
  return { names: [...names, ...only!.samples.names], values: [...whole, ...bySample] }
}

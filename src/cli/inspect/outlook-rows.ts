import { formatCount, formatPlural } from '../../report/format.js'
import { formatBytes, listed } from '../text.js'
import type { FitOutlook, Refusal, Taken } from './fit-outlook.js'
import type { JoinLook } from './look.js'
import type { ModelOutlook } from './model-outlook.js'

/** What `fit` would do, as rows of a table. */
export function fitRows(fit: FitOutlook): string[][] {
  const { flag, reason, refusal, untried, taken, notes, memory, genes } = fit
  const rows: string[][] = []
  if (refusal) rows.push(['fit', `would refuse: ${sentence(refusal)}`])
  else if (untried) rows.push(['fit', `was not tried: ${untried}`])
  else if (taken) rows.push(['fit', `would take ${takenText(taken)}`])
  else if (genes) rows.push(['fit', `would read ${formatCount(genes.nGenes)} genes of ${genes.countsSource}`])
  const source = taken?.countsSource ?? genes?.countsSource
  if (flag !== undefined && flag !== 'no flag') rows.push(['', `with ${flag}, since ${reason}`])
  else if (source !== undefined) rows.push(['', `the counts are those of ${source}, ${reason}`])
  rows.push(...notes.map((note) => ['', note]))
  if (memory !== undefined && !refusal)
    rows.push(['memory', `about ${formatBytes(memory)} for a fit, with the usual model`])
  return rows
}

function takenText({ nCells, nCellsFitted, nGenes, nGenesFitted, nonzeros, missing }: Taken): string {
  const of = (part: number, all: number) =>
    part === all ? formatCount(all) : `${formatCount(part)} of ${formatCount(all)}`
  const absent = missing > 0 ? `, ${formatPlural(missing, 'count')} missing` : ''
  return `${of(nCellsFitted, nCells)} cells × ${of(nGenesFitted, nGenes)} genes, ${formatPlural(nonzeros, 'nonzero')}${absent}`
}

/** What `embed` would do. */
export function modelRows(outlook: ModelOutlook): string[][] {
  const { model, nGenes, labels, found, by, withoutVersion, missing, nCellsEmbedded, refusal, notes } =
    outlook
  const rows = [['model', `${model}, of ${formatCount(nGenes)} genes`]]
  if (labels.length > 0) {
    rows.push([
      '',
      `found by ${labels.map((label) => `${label.by}: ${formatCount(label.found)}`).join('; ')}`,
    ])
  }
  if (refusal) return [...rows, ['embed', `would refuse: ${sentence(refusal)}`]]
  const versions = withoutVersion > 0 ? `, ${formatCount(withoutVersion)} of them without their version` : ''
  const cells = nCellsEmbedded === undefined ? '' : ` for ${formatPlural(nCellsEmbedded, 'cell')}`
  rows.push(['embed', `would take ${formatCount(found)} genes, found by ${by}${versions}${cells}`])
  if (missing.length > 0) rows.push(['', `absent: ${listed(missing, 10)}`])
  rows.push(...notes.filter((note) => !note.startsWith('taken as absent')).map((note) => ['', note]))
  return rows
}

/** What joining files gives. */
export function joinRows({ files, kind, join }: JoinLook): string[][] {
  if (join.refusal) return [['join', `is not possible: ${sentence(join.refusal)}`]]
  if (join.inner === undefined || join.outer === undefined) {
    const unread = files.filter(({ fit }) => !fit.genes).map(({ summary }) => summary.path)
    return [['join', `not known: ${listed(unread)} cannot be read as it is`]]
  }
  return [
    [
      'join',
      `${formatPlural(join.inner, 'gene')} in all of ${formatPlural(join.nFiles, 'file')} (inner), ${formatCount(join.outer)} in any (outer)`,
    ],
    ['', `${kind} is taken: --join changes that`],
  ]
}

const sentence = ({ message, hint }: Refusal) => (hint === undefined ? message : `${message} ${hint}`)

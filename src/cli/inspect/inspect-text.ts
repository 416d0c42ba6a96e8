import type { ElementSummary } from '../../anndata/element-summary.js'
import type { AnnDataSummary } from '../../anndata/inspect.js'
import { fittedModality } from '../../anndata/mudata/fitted-modality.js'
import { shellWord } from '../../anndata/shell-word.js'
import type { Oddity, SourceSummary } from '../../anndata/source-summary.js'
import { FEWEST_OF_BATCH } from '../../cells/library-prior.js'
import { formatCount, formatNumber, formatPlural } from '../../report/format.js'
import { textTable } from '../text.js'
import type { FileLook, JoinLook } from './look.js'
import { fitRows, joinRows, modelRows } from './outlook-rows.js'

/** A file for people. */
export function lookText({ summary, batches, repeats, fit, model }: FileLook): string {
  const parts = [
    ...(summary.modalities ? [modalityTable(summary)] : []),
    `${summary.path}${summary.modality === undefined ? '' : `, modality ${summary.modality}`}: ${formatCount(summary.nCells)} cells × ${formatCount(summary.nGenes)} ${summary.featureTypes && Object.keys(summary.featureTypes).length > 1 ? 'features' : 'genes'}${oldFile(summary)}`,
    matrixTable(summary),
    ...(batches.length > 0 ? [obsTable(batches)] : []),
    textTable([
      ...originRows(summary),
      ['counts', summary.countsSource ?? 'none found: scvae fit needs raw counts'],
      ...featureRows(summary),
      ...repeatRows(repeats),
      ['batch', batchText(batches)],
      ...(summary.var.length > 0
        ? [['var', summary.var.map(({ name, dtype }) => `${name} (${dtype})`).join(', ')]]
        : []),
      ...mappingRows(summary.elements),
    ]),
    textTable([...fitRows(fit), ...(model ? modelRows(model) : [])]),
  ]
  return parts.join('\n\n')
}

/** Several files for people, one after another, then what they are together. */
export function looksText(look: JoinLook): string {
  return [...look.files.map(lookText), textTable([...joinRows(look), ...fitRows(look.fit)])].join('\n\n')
}

function matrixTable({ sources }: AnnDataSummary): string {
  return textTable(
    [
      ['matrix', 'encoding', 'type', 'nonzeros', 'min', 'max', 'counts', 'flag'],
      ...sources.map((source) => [
        source.name,
        source.problem ? 'cannot be read' : source.encoding,
        source.dtype,
        formatCount(source.nonzeros),
        source.min === null ? '' : formatNumber(source.min),
        source.max === null ? '' : formatNumber(source.max),
        holdsText(source),
        source.flag,
      ]),
    ],
    [3, 4, 5],
  )
}

/** What values that are no counts are called. */
const ODD: Readonly<Record<Oddity, string>> = {
  nonFinite: 'NaN or infinity',
  negative: 'below zero',
  nonInteger: 'fractions',
  nearInteger: 'some to be rounded',
  tooLarge: 'above 2^24',
}

function holdsText({ holdsCounts, oddities, nonzeros, problem }: SourceSummary): string {
  const why = problem === undefined && nonzeros === 0 && oddities.length === 0 ? ['all zero'] : []
  const words = [...why, ...oddities.map((kind) => ODD[kind])]
  return `${holdsCounts ? 'yes' : 'no'}${words.length > 0 ? ` (${words.join(', ')})` : ''}`
}

function obsTable(batches: FileLook['batches']): string {
  return textTable(
    [
      ['obs column', 'type', 'values', 'missing', 'smallest', 'as a batch'],
      ...batches.map(({ name, dtype, values, missing, smallest, because }) => [
        name,
        dtype,
        formatCount(values),
        formatCount(missing),
        formatCount(smallest),
        because ?? likelyText(smallest),
      ]),
    ],
    [2, 3, 4],
  )
}

const likelyText = (smallest: number) =>
  smallest < FEWEST_OF_BATCH ? `likely, but for a group of ${formatPlural(smallest, 'cell')}` : 'likely'

function batchText(batches: FileLook['batches']): string {
  const likely = batches.filter((column) => column.likely).map(({ name }) => name)
  return likely.length > 0 ? `could be ${likely.join(', ')}` : 'no column looks like one'
}

function featureRows({ featureTypes }: AnnDataSummary): string[][] {
  if (!featureTypes) return []
  const types = Object.entries(featureTypes).map(([type, n]) => `${formatCount(n)} ${type || 'of no type'}`)
  return [['features', types.join(', ')]]
}

function repeatRows({ genes, ids, cells }: FileLook['repeats']): string[][] {
  const said = [
    ...(genes > 0 ? [formatPlural(genes, 'gene name')] : []),
    ...(ids > 0 ? [formatPlural(ids, 'gene id')] : []),
    ...(cells > 0 ? [formatPlural(cells, 'cell name')] : []),
  ]
  return said.length > 0 ? [['repeats', `${said.join(', ')} that another has too`]] : []
}

/** From which files a matrix in text form was read. */
function originRows({ origin }: AnnDataSummary): string[][] {
  if (!origin) return []
  const { dialect, matrix, rows, features, barcodes } = origin
  return [
    ['read from', `${matrix} (${rows} × ${rows === 'genes' ? 'cells' : 'genes'}; ${dialect})`],
    ['genes', features === undefined ? 'numbers' : `named by ${features}`],
    ['cells', barcodes === undefined ? 'numbers' : `named by ${barcodes}`],
  ]
}

/** What there is beside the modality that the rest is about. */
function modalityTable({ modalities = [] }: AnnDataSummary): string {
  const fitted = fittedModality(modalities)
  return textTable(
    [
      ['modality', 'cells', 'features', 'counts', 'flag'],
      ...modalities.map(({ name, nCells, nGenes, countsSource }) => [
        name,
        formatCount(nCells),
        formatCount(nGenes),
        countsSource ?? 'none found',
        name === fitted ? 'no flag' : `--modality ${shellWord(name)}`,
      ]),
    ],
    [1, 2],
  )
}

/** A word about files that Python warns of. */
function oldFile({ writtenBy }: AnnDataSummary): string {
  return writtenBy === undefined || writtenBy.endsWith('or later') ? '' : `, written by ${writtenBy}`
}

/** One row a mapping: its members with what they are. */
function mappingRows(elements: readonly ElementSummary[]): string[][] {
  const rows = new Map<string, string[]>()
  for (const element of elements) {
    const at = element.path.lastIndexOf('/')
    const mapping = element.path.slice(0, at)
    const members = rows.get(mapping) ?? []
    members.push(`${element.path.slice(at + 1)}${kindText(element)}`)
    rows.set(mapping, members)
  }
  return Array.from(rows, ([mapping, members]) => [mapping, members.join(', ')])
}

function kindText({ kind, dtype, shape = [] }: ElementSummary): string {
  const size = shape.map(formatCount).join(' × ')
  switch (kind) {
    case 'array':
      return ` (${size})`
    case 'scalar':
      return dtype === undefined ? '' : ` (${dtype})`
    case 'unknown':
      return ' (not read)'
    case 'mapping':
      return ` (mapping of ${size})`
    default:
      return size ? ` (${kind}, ${size})` : ` (${kind})`
  }
}

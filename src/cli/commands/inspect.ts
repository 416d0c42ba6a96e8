import type { ElementSummary } from '../../anndata/element-summary.js'
import type { AnnDataSummary } from '../../anndata/inspect.js'
import { fittedModality } from '../../anndata/mudata/fitted-modality.js'
import { shellWord } from '../../anndata/shell-word.js'
import { formatCount, formatNumber } from '../../report/format.js'
import { type Arguments, type Command, verbosityOf } from '../arguments.js'
import { countsOptions, PLAIN_OPTIONS } from '../counts-options.js'
import { Log } from '../log.js'
import { textTable } from '../text.js'

/** `scvae inspect FILE`: what is in a file, before anything is fitted. */
export const inspect: Command = {
  usage: 'inspect <file>',
  describe: 'Show what a file holds: counts, layers, possible batch columns',
  positionals: { file: 'An .h5ad file or zarr store, 10x .h5 or mtx folder, loom file' },
  options: { ...PLAIN_OPTIONS, json: { type: 'boolean', describe: 'Print as JSON', group: 'Output:' } },
  examples: [['$0 inspect data/demo.h5ad', 'which matrix holds counts, which columns could be a batch']],
  async run(args: Arguments): Promise<void> {
    const log = new Log(verbosityOf(args))
    // the readers load only for this command
    const { inspectCounts } = await import('../../anndata/inspect-any.js')
    const summary = await inspectCounts(args.positional('file'), countsOptions(args))
    for (const warning of summary.warnings) log.warn(warning)
    process.stdout.write(args.flag('json') ? `${summaryJson(summary)}\n` : `${summaryText(summary)}\n`)
  },
}

function summaryJson(summary: AnnDataSummary): string {
  return JSON.stringify(
    {
      tool: 'scvae',
      path: summary.path,
      ...(summary.modalities && {
        modality: summary.modality,
        modalities: summary.modalities.map(({ name, nCells, nGenes, countsSource }) => ({
          name,
          n_cells: nCells,
          n_genes: nGenes,
          counts_source: countsSource ?? null,
        })),
      }),
      n_cells: summary.nCells,
      n_genes: summary.nGenes,
      counts_source: summary.countsSource ?? null,
      origin: summary.origin ?? null,
      batch_candidates: summary.batchCandidates,
      sources: summary.sources.map(({ nCells, nGenes, holdsCounts, problem, ...source }) => ({
        ...source,
        n_cells: nCells,
        n_genes: nGenes,
        holds_counts: holdsCounts,
        problem: problem ?? null,
      })),
      ...(summary.featureTypes && { feature_types: summary.featureTypes }),
      obs: summary.obs,
      var: summary.var,
      obsm: summary.obsm,
      varm: summary.varm,
      uns: summary.uns,
      elements: summary.elements,
      written_by: summary.writtenBy ?? null,
      warnings: summary.warnings,
    },
    null,
    2,
  )
}

function summaryText(summary: AnnDataSummary): string {
  const { sources, obs, countsSource, batchCandidates } = summary
  const parts = [
    ...(summary.modalities ? [modalityTable(summary)] : []),
    `${summary.path}${summary.modality === undefined ? '' : `, modality ${summary.modality}`}: ${formatCount(summary.nCells)} cells × ${formatCount(summary.nGenes)} genes${oldFile(summary)}`,
    textTable(
      [
        ['matrix', 'encoding', 'type', 'nonzeros', 'min', 'max', 'counts', 'flag'],
        ...sources.map((source) => [
          source.name,
          source.problem ? 'cannot be read' : source.encoding,
          source.dtype,
          formatCount(source.nonzeros),
          source.min === null ? '' : formatNumber(source.min),
          source.max === null ? '' : formatNumber(source.max),
          source.holdsCounts ? 'yes' : 'no',
          source.flag,
        ]),
      ],
      [3, 4, 5],
    ),
    textTable(
      [
        ['obs column', 'type', 'values', 'missing'],
        ...obs.map((column) => [
          column.name,
          column.dtype,
          formatCount(column.distinct),
          formatCount(column.missing),
        ]),
      ],
      [2, 3],
    ),
    textTable([
      ...originRows(summary),
      ['counts', countsSource ?? 'none found: scvae fit needs raw counts'],
      [
        'batch',
        batchCandidates.length > 0 ? `could be ${batchCandidates.join(', ')}` : 'no column looks like one',
      ],
      ...(summary.featureTypes
        ? [
            [
              'features',
              Object.entries(summary.featureTypes)
                .map(([type, n]) => `${formatCount(n)} ${type}`)
                .join(', '),
            ],
          ]
        : []),
      ...(summary.var.length > 0
        ? [['var', summary.var.map(({ name, dtype }) => `${name} (${dtype})`).join(', ')]]
        : []),
      ...mappingRows(summary.elements),
    ]),
  ]
  return parts.join('\n\n')
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

import { type AnnDataSummary, inspectAnnData } from '../anndata/inspect.js'
import { formatCount, formatNumber } from '../report/format.js'
import { type Arguments, type Command, verbosityOf } from './arguments.js'
import { Log } from './log.js'
import { textTable } from './text.js'

/** `scvae inspect FILE`: what is in a file, before anything is fitted. */
export const inspect: Command = {
  usage: 'inspect <file>',
  describe: 'Show what an .h5ad file holds: counts, layers, possible batch columns',
  positionals: { file: 'An .h5ad file' },
  options: { json: { type: 'boolean', describe: 'Print as JSON', group: 'Output:' } },
  examples: [['$0 inspect data/demo.h5ad', 'which matrix holds counts, which columns could be a batch']],
  async run(args: Arguments): Promise<void> {
    const log = new Log(verbosityOf(args))
    const summary = await inspectAnnData(args.positional('file'))
    for (const warning of summary.warnings) log.warn(warning)
    process.stdout.write(args.flag('json') ? `${summaryJson(summary)}\n` : `${summaryText(summary)}\n`)
  },
}

function summaryJson(summary: AnnDataSummary): string {
  return JSON.stringify(
    {
      tool: 'scvae',
      path: summary.path,
      n_cells: summary.nCells,
      n_genes: summary.nGenes,
      counts_source: summary.countsSource ?? null,
      batch_candidates: summary.batchCandidates,
      sources: summary.sources.map(({ nCells, nGenes, holdsCounts, problem, ...source }) => ({
        ...source,
        n_cells: nCells,
        n_genes: nGenes,
        holds_counts: holdsCounts,
        problem: problem ?? null,
      })),
      obs: summary.obs,
      obsm: summary.obsm,
      varm: summary.varm,
      uns: summary.uns,
      warnings: summary.warnings,
    },
    null,
    2,
  )
}

function summaryText(summary: AnnDataSummary): string {
  const { sources, obs, countsSource, batchCandidates } = summary
  const parts = [
    `${summary.path}: ${formatCount(summary.nCells)} cells × ${formatCount(summary.nGenes)} genes`,
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
      ['counts', countsSource ?? 'none found: scvae fit needs raw counts'],
      [
        'batch',
        batchCandidates.length > 0 ? `could be ${batchCandidates.join(', ')}` : 'no column looks like one',
      ],
      ...named('obsm', summary.obsm),
      ...named('varm', summary.varm),
      ...(summary.uns.length > 0 ? [['uns', summary.uns.join(', ')]] : []),
    ]),
  ]
  return parts.join('\n\n')
}

function named(group: string, shapes: Readonly<Record<string, readonly [number, number]>>): string[][] {
  const list = Object.entries(shapes).map(([name, [rows, columns]]) => `${name} (${rows} × ${columns})`)
  return list.length > 0 ? [[group, list.join(', ')]] : []
}

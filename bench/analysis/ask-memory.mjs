/**
 * Peak resident memory of the commands that ask a model, each in a process of its own.
 *
 *     npm run build && node bench/analysis/ask-memory.mjs --folder asked [--data 100000x2000] [--threads 2] [--commands 'de,normalize .csv']
 *
 * Counts are simulated, with ten donors of two conditions, and once more with a hundredth of them missing; a model is fitted for two epochs. What of these
 * is in the folder already is taken as it is. A few draws are
 * enough: memory does not go by their number. Linux only: it reads /proc.
 */
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { obsColumn } from '../../dist/src/anndata/frame/obs-column.js'
import { writeStreamedAnnData } from '../../dist/src/anndata/write/streamed-anndata.js'
import { readAnnData } from '../../dist/src/index.js'
import { list, options } from '../lib/options.mjs'
import { figure, machine, printTable, writeJson } from '../lib/output.mjs'
import { watched } from '../lib/watched.mjs'
import { CLI, dataSets } from '../peers/peers-data.mjs'

/** Rows that are written at a time. */
const ROWS = 1000
const DONORS = ['d0', 'd1', 'd2', 'd3', 'd4', 'd5', 'd6', 'd7', 'd8', 'd9']
/** Of so many counts one is missing. */
const GAP_EVERY = 100

const flags = options('Peak resident memory of the commands that ask a model.', {
  data: '100000x2000',
  folder: 'asked',
  threads: '2',
  draws: '5',
  commands: '',
})
mkdirSync(flags.folder, { recursive: true })
const at = (name) => join(flags.folder, name)

/** The counts of a cell, with NaN for those that are missing. */
function withGaps(counts, cell) {
  const dense = new Float32Array(counts.nGenes)
  const row = counts.row(cell)
  for (const [k, gene] of row.genes.entries()) dense[gene] = row.counts[k]
  // another gene of a hundred in each cell
  for (let gene = (7 * cell) % GAP_EVERY; gene < dense.length; gene += GAP_EVERY) dense[gene] = Number.NaN
  const genes = Int32Array.from(dense.keys()).filter((gene) => dense[gene] !== 0)
  return { genes, counts: Float32Array.from(genes, (gene) => dense[gene]) }
}

/** The counts of a file with a donor and a condition for each cell. */
async function writeCells(path, { counts, obsNames, varNames, ...adata }, rowOf) {
  const column = (name) => ({ kind: 'category', ...obsColumn(adata, name) })
  const cells = Int32Array.from(obsNames.keys())
  const columns = {
    batch: column('batch'),
    cell_type: column('cell_type'),
    donor: { kind: 'category', categories: DONORS, codes: cells.map((cell) => cell % DONORS.length) },
    condition: { kind: 'category', categories: ['rest', 'treated'], codes: cells.map((cell) => cell % 2) },
  }
  const contents = {
    varNames,
    uns: {},
    obs: () => ({ names: obsNames, columns }),
    async counts(add) {
      for (let from = 0; from < cells.length; from += ROWS)
        add(Array.from(cells.subarray(from, from + ROWS), (cell) => rowOf(counts, cell)))
    },
  }
  await writeStreamedAnnData(path, contents)
}

const scvae = (words) => watched(process.execPath, () => [CLI, ...words, '-q', '--threads', flags.threads])

const [{ path }] = dataSets([flags.data], flags.folder)
const [whole, gaps, model] = ['cells.h5ad', 'gaps.h5ad', 'fit.model'].map(at)
if (!existsSync(whole)) await writeCells(whole, await readAnnData(path), (counts, cell) => counts.row(cell))
if (!existsSync(gaps)) await writeCells(gaps, await readAnnData(path), withGaps)
if (!existsSync(model)) {
  const words = ['--max-epochs', '2', '--no-umap', '--no-clusters', '--no-copy', '--no-report-model']
  await scvae([
    ...['fit', whole, '--all-genes', '--batch-key', 'batch', '--labels-key', 'cell_type'],
    ...[...words, '-o', at('fit')],
  ])
}

const draws = ['--draws', flags.draws]
const groups = ['--sample-key', 'donor', '--groupby', 'condition']
const commands = {
  'normalize .h5ad': ['normalize', model, whole, ...draws, '-o', at('normalized.h5ad')],
  'normalize .csv': ['normalize', model, whole, ...draws, '-o', at('normalized.csv')],
  de: ['de', model, whole, '--groupby', 'cell_type', '-o', at('groups')],
  'de with samples': ['de', model, whole, ...groups, '-o', at('samples')],
  'impute .h5ad': ['impute', model, gaps, '--missing', 'nan', ...draws, '-o', at('imputed.h5ad')],
  'impute .csv': ['impute', model, gaps, '--missing', 'nan', ...draws, '-o', at('imputed.csv')],
  generate: ['generate', model, '-o', at('made.h5ad')],
  'generate --like': ['generate', model, '--like', whole, '-o', at('like.h5ad')],
  correlate: ['correlate', model, whole, ...draws, '-o', at('pairs.csv')],
  abundance: ['abundance', model, whole, ...groups, '--labels-key', 'cell_type', '-o', at('where')],
  'embed --transfer': ['embed', model, whole, '--transfer', 'cell_type', '-o', at('labelled.h5ad')],
}
const asked = list(flags.commands)
const results = []
for (const [name, words] of Object.entries(commands)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  process.stderr.write(`${name} …\n`)
  const { seconds, peakBytes } = await scvae([...words, '--overwrite'])
  results.push({ name, seconds, peakBytes })
  process.stderr.write(`  ${figure(peakBytes / 1e6)} MB, ${figure(seconds)} s\n`)
}
printTable(
  `Peak resident memory, ${flags.data}, ${flags.threads} threads`,
  ['command', 'peak MB'],
  results.map(({ name, peakBytes }) => [name, figure(peakBytes / 1e6)]),
)
writeJson(flags.json, { ...machine(), data: flags.data, results })

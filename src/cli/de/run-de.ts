import { writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { refuseExisting, writeBeside } from '../../anndata/write/beside.js'
import { writeCopy } from '../../anndata/write/copy.js'
import { readFileKeys } from '../../anndata/write/file-keys.js'
import { isOwnKey } from '../../anndata/write/own-keys.js'
import { type SubsetTerm, subsetCells } from '../../cells/subset.js'
import { type DeviceName, openDevice } from '../../device/open-device.js'
import type { ModelDescription } from '../../files/model-description.js'
import { readModel } from '../../files/model-files.js'
import type { DifferentialOptions, GroupComparison } from '../../models/differential-options.js'
import { SCVI } from '../../models/scvi.js'
import { buildDeReport } from '../../report/de-report.js'
import { formatCount, formatPercent, formatPlural } from '../../report/format.js'
import { interruptible, stopIfInterrupted } from '../interrupt.js'
import { Log, type Verbosity } from '../log.js'
import { countedCells, openQuery, type Query, type QuerySettings } from '../query.js'
import { stageBar } from '../stage-bar.js'
import { deColumns, deSampleColumns, writeDeCsv, writeDeParquet } from './de-table.js'
import { rankGenesGroups } from './rank-genes.js'

/** What a run of `scvae de` was asked to do. */
export interface DeSettings extends QuerySettings {
  directory: string
  prefix: string
  parquet: boolean
  /** Whether a copy of the file with scanpy's `rank_genes_groups` is written. */
  h5ad: boolean
  overwrite: boolean
  groupby: string
  groups: readonly string[]
  /** `rest` for all others. */
  reference: string
  subset: readonly SubsetTerm[]
  comparison: Pick<
    DifferentialOptions,
    | 'mode'
    | 'delta'
    | 'fdrTarget'
    | 'batchCorrection'
    | 'weights'
    | 'nSamples'
    | 'pseudocount'
    | 'sampleKey'
    | 'seed'
  >
  device: DeviceName
  threads: number | undefined
  verbosity: Verbosity
}

/** Reads a model and a file, compares groups of the file's cells and writes the table and the page. */
export async function runDe(settings: DeSettings): Promise<void> {
  const { overwrite, groups, reference } = settings
  const outputs = outputsOf(settings)
  for (const output of Object.values(outputs)) refuseExisting(output, overwrite)
  const log = new Log(settings.verbosity)
  const { description } = readModel(settings.directory)
  const query = await openQuery(settings, description, log)
  const cells = countedCells(query, subsetCells(query.adata, settings.subset), log)
  const progress = stageBar(log, 'compare')
  const options: DifferentialOptions = {
    ...settings.comparison,
    adata: query.adata,
    cells,
    genePositions: query.positions,
    groupBy: settings.groupby,
    ...(groups.length > 0 && { group1: groups }),
    ...(reference !== 'rest' && { group2: reference }),
  }
  const device = await openDevice(settings)
  try {
    await using model = await SCVI.load(settings.directory, undefined, { device })
    const comparisons = await interruptible(
      (signal) =>
        model.differentialExpression({
          ...options,
          onProgress(done, total) {
            stopIfInterrupted(signal)
            progress(done, total)
          },
        }),
      () => log.warn('stopping'),
    )
    log.clearBar()
    const warnings = warningsOf(comparisons, settings)
    say(comparisons, warnings, log)
    const found = { description, comparisons, warnings }
    for (const change of await write(settings, outputs, query, found)) log.warn(change)
  } finally {
    await device.dispose()
  }
  log.info(`wrote ${Object.values(outputs).join(', ')}`)
}

interface Outputs {
  csv: string
  html: string
  parquet?: string
  samples?: string
  h5ad?: string
}

function outputsOf({ prefix, parquet, h5ad, comparison }: DeSettings): Outputs {
  return {
    csv: `${prefix}_de.csv`,
    html: `${prefix}_de.html`,
    ...(parquet && { parquet: `${prefix}_de.parquet` }),
    ...(comparison.sampleKey !== undefined && { samples: `${prefix}_de_samples.csv` }),
    ...(h5ad && { h5ad: `${prefix}_de.h5ad` }),
  }
}

/** What is written, and the model that it is of. */
interface Found {
  description: ModelDescription
  comparisons: readonly GroupComparison[]
  warnings: readonly string[]
}

/** @returns one sentence for each thing of the input that a copy of it does not have as it was */
async function write(
  settings: DeSettings,
  { csv, html, parquet, samples, h5ad }: Outputs,
  query: Query,
  { description, comparisons, warnings }: Found,
): Promise<string[]> {
  const { overwrite, groupby } = settings
  const page = buildDeReport({
    title: `${groupby} of ${basename(settings.file)}`,
    comparisons: withSymbols(comparisons, description),
    settings: pageFacts(settings),
    warnings,
  })
  const columns = deColumns(comparisons)
  await writeBeside(csv, (path) => writeDeCsv(path, columns), { overwrite })
  if (parquet) await writeBeside(parquet, (path) => writeDeParquet(path, columns), { overwrite })
  if (samples)
    await writeBeside(samples, (path) => writeDeCsv(path, deSampleColumns(comparisons)), { overwrite })
  await writeBeside(html, (path) => writeFileSync(path, page), { overwrite })
  return h5ad ? writeRanked(h5ad, settings, query, comparisons) : []
}

/** Comparisons with genes by the names that people know, where the model has them and each is of one gene. */
function withSymbols(
  comparisons: readonly GroupComparison[],
  { genes, geneSymbols }: ModelDescription,
): readonly GroupComparison[] {
  if (!geneSymbols || new Set(geneSymbols).size < geneSymbols.length) return comparisons
  const symbols = new Map(genes.map((gene, k) => [gene, geneSymbols[k]!]))
  return comparisons.map((one) => ({
    ...one,
    genes: one.genes.map((gene) => ({ ...gene, gene: symbols.get(gene.gene)! })),
  }))
}

/** Where scanpy looks, and where the ranking goes in a file that has one of another hand there. */
const RANKED = 'rank_genes_groups'
const RANKED_BESIDE = 'rank_genes_groups_scvae'

async function writeRanked(
  output: string,
  { directory, groupby, overwrite }: DeSettings,
  { adata, format, positions }: Query,
  comparisons: readonly GroupComparison[],
): Promise<string[]> {
  const { genes } = readModel(directory).description
  const places = new Map(genes.map((gene, k) => [gene, positions[k]!]))
  const ranked = rankGenesGroups(comparisons, groupby, (gene) => adata.varNames[places.get(gene)!])
  const keys = await readFileKeys(adata, format)
  const path = `uns/${RANKED}`
  const foreign = keys.present.has(path) && !isOwnKey(path, keys)
  const key = foreign ? RANKED_BESIDE : RANKED
  const changes = await writeCopy(adata, format, output, { uns: { [key]: ranked } }, { overwrite })
  if (foreign)
    changes.push(
      `The file has ${path} of another hand, which stays; ours is uns/${key} (scanpy: key="${key}").`,
    )
  return changes
}

function pageFacts({ file, directory, groupby, subset, comparison }: DeSettings): [string, string][] {
  const { mode, delta, fdrTarget, nSamples, batchCorrection, sampleKey, weights } = comparison
  return [
    ['Model', directory],
    ['File', file],
    ['Groups', groupby],
    ...(subset.length > 0
      ? ([['Cells', subset.map(({ column, value }) => `${column} = ${value}`).join(', ')]] as [
          string,
          string,
        ][])
      : []),
    ['Mode', mode === 'change' ? `change of at least ${delta} (log2), FDR ${fdrTarget}` : 'vanilla'],
    [
      'Pairs of draws',
      `${formatCount(nSamples!)}${weights === 'importance' ? ', weighted by importance' : ''}`,
    ],
    ['Batches', batchCorrection ? 'compared within each batch' : 'as they are'],
    ...(sampleKey === undefined ? [] : ([['Samples', sampleKey]] as [string, string][])),
  ]
}

/** Below this number of cells in a group, what is said of it is warned of. */
const FEW_CELLS = 10

/** Below this number of effective draws, what is said of a group rests on a few of them. */
const FEW_DRAWS = 100

/** Fewer samples than this in a group say little even where a test can be made. */
const FEW_SAMPLES = 3

/** What is to be known before the results are believed. */
function warningsOf(comparisons: readonly GroupComparison[], { comparison }: DeSettings): string[] {
  return comparisons.flatMap(({ group1, group2, nCells1, nCells2, samples, weighted, genes }) => {
    const names = `${group1} against ${group2}`
    const cells = Math.min(nCells1, nCells2)
    const warnings =
      cells < FEW_CELLS ? [`${names} rests on ${formatPlural(cells, 'cell')} of one of them.`] : []
    if (weighted) {
      const draws = Math.min(weighted.effectiveDraws1, weighted.effectiveDraws2)
      if (draws < FEW_DRAWS)
        warnings.push(
          `${names}: weighted draws are worth ${formatPlural(Math.round(draws), 'draw')} of one of them, so few that single cells decide; compare without --importance.`,
        )
    }
    if (!samples) return warnings
    const least = Math.min(samples.nSamples1, samples.nSamples2)
    if (least < 2)
      warnings.push(
        `${names} has ${formatPlural(least, 'sample')} ("${comparison.sampleKey}") in one of them: no gene is marked, since a difference of groups cannot be told from one of samples.`,
      )
    else if (least < FEW_SAMPLES) warnings.push(`${names} rests on ${least} samples of one of them.`)
    const carried = genes.filter(({ isDe, oneSample }) => isDe && typeof oneSample === 'string').length
    if (carried > 0)
      warnings.push(
        `${names}: ${formatPlural(carried, 'marked gene')} carried by one sample alone (one_sample).`,
      )
    return warnings
  })
}

function say(comparisons: readonly GroupComparison[], warnings: readonly string[], log: Log): void {
  for (const { group1, group2, nCells1, nCells2, mode, fdrTarget, genes } of comparisons) {
    const marked = genes.filter(({ isDe }) => isDe).length
    const first = genes.slice(0, 3).map(({ gene, probaDe }) =>
      // what is not marked may still be worth a look
      marked === 0 && probaDe !== undefined ? `${gene} (${formatPercent(probaDe)} sure)` : gene,
    )
    const none = `no gene is marked at an error of ${formatPercent(fdrTarget)}`
    const some = `${formatCount(marked)} ${marked === 1 ? 'gene differs' : 'genes differ'}`
    const found = mode === 'change' ? `${marked === 0 ? none : some}; ` : ''
    log.info(
      `${group1} (${formatCount(nCells1)} cells) against ${group2} (${formatCount(nCells2)}): ${found}first ${first.join(', ')}`,
    )
  }
  for (const warning of warnings) log.warn(warning)
}

import { writeFileSync } from 'node:fs'
import type { Corruption } from '../../analysis/imputation/hide-counts.js'
import { refuseExisting, writeBeside } from '../../anndata/write/beside.js'
import { type DeviceName, openDevice } from '../../device/open-device.js'
import { readModel } from '../../files/model-files.js'
import { evaluateImputation, type ImputationResult } from '../../models/evaluate-imputation.js'
import { packageVersion } from '../../package.js'
import { formatCount, formatPercent } from '../../report/format.js'
import { EpochProgress } from '../fit/epoch-progress.js'
import { trainingOf } from '../fitted/training-of.js'
import { interruptible } from '../interrupt.js'
import { Log, type Verbosity } from '../log.js'
import { countedCells, openQuery, type QuerySettings } from '../query.js'
import { textTable } from '../text.js'
import { writeChunks } from '../write-chunks.js'

/** What a run of `scvae impute --evaluate` was asked to do. */
export interface EvaluationSettings extends QuerySettings {
  directory: string
  prefix: string
  overwrite: boolean
  share: number
  corruptions: readonly Corruption[]
  draws: number
  seed: number | undefined
  device: DeviceName
  threads: number | undefined
  verbosity: Verbosity
}

/** Hides counts of a file, fits models like the one given to what is left, and writes how well they find the hidden ones. */
export async function runEvaluation(settings: EvaluationSettings): Promise<void> {
  const { prefix, overwrite, share, draws, seed } = settings
  const outputs = { json: `${prefix}_impute.json`, csv: `${prefix}_impute.csv` }
  for (const output of Object.values(outputs)) refuseExisting(output, overwrite)
  const log = new Log(settings.verbosity)
  const saved = readModel(settings.directory)
  const { description } = saved
  const train = trainingOf(saved, log)
  const query = await openQuery(settings, description, log)
  const { adata, positions } = query
  const cells = countedCells(
    query,
    Int32Array.from({ length: adata.nCells }, (_, cell) => cell),
    log,
  )
  const results: ImputationResult[] = []
  const device = await openDevice(settings)
  try {
    for (const corruption of settings.corruptions) {
      log.info(`${corruption}: ${formatPercent(share)} hidden of ${formatCount(cells.length)} cells`)
      const progress = new EpochProgress(log)
      const result = await interruptible(
        (signal) =>
          evaluateImputation(description, adata, {
            ...{ cells, genePositions: positions, share, corruption, nSamples: draws, device },
            ...(seed !== undefined && { seed }),
            train,
            hooks: { signal, onEpoch: (record, total) => progress.onEpoch(record, total) },
          }),
        () => log.warn('stopping'),
      )
      log.clearBar()
      results.push(result)
    }
  } finally {
    await device.dispose()
  }
  const rows = results.flatMap(tableRows)
  await writeBeside(
    outputs.json,
    (path) => writeFileSync(path, `${JSON.stringify(record(settings, results), null, 2)}\n`),
    { overwrite },
  )
  await writeBeside(outputs.csv, (path) => writeChunks(path, csvLines(rows)), { overwrite })
  process.stdout.write(`${tableText(rows)}\n`)
  log.info(`wrote ${Object.values(outputs).join(', ')}`)
}

const COLUMNS = [
  'hidden',
  'method',
  'entries',
  'n',
  'median_absolute_error',
  'mean_absolute_error',
  'log_likelihood',
] as const

type Row = Record<(typeof COLUMNS)[number], string | number>

/** A row for each method and kind of hidden counts. */
function tableRows({ corruption, methods }: ImputationResult): Row[] {
  return methods.flatMap(({ method, ...scores }) =>
    (['nonzeros', 'zeros', 'all'] as const)
      .filter((entries) => scores[entries].n > 0)
      .map((entries) => ({
        hidden: corruption,
        method,
        entries,
        n: scores[entries].n,
        median_absolute_error: scores[entries].medianAbsoluteError,
        mean_absolute_error: scores[entries].meanAbsoluteError,
        log_likelihood: scores[entries].logLikelihood,
      })),
  )
}

function record({ file, directory, share, draws }: EvaluationSettings, results: readonly ImputationResult[]) {
  return {
    tool: 'scvae',
    version: packageVersion(),
    file,
    model: directory,
    share,
    draws,
    results: results.map((result) => ({
      hidden: result.corruption,
      n_cells: result.nCells,
      n_genes: result.nGenes,
      epochs: result.epochs,
      scores: tableRows(result).map(({ hidden: _, ...row }) => row),
    })),
  }
}

/** Rows as lines of a CSV file. */
function* csvLines(rows: readonly Row[]): Generator<string> {
  yield `${COLUMNS.join(',')}\n`
  for (const row of rows) yield `${COLUMNS.map((column) => row[column]).join(',')}\n`
}

/** Rows for people: the numbers to the right, rounded. */
function tableText(rows: readonly Row[]): string {
  const text = (value: string | number) =>
    typeof value === 'string' || Number.isInteger(value) ? String(value) : value.toFixed(4)
  const numeric = [...COLUMNS.keys()].slice(COLUMNS.indexOf('n'))
  return textTable([COLUMNS, ...rows.map((row) => COLUMNS.map((column) => text(row[column])))], numeric)
}

import { writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { refuseExisting, writeBeside } from '../../anndata/write/beside.js'
import { type SubsetTerm, subsetCells } from '../../cells/subset.js'
import { type DeviceName, openDevice } from '../../device/open-device.js'
import { ScvaeError } from '../../errors.js'
import { readModel } from '../../files/model-files.js'
import type { Diagnosis } from '../../models/diagnosed-model.js'
import { SCVI } from '../../models/scvi.js'
import { packageVersion } from '../../package.js'
import { buildFindingsPage } from '../../report/findings-page.js'
import { interruptible, stopIfInterrupted } from '../interrupt.js'
import { Log, type Verbosity } from '../log.js'
import { countedCells, openQuery, type QuerySettings } from '../query.js'
import { stageBar } from '../stage-bar.js'
import { textTable } from '../text.js'
import { curveChart, curveRecord, curveTable, rateDistortion } from './curve.js'
import type { Finding } from './finding.js'
import { findingsOf, verdictOf } from './findings.js'
import { knownColumns } from './known-columns.js'
import { measuredCurve } from './measured-curve.js'
import { measuredNull } from './measured-null.js'
import { nullFinding, nullRecord, nullTable } from './null-batches.js'
import { figuresOf } from './record.js'
import { tablesOf } from './tables.js'

/** What a run of `scvae diagnose` was asked to do. */
export interface DiagnoseSettings extends QuerySettings {
  directory: string
  prefix: string
  overwrite: boolean
  subset: readonly SubsetTerm[]
  nCells: number
  /** Whether fits of other β are made to compare with. */
  curve: boolean
  /** Refits with batches of no meaning; none when 0. */
  nullBatches: number
  /** Columns of obs that single dimensions are held against; those that there are when none is named. */
  columns: readonly string[]
  seed: number | undefined
  device: DeviceName
  threads: number | undefined
  verbosity: Verbosity
}

/** Reads a model and cells, measures what the fit is worth, writes it and prints a line for each finding. */
export async function runDiagnose(settings: DiagnoseSettings): Promise<void> {
  const { prefix, overwrite, directory } = settings
  const path = (ending: string) => `${prefix}_diagnose.${ending}`
  for (const ending of ['json', 'html']) refuseExisting(path(ending), overwrite)
  const log = new Log(settings.verbosity)
  const model = readModel(directory)
  if (!model.isTrained)
    throw new ScvaeError(
      'bad-input',
      `The model in ${directory} has not been trained: there is no fit to diagnose.`,
    )
  const query = await openQuery(settings, model.description, log)
  const cells = countedCells(query, subsetCells(query.adata, settings.subset), log)
  const columns = knownColumns(query.adata, cells, settings.columns)
  const diagnosis = await measured({ ...settings, columns }, query.adata, query.positions, cells, log)
  const findings = findingsOf(diagnosis, model)
  const curve = settings.curve
    ? await measuredCurve({ ...settings, columns }, query.adata, cells, log)
    : undefined
  if (settings.curve) findings.push(rateDistortion(curve, model))
  const nulls = settings.nullBatches > 0 ? await measuredNull(settings, model, query, cells, log) : undefined
  if (nulls) findings.push(nullFinding(nulls))
  const verdict = verdictOf(findings)
  const seed = settings.seed ?? model.description.seed
  const record = {
    tool: 'scvae',
    version: packageVersion(),
    model: directory,
    path: settings.file,
    seed,
    verdict,
    findings,
    ...figuresOf(diagnosis, model.description.genes),
    ...(curve && { curve: curveRecord(curve) }),
    ...(nulls && { null_batches: nullRecord(nulls) }),
  }
  const write = (ending: string, content: string) =>
    writeBeside(path(ending), (temporary) => writeFileSync(temporary, content), { overwrite })
  await write('json', `${JSON.stringify(record, null, 2)}\n`)
  const title = `${basename(settings.file)}: ${basename(directory)}`
  const tables = [
    ...(curve ? [curveTable(curve)] : []),
    ...(nulls ? [nullTable(nulls)] : []),
    ...tablesOf(diagnosis, model.description.genes),
  ]
  const page = { title, kind: 'scvae diagnose', verdict, findings, tables }
  await write('html', buildFindingsPage({ ...page, ...(curve && { chart: curveChart(curve) }) }))
  process.stdout.write(`${textOf(verdict, findings)}\n`)
  log.info(`wrote ${path('json')} and ${path('html')}`)
}

async function measured(
  { directory, device: name, threads, nCells, columns, seed }: DiagnoseSettings,
  adata: Awaited<ReturnType<typeof openQuery>>['adata'],
  genePositions: Int32Array,
  cells: Int32Array,
  log: Log,
): Promise<Diagnosis> {
  const device = await openDevice({ device: name, threads })
  try {
    await using model = await SCVI.load(directory, undefined, { device })
    const bars = new Map<string, ReturnType<typeof stageBar>>()
    return await interruptible(
      (signal) =>
        model.diagnose({
          ...{ adata, cells, genePositions, nCells, columns },
          ...(seed !== undefined && { seed }),
          onStage(stage, done, total) {
            stopIfInterrupted(signal)
            if (!bars.has(stage)) bars.set(stage, stageBar(log, stage))
            bars.get(stage)!(done, total)
          },
        }),
      () => log.warn('stopping'),
    )
  } finally {
    log.clearBar()
    await device.dispose()
  }
}

const MARKS = { good: 'good', attention: 'ATTENTION', unknown: 'not known' } as const

function textOf(verdict: string, findings: readonly Finding[]): string {
  const rows = findings.map(({ title, grade, sentence }) => [title, MARKS[grade], sentence])
  return `Verdict: ${verdict}\n\n${textTable(rows)}`
}

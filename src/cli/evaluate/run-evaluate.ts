import { writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { aggregateScores, evaluateEmbedding } from '../../analysis/metrics/evaluate.js'
import { refuseExisting, writeBeside } from '../../anndata/write/beside.js'
import { createCpuDevice } from '../../device/cpu/cpu-device.js'
import { packageVersion } from '../../package.js'
import { buildScoresPage, type ScoredEmbedding } from '../../report/scores-page.js'
import type { Log } from '../log.js'
import { textTable } from '../text.js'
import { type EvaluatedCells, readEvaluated } from './cells.js'
import { COLUMNS } from './columns.js'
import { multiqcIntegration } from './multiqc.js'
import type { EvaluateRequest } from './request.js'

/** Ending of the table for MultiQC, which finds its files by it. */
const MULTIQC = '_mqc.json'

/** Judges the embeddings of a file, writes the figures and prints a table of them. */
export async function runEvaluate(request: EvaluateRequest, log: Log): Promise<void> {
  const { output, overwrite, seed, threads } = request
  const path = (ending: string) => `${output}_evaluate${ending}`
  const endings = ['.json', '.csv', '.html', ...(request.multiqc ? [MULTIQC] : [])]
  for (const ending of endings) refuseExisting(path(ending), overwrite)
  const device = await createCpuDevice(threads === undefined ? {} : { threads })
  try {
    const cells = await readEvaluated(request, device, log)
    const scored: ScoredEmbedding[] = []
    for (const { name, points } of cells.embeddings) {
      const scores = await evaluateEmbedding(points, cells.labels, cells.batches, {
        ...{ device, before: cells.before, seed },
        onStep: (step) => log.bar(`${name}: ${step}`),
      })
      scored.push({ name, scores, aggregate: aggregateScores(scores) })
    }
    log.clearBar()
    scored.sort((a, b) => b.aggregate.total - a.aggregate.total)
    const notes = notesOf(cells, request)
    const write = (ending: string, content: string) =>
      writeBeside(path(ending), (temporary) => writeFileSync(temporary, content), { overwrite })
    const writeJson = (ending: string, record: object) =>
      write(ending, `${JSON.stringify(record, null, 2)}\n`)
    await writeJson('.json', recordOf(scored, cells, request, notes))
    await write('.csv', csvOf(scored))
    const title = `${basename(request.file)}: embeddings`
    await write('.html', buildScoresPage({ title, notes, scored }))
    if (request.multiqc) await writeJson(MULTIQC, multiqcIntegration(output, scored, cells.labelsAreClusters))
    process.stdout.write(`${tableOf(scored)}\n`)
    for (const note of notes) log.info(note)
    log.info(`wrote ${endings.map(path).join(', ')}`)
  } finally {
    await device.dispose()
  }
}

function tableOf(scored: readonly ScoredEmbedding[]): string {
  const rows = COLUMNS.map(({ title, of }) => [title, ...scored.map((one) => shown(of(one)))])
  return textTable(
    [['', ...scored.map(({ name }) => name)], ...rows],
    scored.map((_, i) => i + 1),
  )
}

const shown = (value: number) => (Number.isNaN(value) ? '–' : value.toFixed(3))

function csvOf(scored: readonly ScoredEmbedding[]): string {
  const quoted = (name: string) => (/[",\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name)
  const lines = scored.map((one) =>
    [quoted(one.name), ...COLUMNS.map(({ of }) => (Number.isNaN(of(one)) ? '' : of(one)))].join(','),
  )
  return `${['embedding', ...COLUMNS.map(({ name }) => name)].join(',')}\n${lines.join('\n')}\n`
}

/** What is to be known when the figures are read. */
function notesOf(cells: EvaluatedCells, { batchKey, pre }: EvaluateRequest): string[] {
  const { labels, batches, embeddings, total, labelsFrom, labelsAreClusters } = cells
  const n = embeddings[0]!.points.rows
  const left = n < total ? ` of ${total}` : ''
  return [
    `${n}${left} cells; ${batches.names.length} batches (${batchKey}), ${labels.names.length} labels (${labelsFrom}); PCR comparison against ${pre}.`,
    ...(labelsAreClusters
      ? [
          'The labels are clusters of the fit itself: metrics of bio conservation favour the embedding that they were made of. Compare batch correction only, or give --labels-key.',
        ]
      : []),
  ]
}

function recordOf(
  scored: readonly ScoredEmbedding[],
  { labels, batches, embeddings, labelsFrom, labelsAreClusters }: EvaluatedCells,
  { file, batchKey, pre, seed }: EvaluateRequest,
  notes: readonly string[],
): Record<string, unknown> {
  const figures = (one: ScoredEmbedding) =>
    Object.fromEntries(COLUMNS.map(({ name, of }) => [name, Number.isNaN(of(one)) ? null : of(one)]))
  return {
    tool: 'scvae',
    version: packageVersion(),
    path: file,
    n_cells: embeddings[0]!.points.rows,
    batch_key: batchKey,
    n_batches: batches.names.length,
    labels: labelsFrom,
    labels_are_clusters: labelsAreClusters,
    n_labels: labels.names.length,
    pre,
    seed,
    notes,
    embeddings: Object.fromEntries(scored.map((one) => [one.name, figures(one)])),
  }
}

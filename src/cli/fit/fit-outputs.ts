import { writeFileSync } from 'node:fs'
import { REASON_COLUMNS } from '../../analysis/outliers/reasons/reason-columns.js'
import { blankScoreColumns } from '../../analysis/outliers/score-columns.js'
import { readAs } from '../../anndata/read-any.js'
import { shellWord } from '../../anndata/shell-word.js'
import { refuseForeignKeys } from '../../anndata/write/copy.js'
import { type FileKeys, isOwnKey, RECORD } from '../../anndata/write/own-keys.js'
import { packageVersion } from '../../package.js'
import { writeParquet } from '../latent-parquet.js'
import { writeArrow, writeLatentCsv, writeLoadingsCsv, writeScoresCsv } from '../latent-table.js'
import type { Outputs, Staging } from '../outputs.js'
import { clusterNames } from '../resolutions.js'
import { configText } from './config-file.js'
import type { FitData } from './fit-data.js'
import type { FitSettings } from './fit-settings.js'
import type { Metrics } from './metrics.js'
import { multiqcTable, multiqcVersions } from './multiqc.js'
import { outputKeys } from './output-keys.js'
import type { Run } from './run.js'
import { STABILITY } from './stability.js'
import { type CellOutputs, hasVarm, writeTarget } from './write-target.js'

/** What is written when a run has succeeded; the model has been saved to the staging folder before. */
export interface FitOutputs extends CellOutputs {
  metrics: Metrics
  report: string
  /** The report's main figures by their paths, where they are asked for. */
  figures: ReadonlyMap<string, string | Uint8Array>
}

/**
 * Writes everything but model and log to the staging folder.
 *
 * @returns one sentence for each thing of the input that the .h5ad does not have as it was
 */
export async function stageOutputs(
  { settings, outputs }: Pick<Run, 'settings' | 'outputs'>,
  staging: Staging,
  data: FitData,
  results: FitOutputs,
): Promise<string[]> {
  const { table, loadings, metrics, report, figures } = results
  const changes = await writeCells({ settings, outputs }, staging, data, results)
  if (loadings && !hasVarm(data.adata)) changes.push(NO_VARM)
  writeArrow(staging.path(outputs.latent), table)
  if (outputs.parquet) await writeParquet(staging.path(outputs.parquet), table)
  if (outputs.latentCsv) writeLatentCsv(staging.path(outputs.latentCsv), table)
  if (outputs.scoresCsv) writeScoresCsv(staging.path(outputs.scoresCsv), table)
  if (outputs.loadings && loadings)
    writeLoadingsCsv(staging.path(outputs.loadings), fittedGenes(data), loadings)
  writeFileSync(staging.path(outputs.metrics), `${JSON.stringify(metrics, null, 2)}\n`)
  writeFileSync(staging.path(outputs.report), report)
  for (const [path, figure] of figures) writeFileSync(staging.path(path), figure)
  writeFileSync(staging.path(outputs.run), runFile(settings, outputs))
  if (outputs.multiqc) {
    const table = multiqcTable(outputs.prefix, metrics)
    writeFileSync(staging.path(outputs.multiqc), `${JSON.stringify(table, null, 2)}\n`)
  }
  if (outputs.multiqcVersions) writeFileSync(staging.path(outputs.multiqcVersions), multiqcVersions(metrics))
  return changes
}

/** The settings with a line on what to do with them; without a time, so that the same run leaves the same bytes. */
function runFile({ config }: FitSettings, { run }: Outputs): string {
  return `# scvae ${packageVersion()}; made again by: scvae fit --config ${shellWord(run)} --overwrite\n${configText(config)}`
}

/** The input with our additions; of several files the joined data, or each of the files. */
async function writeCells(
  { settings, outputs }: Pick<Run, 'settings' | 'outputs'>,
  staging: Staging,
  data: FitData,
  results: FitOutputs,
): Promise<string[]> {
  const { h5ad, split } = outputs
  if (h5ad !== undefined) {
    const target = { ...data, firstCell: 0 }
    return writeTarget(target, data, settings, staging.path(h5ad), results)
  }
  const changes: string[] = []
  for (const [i, part] of (data.parts ?? []).entries()) {
    // counts of one file at a time are in memory beside the joined ones
    const adata = await readAs(part.path, part.format, settings.counts)
    const written = await writeTarget({ ...part, adata }, data, settings, staging.path(split![i]!), results)
    changes.push(...written.map((change) => `${part.path}: ${change}`))
  }
  return changes
}

/**
 * Refuses, before any long work, to replace what is in the file and not ours.
 *
 * @returns the outputs of an earlier run that this one takes away and does not replace: they are of another latent
 * @throws ScvaeError `usage` naming the key, and the option that gives another
 */
export function checkKeys(
  { adata, keys, parts }: FitData,
  settings: FitSettings,
  outputs: Pick<Outputs, 'loadings' | 'split'>,
): string[] {
  const files = outputs.split && parts ? parts : [{ path: adata.path, keys }]
  const dropped = files.flatMap((file) => {
    const wanted = wantedKeys(file.keys, settings, outputs)
    refuseForeignKeys(wanted, file.keys, file.path, 'Choose another name with --obsm-key or --obs-prefix.')
    return [...file.keys.present].filter(
      (path) => isOwnKey(path, file.keys) && path !== RECORD && !wanted.includes(path),
    )
  })
  return [...new Set(dropped)]
}

/** What is written into a file with such keys. */
function wantedKeys(
  keys: FileKeys,
  settings: FitSettings,
  { loadings }: Pick<Outputs, 'loadings'>,
): string[] {
  const names = outputKeys(keys, settings)
  return [
    `obsm/${names.latent}`,
    ...(settings.umap ? [`obsm/${names.umap}`] : []),
    ...[...Object.keys(blankScoreColumns(0)), ...REASON_COLUMNS].map((name) => `obs/${names.score(name)}`),
    ...(settings.seeds > 1 ? [`obs/${names.score(STABILITY)}`] : []),
    ...clusterNames(settings.resolutions).map((name) => `obs/${names.score(name)}`),
    ...(settings.resolutions.length > 0
      ? [`obsp/${names.distances}`, `obsp/${names.connectivities}`, `uns/${names.neighbors}`]
      : []),
    `var/${names.used}`,
    ...(loadings ? [`varm/${names.loadings}`] : []),
  ]
}

const NO_VARM =
  'The gene loadings are in the CSV file alone: the counts are those of raw/X, whose genes are not those of varm.'

export const fittedGenes = ({ adata: { varNames }, genes }: FitData): readonly string[] =>
  genes ? Array.from(genes, (gene) => varNames[gene]!) : varNames

import { writeFileSync } from 'node:fs'
import { blankScoreColumns, type ScoreColumns } from '../../analysis/outliers/score-columns.js'
import type { Column } from '../../anndata/frame/column.js'
import { openFrame } from '../../anndata/frame/dataframe.js'
import { withAnnData } from '../../anndata/mudata/modality.js'
import type { Additions } from '../../anndata/write/additions.js'
import { refuseForeignKeys, writeCopy } from '../../anndata/write/copy.js'
import { type Matrix, spreadRows } from '../../numeric/matrix.js'
import { writeParquet } from '../latent-parquet.js'
import type { LatentTable } from '../latent-table.js'
import { writeArrow, writeLatentCsv, writeLoadingsCsv, writeScoresCsv } from '../latent-table.js'
import type { Outputs, Staging } from '../outputs.js'
import type { FitData } from './fit-data.js'
import type { FitSettings } from './fit-settings.js'
import type { Metrics } from './metrics.js'
import { type OutputKeys, outputKeys } from './output-keys.js'
import { recordOf } from './record.js'
import type { Run } from './run.js'

/** What is written when a run has succeeded; the model has been saved to the staging folder before. */
export interface FitOutputs {
  table: LatentTable
  /** All cells × 2, or undefined without a layout. */
  umap: Matrix | undefined
  /** Of a linear decoder: fitted genes × latent dimensions. */
  loadings: Matrix | undefined
  metrics: Metrics
  report: string
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
  const { table, umap, loadings, metrics, report } = results
  const names = outputKeys(data.keys, settings)
  const changes = await writeH5ad(data, settings, staging.path(outputs.h5ad), {
    obsm: { [names.latent]: table.latent, ...(umap && { [names.umap]: umap }) },
    obs: columnsOf(table.scores, names.score),
    var: { [names.used]: { kind: 'int', values: await usedGenes(data) } },
    ...(loadings && { varm: varmOf(data, loadings, names.loadings) }),
  })
  if (loadings && !hasVarm(data)) changes.push(NO_VARM)
  writeArrow(staging.path(outputs.latent), table)
  if (outputs.parquet) await writeParquet(staging.path(outputs.parquet), table)
  if (outputs.latentCsv) writeLatentCsv(staging.path(outputs.latentCsv), table)
  if (outputs.scoresCsv) writeScoresCsv(staging.path(outputs.scoresCsv), table)
  if (outputs.loadings && loadings)
    writeLoadingsCsv(staging.path(outputs.loadings), fittedGenes(data), loadings)
  writeFileSync(staging.path(outputs.metrics), `${JSON.stringify(metrics, null, 2)}\n`)
  writeFileSync(staging.path(outputs.report), report)
  return changes
}

/** The input with our additions. */
function writeH5ad(
  data: FitData,
  settings: FitSettings,
  path: string,
  additions: Additions,
): Promise<string[]> {
  return writeCopy(data.adata, data.format, path, additions, {
    settings: recordOf(settings, data),
    renews: true,
    tables: settings.noCopy,
  })
}

/**
 * Refuses, before any long work, to replace what is in the file and not ours.
 *
 * @throws ScvaeError `usage` naming the key, and the option that gives another
 */
export function checkKeys(
  { adata, keys }: FitData,
  settings: FitSettings,
  outputs: Pick<Outputs, 'loadings'>,
): void {
  const names = outputKeys(keys, settings)
  const wanted = [
    `obsm/${names.latent}`,
    ...(settings.umap ? [`obsm/${names.umap}`] : []),
    ...Object.keys(blankScoreColumns(0)).map((name) => `obs/${names.score(name)}`),
    `var/${names.used}`,
    ...(outputs.loadings ? [`varm/${names.loadings}`] : []),
  ]
  refuseForeignKeys(wanted, keys, adata.path, 'Choose another name with --obsm-key or --obs-prefix.')
}

const NO_VARM =
  'The gene loadings are in the CSV file alone: the counts are those of raw/X, whose genes are not those of varm.'

/** Whether varm has a row for each gene that counts were read of. */
export const hasVarm = ({ adata }: FitData): boolean => adata.countsSource !== 'raw/X'

/** The loadings with a row for every gene of the file. */
function varmOf(data: FitData, loadings: Matrix, key: string): Record<string, Matrix> {
  if (!hasVarm(data)) return {}
  const { adata, genes } = data
  const ofRead = genes ? spreadRows(loadings, genes, adata.nGenes) : loadings
  const { genesInFile } = adata
  return { [key]: genesInFile ? spreadRows(ofRead, genesInFile.positions, genesInFile.total) : ofRead }
}

/** 1 for every gene of the file's var that was fitted; raw's genes are found there by their names. */
async function usedGenes(data: FitData): Promise<Uint8Array> {
  const { adata } = data
  if (!hasVarm(data)) {
    const used = new Set(fittedGenes(data))
    const names = await withAnnData(adata.path, adata.modality, async (store) =>
      (await openFrame(store, 'var')).names(),
    )
    return Uint8Array.from(names, (name) => (used.has(name) ? 1 : 0))
  }
  const { genesInFile } = adata
  const used = new Uint8Array(genesInFile?.total ?? adata.nGenes)
  for (let i = 0; i < data.nGenes; i++) {
    const gene = data.genes ? data.genes[i]! : i
    used[genesInFile ? genesInFile.positions[gene]! : gene] = 1
  }
  return used
}

const fittedGenes = ({ adata: { varNames }, genes }: FitData): readonly string[] =>
  genes ? Array.from(genes, (gene) => varNames[gene]!) : varNames

function columnsOf(scores: Readonly<ScoreColumns>, nameOf: OutputKeys['score']): Record<string, Column> {
  return Object.fromEntries(
    Object.entries(scores).map(([name, values]): [string, Column] => [
      nameOf(name),
      values instanceof Uint8Array ? { kind: 'int', values } : { kind: 'float', values },
    ]),
  )
}

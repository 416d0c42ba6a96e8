import { writeFileSync } from 'node:fs'
import type { ScoreColumns } from '../../analysis/outliers/score-columns.js'
import { takesAdditions, writeAsH5ad } from '../../anndata/as-h5ad.js'
import type { Column } from '../../anndata/frame/column.js'
import { type Additions, appendAnnData } from '../../anndata/write/append.js'
import { type Matrix, spreadRows } from '../../numeric/matrix.js'
import type { LatentTable } from '../latent-table.js'
import { writeArrow, writeLatentCsv, writeLoadingsCsv, writeScoresCsv } from '../latent-table.js'
import type { Outputs, Staging } from '../outputs.js'
import type { FitData } from './fit-data.js'
import type { Metrics } from './metrics.js'

/** The key of the latent means in obsm. */
export const LATENT_KEY = 'X_scvae'

/** The key of the gene loadings of a linear decoder in varm. */
export const LOADINGS_KEY = 'scvae_loadings'

/** The key of our layout in obsm: the usual one, unless the file has a layout of its own. */
export function umapKey(obsm: Readonly<Record<string, unknown>>): string {
  return 'X_umap' in obsm ? 'X_scvae_umap' : 'X_umap'
}

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
  staging: Staging,
  outputs: Outputs,
  data: FitData,
  results: FitOutputs,
): Promise<string[]> {
  const { table, umap, loadings, metrics, report } = results
  const changes = await writeH5ad(data, staging.path(outputs.h5ad), {
    obsm: obsmOf(data, table.latent, umap),
    obs: columnsOf(table.scores),
    ...(loadings && { varm: varmOf(data, loadings) }),
  })
  if (loadings && !hasVarm(data)) changes.push(NO_VARM)
  writeArrow(staging.path(outputs.latent), table)
  if (outputs.latentCsv) writeLatentCsv(staging.path(outputs.latentCsv), table)
  if (outputs.scoresCsv) writeScoresCsv(staging.path(outputs.scoresCsv), table)
  if (outputs.loadings && loadings)
    writeLoadingsCsv(staging.path(outputs.loadings), fittedGenes(data), loadings)
  writeFileSync(staging.path(outputs.metrics), `${JSON.stringify(metrics, null, 2)}\n`)
  writeFileSync(staging.path(outputs.report), report)
  return changes
}

/** The input with our additions: a copy of an .h5ad file, or what was read of another format, written anew. */
async function writeH5ad({ adata, format }: FitData, path: string, additions: Additions): Promise<string[]> {
  if (await takesAdditions(adata.path, format)) {
    await appendAnnData(adata.path, path, additions)
    return []
  }
  const changes = await writeAsH5ad(adata, format, path)
  await appendAnnData(path, path, additions, { overwrite: true })
  return changes
}

/**
 * Tries out, before any long work, whether a file that holds results of ours already takes new ones.
 *
 * @param scores columns of the form that will be written
 * @throws ScvaeError `bad-input` naming the key that cannot be filled anew
 */
export async function rehearseOutputs(
  staging: Staging,
  outputs: Outputs,
  data: FitData,
  shape: { nLatent: number; loadings: boolean; umap: boolean; scores: Readonly<ScoreColumns> },
): Promise<void> {
  const { adata } = data
  const present =
    adata.obs.schema.fields.some((field) => field.name in shape.scores) ||
    LATENT_KEY in adata.obsm ||
    'X_scvae_umap' in adata.obsm ||
    (shape.loadings && LOADINGS_KEY in adata.varm)
  if (!present) return
  const blank = (columns: number, rows = adata.nCells): Matrix => ({
    values: new Float32Array(rows * columns),
    rows,
    columns,
  })
  const path = `${staging.path(outputs.h5ad)}.rehearsal`
  await writeH5ad(data, path, {
    obsm: obsmOf(data, blank(shape.nLatent), shape.umap ? blank(2) : undefined),
    obs: columnsOf(shape.scores),
    ...(shape.loadings && { varm: varmOf(data, blank(shape.nLatent, data.nGenes)) }),
  })
}

function obsmOf({ adata }: FitData, latent: Matrix, umap: Matrix | undefined): Record<string, Matrix> {
  return { [LATENT_KEY]: latent, ...(umap && { [umapKey(adata.obsm)]: umap }) }
}

const NO_VARM =
  'The gene loadings are in the CSV file alone: the counts are those of raw/X, whose genes are not those of varm.'

/** Whether varm has a row for each gene that counts were read of. */
export const hasVarm = ({ adata }: FitData): boolean => adata.countsSource !== 'raw/X'

/** The loadings with a row for every gene of the file. */
function varmOf(data: FitData, loadings: Matrix): Record<string, Matrix> {
  if (!hasVarm(data)) return {}
  const { adata, genes } = data
  return { [LOADINGS_KEY]: genes ? spreadRows(loadings, genes, adata.nGenes) : loadings }
}

const fittedGenes = ({ adata: { varNames }, genes }: FitData): readonly string[] =>
  genes ? Array.from(genes, (gene) => varNames[gene]!) : varNames

function columnsOf(scores: Readonly<ScoreColumns>): Record<string, Column> {
  return Object.fromEntries(
    Object.entries(scores).map(([name, values]): [string, Column] => [
      name,
      values instanceof Uint8Array ? { kind: 'int', values } : { kind: 'float', values },
    ]),
  )
}

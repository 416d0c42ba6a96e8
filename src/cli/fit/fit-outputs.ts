import { writeFileSync } from 'node:fs'
import { takesAdditions, writeAsH5ad } from '../../anndata/as-h5ad.js'
import type { Column } from '../../anndata/frame/column.js'
import type { DenseMatrix } from '../../anndata/write/anndata.js'
import { type Additions, appendAnnData } from '../../anndata/write/append.js'
import type { LatentTable, Numbers } from '../latent-table.js'
import { writeArrow, writeLatentCsv, writeScoresCsv } from '../latent-table.js'
import type { Outputs, Staging } from '../outputs.js'
import type { FitData } from './fit-data.js'
import type { Metrics } from './metrics.js'

/** The key of the latent means in obsm. */
export const LATENT_KEY = 'X_scvae'

/** The key of our layout in obsm: the usual one, unless the file has a layout of its own. */
export function umapKey(obsm: Readonly<Record<string, unknown>>): string {
  return 'X_umap' in obsm ? 'X_scvae_umap' : 'X_umap'
}

/** What is written when a run has succeeded; the model has been saved to the staging folder before. */
export interface FitOutputs {
  table: LatentTable
  /** All cells × 2, or undefined without a layout. */
  umap: Float32Array | undefined
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
  const { table, umap, metrics, report } = results
  const changes = await writeH5ad(data, staging.path(outputs.h5ad), {
    obsm: obsmOf(data, table.latent, table.d, umap),
    obs: columnsOf(table.scores),
  })
  writeArrow(staging.path(outputs.latent), table)
  if (outputs.latentCsv) writeLatentCsv(staging.path(outputs.latentCsv), table)
  if (outputs.scoresCsv) writeScoresCsv(staging.path(outputs.scoresCsv), table)
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
  shape: { nLatent: number; umap: boolean; scores: Readonly<Record<string, Numbers>> },
): Promise<void> {
  const { adata } = data
  const present = adata.obs.schema.fields.some((field) => field.name in shape.scores)
  if (!present && !(LATENT_KEY in adata.obsm) && !('X_scvae_umap' in adata.obsm)) return
  const latent = new Float32Array(adata.nCells * shape.nLatent)
  const umap = shape.umap ? new Float32Array(adata.nCells * 2) : undefined
  const path = `${staging.path(outputs.h5ad)}.rehearsal`
  await writeH5ad(data, path, {
    obsm: obsmOf(data, latent, shape.nLatent, umap),
    obs: columnsOf(shape.scores),
  })
}

function obsmOf(
  { adata }: FitData,
  latent: Float32Array,
  d: number,
  umap: Float32Array | undefined,
): Record<string, DenseMatrix> {
  const rows = adata.nCells
  return {
    [LATENT_KEY]: { data: latent, rows, cols: d },
    ...(umap && { [umapKey(adata.obsm)]: { data: umap, rows, cols: 2 } }),
  }
}

function columnsOf(scores: Readonly<Record<string, Numbers>>): Record<string, Column> {
  return Object.fromEntries(
    Object.entries(scores).map(([name, values]): [string, Column] => [
      name,
      values instanceof Uint8Array ? { kind: 'int', values } : { kind: 'float', values },
    ]),
  )
}

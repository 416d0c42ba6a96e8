import { availableParallelism } from 'node:os'
import { readFitData } from '../../dist/src/cli/fit/fit-data.js'
import { Log } from '../../dist/src/cli/log.js'
import { splitCells } from '../../dist/src/train/split.js'
import { dataSettings } from '../lib/fit-settings.mjs'

/**
 * What both sides are asked to do with a file.
 *
 * @typedef {object} Job
 * @property {string} file
 * @property {string | null} batchKey column of obs
 * @property {{ column: string, value: string }[]} subset the cells that are fitted, as `--subset` has it; all without any
 * @property {number | null} nTopGenes genes chosen by seurat_v3; null for all
 * @property {number | null} maxEpochs null for scvi-tools' rule, which is ours
 * @property {number | null} klWarmup epochs until the KL weight is full; null for the default of each
 * @property {number} threads
 * @property {number} seed
 * @property {string} heldout file of the positions of held-out cells among the fitted ones, int32
 * @property {boolean} workflow whether neighbours, clusters and a UMAP follow
 * @property {string} output the .h5ad to write
 * @property {string} model the folder to save the model to
 */

/** Cells of minibatches and held-out cells are split by this share. */
const TRAIN_SIZE = 0.9
const MOST_GENES = 8000
const GENES = 4000

/** How `scvae fit` reads the file of a job. */
export const fitSettingsOf = (job) => dataSettings({ ...job, allGenes: job.nTopGenes === null })

/** The words of `scvae fit` for a job; PREFIX is that of its outputs. */
export function fitWords(job, prefix) {
  const { file, batchKey, subset, nTopGenes, maxEpochs, klWarmup, threads, seed, workflow } = job
  return [
    ...[
      'fit',
      file,
      '-o',
      prefix,
      '--prior',
      'normal',
      '--dropout-rate',
      '0.1',
      '--no-early-stopping',
      '--quiet',
    ],
    ...(workflow ? [] : ['--no-umap', '--no-clusters']),
    ...['--threads', threads, '--seed', seed, '--max-epochs', maxEpochs ?? 'auto'],
    ...['--kl-warmup', klWarmup ?? 'auto'],
    ...(batchKey ? ['--batch-key', batchKey] : []),
    ...subset.flatMap(({ column, value }) => ['--subset', `${column}=${value}`]),
    ...(nTopGenes === null ? ['--all-genes'] : ['--n-top-genes', nTopGenes]),
  ].map(String)
}

/**
 * The job of a data set, its data as scvae reads them and its split. Over 8,000 genes the 4,000 most variable ones are fitted, unless all are
 * asked for.
 *
 * @param {{ path: string, batch?: string, subset?: { column: string, value: string }[], allGenes?: boolean }} item
 * @param {{ threads: number | null, seed: number, maxEpochs: number | null, klWarmup: number | null, workflow: boolean }} settings
 */
export async function jobOf({ path, batch, subset = [], allGenes = false }, settings) {
  const job = {
    file: path,
    batchKey: batch ?? null,
    subset,
    nTopGenes: null,
    ...settings,
    threads: settings.threads ?? availableParallelism(),
  }
  const all = await readFitData(fitSettingsOf(job), new Log('quiet'))
  if (!allGenes && all.adata.nGenes > MOST_GENES) job.nTopGenes = GENES
  const { adata, cells, genes, nonzeros } =
    job.nTopGenes === null ? all : await readFitData(fitSettingsOf(job), new Log('quiet'))
  if (cells.length < all.cells.length) throw new Error(`${path}: cells are empty in the chosen genes.`)
  const nGenes = genes?.length ?? adata.nGenes
  return {
    job,
    adata,
    cells,
    heldout: splitCells(cells.length, TRAIN_SIZE, settings.seed).heldout,
    shape: { nCells: cells.length, nGenes, density: nonzeros / (cells.length * nGenes) },
  }
}

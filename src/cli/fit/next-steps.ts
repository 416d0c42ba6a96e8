import { existsSync } from 'node:fs'
import { obsColumn } from '../../anndata/frame/obs-column.js'
import type { CountsOptions } from '../../anndata/read-any.js'
import { shellWord } from '../../anndata/shell-word.js'
import type { Outputs } from '../outputs.js'
import { programName } from '../program-name.js'
import type { FitData } from './fit-data.js'
import type { FitSettings } from './fit-settings.js'
import type { Metrics } from './metrics.js'
import { LATENT_KEY } from './output-keys.js'

/**
 * Commands that follow on a fit, as a shell takes them: what the clusters express, and how well batches are integrated, or
 * what the fit is worth. Each works on the outputs as they are.
 */
export function nextSteps(
  data: FitData,
  settings: FitSettings,
  outputs: Outputs,
  metrics: Pick<Metrics, 'clusters'>,
): string[] {
  const { h5ad } = outputs
  // a file without counts, or several of them, would need the inputs again
  if (h5ad === undefined || settings.noCopy) return []
  const counts = countsWords(data, settings.counts)
  const command = (...words: string[]) => [programName(), ...words.map(shellWord)].join(' ')
  const onPrefix = (...endings: string[]) => {
    const again = endings.some((ending) => existsSync(`${outputs.prefix}${ending}`))
    return ['-o', outputs.prefix, ...(again ? ['--overwrite'] : [])]
  }
  // one cluster has nothing to be compared with
  const clusters = metrics.clusters.find(({ n_clusters }) => n_clusters > 1)?.column
  const steps: string[] = []
  if (clusters !== undefined) {
    const grouped = ['--groupby', clusters]
    steps.push(command('de', outputs.model, h5ad, ...counts, ...grouped, ...onPrefix('_de.csv', '_de.html')))
  }
  const { batchKey, obsmKey } = settings
  if (clusters !== undefined && batchKey !== undefined && categoriesOf(data, batchKey) > 1) {
    const keys = ['--batch-key', batchKey, '--labels-key', clusters]
    if (obsmKey !== LATENT_KEY) keys.push('--embedding', obsmKey)
    const ends = ['.json', '.csv', '.html'].map((ending) => `_evaluate${ending}`)
    steps.push(command('evaluate', h5ad, ...counts, ...keys, ...onPrefix(...ends)))
  } else {
    const ends = ['_diagnose.json', '_diagnose.html']
    steps.push(command('diagnose', outputs.model, h5ad, ...counts, ...onPrefix(...ends)))
  }
  return steps
}

/** How many values of a column the fitted cells have. */
function categoriesOf({ adata, cells }: FitData, column: string): number {
  const { codes } = obsColumn(adata, column)
  return new Set(Array.from(cells, (cell) => codes[cell]!)).size
}

/** The options that say where the counts are in the file that was written. */
function countsWords({ format }: FitData, counts: CountsOptions): string[] {
  // of other formats the counts that were fitted are X
  if (format !== 'h5ad' && format !== 'zarr') return []
  const { layer, useRaw, modality, featureType, missing, maskLayer } = counts
  return [
    ...(layer === undefined ? [] : ['--layer', layer]),
    ...(useRaw ? ['--use-raw'] : []),
    ...(modality === undefined ? [] : ['--modality', modality]),
    ...(featureType === undefined ? [] : ['--feature-type', featureType]),
    ...(missing === undefined ? [] : ['--missing', missing]),
    ...(maskLayer === undefined ? [] : ['--mask-layer', maskLayer]),
  ]
}

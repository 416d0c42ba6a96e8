import type { CovariateCategories } from '../../cells/cell-data.js'
import type { EpochRecord } from '../../files/epoch-record.js'
import { DEFAULT_MODEL, type ModelConfig } from '../../network/config.js'
import { formatCount, formatNumber, formatPlural, formatSeconds } from '../../report/format.js'
import { snakeCase } from '../fit/metrics.js'
import { formatBytes, listed, textTable } from '../text.js'
import type { ModelSummary } from './model-summary.js'

/** What `scvae info --json` prints. */
export function modelJson(summary: ModelSummary): object {
  const { description, training, isTrained, directory, nCells, nWeights, bytes } = summary
  const { version, config, genes, categorical, continuous, sizeFactorKey, batchSize, seed, input } =
    description
  const [batch, ...others] = categorical
  const covariate = ({ key, categories }: CovariateCategories) => ({ key, categories })
  return {
    tool: 'scvae',
    path: directory,
    version,
    is_trained: isTrained,
    n_genes: genes.length,
    n_cells: nCells ?? null,
    n_weights: nWeights,
    bytes,
    model: snakeCase(config),
    batch: covariate(batch!),
    categorical: others.map(covariate),
    continuous,
    size_factor_key: sizeFactorKey,
    batch_size: batchSize,
    seed,
    input: input ? snakeCase(input) : null,
    training: training
      ? {
          settings: snakeCase(training.settings),
          best_epoch: training.bestEpoch,
          terms: training.terms ?? [],
          history: training.history.map(snakeCase),
        }
      : null,
    genes,
  }
}

/** What `scvae info` prints. */
export function modelText(summary: ModelSummary): string {
  const { description, directory, nCells, nWeights, bytes } = summary
  const { version, config, genes, categorical, continuous, sizeFactorKey, input } = description
  const [batch, ...others] = categorical
  const ids = [description.geneIds && 'ids', description.geneSymbols && 'symbols'].filter(Boolean)
  return textTable([
    ['model', `${directory}, ${formatBytes(bytes)}, ${formatPlural(nWeights, 'weight')}`],
    ['made by', `scvae ${version}`],
    ['trained on', inputLine(input)],
    ['cells', nCells === undefined ? 'the folder tells of none' : formatCount(nCells)],
    [
      'genes',
      `${formatCount(genes.length)}${ids.length > 0 ? `, with ${ids.join(' and ')}` : ''}: ${listed(genes)}`,
    ],
    ['batch', batch!.key === null ? 'none' : categoriesLine(batch!)],
    ...others.map((covariate) => ['covariate', categoriesLine(covariate)]),
    ...continuous.map((key) => ['covariate', `${key}, continuous`]),
    ...(sizeFactorKey === null ? [] : [['size factor', sizeFactorKey]]),
    ['latent', `${formatPlural(config.nLatent, 'dimension')}, ${config.prior} prior`],
    ['likelihood', `${config.likelihood}, dispersion by ${config.dispersion}, library ${config.library}`],
    ['layers', `${config.nLayers} of ${formatCount(config.nHidden)} units; decoder ${config.decoder}`],
    ['settings', otherSettings(config)],
    ...trainingRows(summary),
  ])
}

function inputLine(input: ModelSummary['description']['input']): string {
  if (!input) return 'not known'
  const { path, countsSource, sha256 } = input
  return `${path}${countsSource === null ? '' : ` (${countsSource})`}${sha256 === null ? '' : `, SHA-256 ${sha256}`}`
}

const categoriesLine = ({ key, categories }: CovariateCategories): string =>
  `${key}, ${formatPlural(categories.length, 'category', 'categories')}: ${listed(categories)}`

/** Named on lines of their own. */
const TOLD: readonly string[] = [
  'nLatent',
  'prior',
  'likelihood',
  'dispersion',
  'library',
  'nLayers',
  'nHidden',
  'decoder',
]

/** Settings that are not the default. */
function otherSettings(config: ModelConfig): string {
  const others = (Object.keys(config) as (keyof ModelConfig)[]).filter(
    (key) => !TOLD.includes(key) && config[key] !== DEFAULT_MODEL[key],
  )
  if (others.length === 0) return 'else by default'
  return others.map((key) => `${key} ${config[key]}`).join(', ')
}

function trainingRows({ training, isTrained, best }: ModelSummary): string[][] {
  if (!training)
    return [['training', isTrained ? 'by another program, which left no record' : 'none: weights are random']]
  const { history, bestEpoch } = training
  const seconds = history.reduce((sum, record) => sum + record.seconds, 0)
  const last = history.at(-1)
  const run = `${formatPlural(history.length, 'epoch')} in ${formatSeconds(seconds)}, weights of epoch ${bestEpoch}`
  return [
    ['training', run],
    ...(best ? [['best epoch', lossLine(best)]] : []),
    ...(last && last !== best ? [['last epoch', lossLine(last)]] : []),
  ]
}

function lossLine({ trainElbo, heldoutElbo, klWeight }: EpochRecord): string {
  const heldout = heldoutElbo === undefined ? '' : `, held out ${formatNumber(heldoutElbo)}`
  return `loss ${formatNumber(trainElbo)} nats a cell${heldout}; KL weight ${formatNumber(klWeight)}`
}

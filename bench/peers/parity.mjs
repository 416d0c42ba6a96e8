/**
 * The same science as scvi-tools: models of the same cells, genes, splits and hyper-parameters, several seeds each, judged by the
 * same estimators. Every model, scvi-tools' after its import, is scored by the same code on the same held-out cells.
 *
 *     npm run build && node bench/peers/parity.mjs --scvi PYTHON --folder PATH [--only pbmc4k,bladder] [--seeds 0,1,2,3,4] [--json result.json]
 */

import { join } from 'node:path'
import { createCpuDevice } from '../../dist/src/device/cpu/cpu-device.js'
import { SCVI } from '../../dist/src/models/scvi.js'
import { splitCells } from '../../dist/src/train/split.js'
import { embeddingScores } from '../lib/embedding-scores.mjs'
import { fittedData, modelOf } from '../lib/fitted-data.mjs'
import { heldoutLoss } from '../lib/heldout-loss.mjs'
import { list, numbers, options } from '../lib/options.mjs'
import { machine, printTable, writeJson } from '../lib/output.mjs'
import { presentData } from '../lib/real-data.mjs'
import { peerRuns } from './parity-peer.mjs'

const flags = options(
  'Held-out ELBO, cell types and batches of models by scvae and by scvi-tools, seed by seed.',
  {
    only: 'pbmc4k,kang_ctrl,sc_mixology,bladder',
    seeds: '0,1,2,3,4',
    steps: '4000',
    warmup: 'half',
    threads: '1',
    defaults: 'yes',
    scvi: process.env.SCVAE_BENCH_SCVI ?? '',
    folder: '',
  },
)
if (flags.scvi === '' || flags.folder === '') {
  process.stderr.write(
    '--scvi PYTHON and --folder PATH (for the runs of scvi-tools, which are kept) are needed.\n',
  )
  process.exit(2)
}
const seeds = numbers(flags.seeds)
const threads = Number(flags.threads)
const BATCH_SIZE = 128
const TRAIN_SIZE = 0.9

async function scored(model, latent, { labels, batches }, heldout) {
  const scores = embeddingScores(latent, labels, batches)
  return { ...(await heldoutLoss(model, heldout)), ...scores }
}

async function ours(data, batchKey, seed, training) {
  const model = await modelOf(data, batchKey, seed, device, { prior: 'normal', dropoutRate: 0.1 })
  try {
    const { epochs, seconds, split } = await model.train(training)
    return {
      seed,
      epochs,
      seconds,
      ...(await scored(model, await model.getLatentRepresentation(), data, split.heldout)),
    }
  } finally {
    await model.dispose()
  }
}

async function theirs(data, seed, { latent, model: directory, ...run }) {
  const model = await SCVI.load(directory, data.adata, { cells: data.cells, device })
  try {
    const own = await model.getLatentRepresentation()
    const { heldout } = splitCells(data.cells.length, TRAIN_SIZE, seed)
    return {
      seed,
      epochs: run.epochs,
      seconds: run.seconds,
      ownElbo: run.elbo,
      latentDifference: own.values.reduce((most, value, i) => Math.max(most, Math.abs(value - latent[i])), 0),
      ...(await scored(model, { ...own, values: latent }, data, heldout)),
    }
  } finally {
    await model.dispose()
  }
}

const device = await createCpuDevice({ threads })
const results = []
for (const item of presentData(list(flags.only))) {
  const data = await fittedData(item)
  const nCells = data.cells.length
  const stepsAnEpoch = Math.ceil((nCells * TRAIN_SIZE) / BATCH_SIZE)
  const epochs = Math.min(400, Math.round(Number(flags.steps) / stepsAnEpoch))
  const warmup = flags.warmup === 'half' ? Math.floor(epochs / 2) : Number(flags.warmup)
  const folder = join(flags.folder, `${item.name}-${epochs}-${warmup}`)
  const arms = {
    'scvi-tools': [],
    'scvae, the same settings': [],
    ...(flags.defaults === 'yes' && { 'scvae, defaults': [] }),
  }
  for (const seed of seeds) {
    const matched = { maxEpochs: epochs, klWarmup: warmup, earlyStopping: false, keepBest: false }
    arms['scvae, the same settings'].push(await ours(data, item.batch, seed, matched))
    arms['scvae, defaults']?.push(await ours(data, item.batch, seed, {}))
  }
  const plan = { batchKey: item.batch, epochs, warmup, threads, seeds }
  const runs = peerRuns(flags.scvi, folder, data, {
    ...plan,
    splitOf: (seed) => splitCells(nCells, TRAIN_SIZE, seed),
  })
  for (const [i, seed] of seeds.entries()) arms['scvi-tools'].push(await theirs(data, seed, runs[i]))
  results.push({
    name: item.name,
    cells: nCells,
    genes: data.genes?.length ?? data.adata.nGenes,
    epochs,
    warmup,
    arms,
  })
}
await device.dispose()

const MEASURES = {
  elbo: ['held-out loss', 2],
  reconstruction: ['reconstruction', 2],
  kl: ['KL', 2],
  ari: ['ARI', 3],
  nmi: ['NMI', 3],
  silhouette: ['silhouette', 3],
  mixing: ['same-batch share', 3],
  effectiveBatches: ['effective batches', 2],
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length
const deviation = (values) => {
  const middle = mean(values)
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1))
}

/** Mean (standard deviation), and the difference to scvi-tools, paired by seed, ± its standard error. */
function compare(arms, key) {
  const base = arms['scvi-tools'].map((one) => one[key])
  return Object.entries(arms).map(([arm, runs]) => {
    const values = runs.map((one) => one[key])
    const differences = values.map((value, i) => value - base[i])
    const standardError = deviation(differences) / Math.sqrt(differences.length)
    return {
      arm,
      mean: mean(values),
      deviation: deviation(values),
      difference: mean(differences),
      standardError,
    }
  })
}

const comparisons = results.map(({ name, arms }) => ({
  name,
  measures: Object.fromEntries(
    Object.keys(MEASURES)
      .filter((key) => arms['scvi-tools'][0][key] !== undefined)
      .map((key) => [key, compare(arms, key)]),
  ),
}))
for (const { name, cells, genes, epochs, warmup, arms } of results) {
  const { measures } = comparisons.find((one) => one.name === name)
  printTable(
    `${name}: ${cells.toLocaleString('en-US')} cells × ${genes.toLocaleString('en-US')} genes, ${epochs} epochs, KL warm-up over ${warmup}, ${seeds.length} seeds: mean (standard deviation) [difference to scvi-tools ± standard error]`,
    ['measure', ...Object.keys(arms)],
    Object.entries(measures).map(([key, compared]) => {
      const [label, digits] = MEASURES[key]
      return [
        label,
        ...compared.map(({ arm, mean: middle, deviation: spread, difference, standardError }) => {
          const own = `${middle.toFixed(digits)} (${spread.toFixed(digits)})`
          if (arm === 'scvi-tools') return own
          return `${own} [${difference >= 0 ? '+' : ''}${difference.toFixed(digits)} ± ${standardError.toFixed(digits)}]`
        }),
      ]
    }),
  )
}
writeJson(flags.json, { benchmark: 'parity', machine: machine(), threads, seeds, results, comparisons })

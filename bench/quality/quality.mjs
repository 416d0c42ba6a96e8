/**
 * How well the latents of a fit with default settings part known cell types and mix batches, on measured data, beside the
 * principal components of log-normalised counts and, with a Python that has it, scvi-tools on the same cells and genes.
 *
 *     npm run build && node bench/quality/quality.mjs [--only pbmc4k,bladder] [--seeds 0,1,2] [--scvi PYTHON] [--json result.json]
 */

import { pcaFloor } from '../../dist/src/analysis/metrics/pca.js'
import { createCpuDevice } from '../../dist/src/device/cpu/cpu-device.js'
import { embeddingScores } from '../lib/embedding-scores.mjs'
import { fittedData, modelOf } from '../lib/fitted-data.mjs'
import { list, numbers, options } from '../lib/options.mjs'
import { figure, machine, printTable, spread, writeJson } from '../lib/output.mjs'
import { presentData } from '../lib/real-data.mjs'
import { scviLatent } from '../peers/scvi-side.mjs'

const flags = options('Cell types and batches in the latents of real data, beside principal components.', {
  only: '',
  seeds: '0',
  'max-epochs': 'auto',
  threads: '',
  kernels: 'auto',
  scvi: process.env.SCVAE_BENCH_SCVI ?? '',
})
const seeds = numbers(flags.seeds)
const maxEpochs = flags['max-epochs'] === 'auto' ? 'auto' : Number(flags['max-epochs'])

function floorOf({ adata, cells, labels, batches }) {
  const { scores } = pcaFloor(adata.counts.select(cells))
  return embeddingScores(scores, labels, batches)
}

async function fitAndScore(data, batchKey, seed, device) {
  const { labels, batches } = data
  const model = await modelOf(data, batchKey, seed, device)
  try {
    const start = performance.now()
    const summary = await model.train({ maxEpochs })
    const latent = await model.getLatentRepresentation()
    const seconds = (performance.now() - start) / 1000
    const { epochs, bestEpoch, stoppedEarly, heldoutElbo, trainCellsPerSecond } = summary
    const scores = embeddingScores(latent, labels, batches)
    return { seed, ...scores, seconds, epochs, bestEpoch, stoppedEarly, heldoutElbo, trainCellsPerSecond }
  } finally {
    await model.dispose()
  }
}

function peerScores({ adata, cells, genes, labels, batches }, seed) {
  const chosen = adata.counts.select(cells, genes)
  const { latent, ...run } = scviLatent(flags.scvi, chosen, batches, seed, maxEpochs)
  return {
    seed,
    ...embeddingScores(latent, labels, batches),
    ...run,
  }
}

const device = await createCpuDevice({
  kernels: flags.kernels,
  ...(flags.threads !== '' && { threads: Number(flags.threads) }),
})
const results = []
for (const item of presentData(list(flags.only))) {
  const data = await fittedData(item)
  const { adata, cells, genes } = data
  const floor = floorOf(data)
  const fits = []
  const peers = []
  for (const seed of seeds) {
    process.stderr.write(`${item.name}, seed ${seed} …\n`)
    fits.push(await fitAndScore(data, item.batch, seed, device))
    if (flags.scvi !== '') peers.push(peerScores(data, seed))
  }
  results.push({
    name: item.name,
    file: item.file,
    batchKey: item.batch ?? null,
    label: item.label,
    cells: cells.length,
    labelledCells: data.labels.filter((label) => label >= 0).length,
    genes: genes?.length ?? adata.nGenes,
    floor,
    fits,
    ...(peers.length > 0 && { peers }),
    ...Object.fromEntries(
      ['ari', 'nmi', 'mixing'].map((key) => [
        key,
        item.batch || key !== 'mixing' ? spread(fits.map((one) => one[key])) : null,
      ]),
    ),
  })
}

process.stdout.write(
  `${device.label}, ${device.build}; ${maxEpochs === 'auto' ? 'default settings' : `at most ${maxEpochs} epochs`}; best of 10 starts of k-means with the true number of types; same-batch share of 15 neighbours, in brackets if batches were perfectly mixed\n`,
)
printTable(
  'Cell types (ARI / NMI) and batches (mixing)',
  [
    'data',
    'cells × genes',
    'seed',
    'PCA',
    'scvae',
    ...(flags.scvi !== '' ? ['scvi-tools'] : []),
    'PCA mixing',
    'scvae mixing',
    ...(flags.scvi !== '' ? ['scvi-tools mixing', 'scvi-tools s'] : []),
    's',
    'epochs',
    'held-out loss',
  ],
  results.flatMap(({ name, cells, genes, floor, fits, peers }) =>
    fits.map((one, i) => [
      name,
      `${cells.toLocaleString('en-US')} × ${genes.toLocaleString('en-US')}`,
      one.seed,
      pair(floor),
      pair(one),
      ...(peers ? [pair(peers[i])] : []),
      mixing(floor),
      mixing(one),
      ...(peers ? [mixing(peers[i]), figure(peers[i].seconds)] : []),
      figure(one.seconds),
      `${one.epochs}${one.stoppedEarly ? ' (stopped)' : ''}`,
      one.heldoutElbo?.toFixed(2) ?? '–',
    ]),
  ),
)
if (seeds.length > 1) {
  const median = (values) =>
    values ? `${values.median.toFixed(2)} (${values.min.toFixed(2)}–${values.max.toFixed(2)})` : '–'
  printTable(
    `Medians (range) over ${seeds.length} seeds`,
    ['data', 'ARI', 'NMI', 'mixing'],
    results.map(({ name, ari, nmi, mixing: mixed }) => [name, median(ari), median(nmi), median(mixed)]),
  )
}
writeJson(flags.json, {
  benchmark: 'quality',
  machine: machine(),
  device: device.label,
  kernels: device.build,
  maxEpochs,
  seeds,
  results,
})
await device.dispose()

function pair({ ari, nmi }) {
  return `${ari.toFixed(2)} / ${nmi.toFixed(2)}`
}

function mixing({ mixing: same, idealMixing }) {
  return same === undefined ? '–' : `${same.toFixed(2)} (${idealMixing.toFixed(2)})`
}

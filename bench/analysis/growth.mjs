/**
 * What follows training, by the number of cells: seconds of each stage, and the power of the cells that they grow by.
 *
 *     npm run build && node bench/analysis/growth.mjs [--cells 25000,50000,100000,200000] [--genes 500] [--json growth.json]
 *
 * Cells are simulated, a model is trained on them for one epoch, and each stage is run once, as `scvae fit` does. n log n is a power of 1.09
 * between 50,000 and 100,000 cells.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectivities, leidenOf } from '../../dist/src/analysis/clustering/leiden.js'
import { neighborsOn } from '../../dist/src/analysis/neighbors/device-neighbors.js'
import { aggregatedPosteriorDistance } from '../../dist/src/analysis/outliers/aggregated-distance.js'
import { umap } from '../../dist/src/analysis/umap/umap.js'
import { createCpuDevice } from '../../dist/src/device/cpu/cpu-device.js'
import { readAnnData, SCVI } from '../../dist/src/index.js'
import { numbers, options } from '../lib/options.mjs'
import { figure, machine, printTable, writeJson } from '../lib/output.mjs'
import { dataSets } from '../peers/peers-data.mjs'

const NEIGHBORS = 16

const flags = options('Seconds of what follows training, by the number of cells.', {
  cells: '25000,50000,100000,200000',
  genes: '500',
  threads: '2',
})

/** Seconds of each stage, by its name. */
async function measure(path) {
  const device = await createCpuDevice({ threads: Number(flags.threads) })
  const model = await SCVI.create(await readAnnData(path), { batchKey: 'batch', device })
  const seconds = {}
  const timed = async (stage, work) => {
    const start = performance.now()
    const result = await work()
    seconds[stage] = (performance.now() - start) / 1000
    return result
  }
  try {
    await timed('an epoch', () => model.train({ maxEpochs: 1, earlyStopping: false }))
    const latent = await timed('latents', () => model.getLatentPosterior())
    const near = await timed('neighbours', () => neighborsOn(device, latent.means, { k: NEIGHBORS }))
    const graph = await timed('graph', () => connectivities(near, { device }))
    await timed('Leiden', () => leidenOf(graph))
    await timed('UMAP: graph and layout', () => umap(near, { device }))
    await timed('aggregated posterior', () => aggregatedPosteriorDistance(device.host, latent))
    await timed('surprise', () => model.surpriseScores())
  } finally {
    await model.dispose()
    await device.dispose()
  }
  return seconds
}

const folder = await mkdtemp(join(tmpdir(), 'scvae-growth-'))
try {
  const results = []
  for (const cells of numbers(flags.cells)) {
    const [{ path }] = dataSets([`${cells}x${flags.genes}`], folder)
    results.push({ cells, seconds: await measure(path) })
    await rm(path)
  }
  const powers = (stage) =>
    results.slice(1).map(({ cells, seconds }, i) => {
      const before = results[i]
      return Math.log(seconds[stage] / before.seconds[stage]) / Math.log(cells / before.cells)
    })
  const stages = Object.keys(results[0].seconds)
  printTable(
    `Seconds by the number of cells, ${flags.genes} genes, ${flags.threads} threads of ${machine().processor}, and the power of the cells from each number to the next`,
    ['stage', ...results.map(({ cells }) => figure(cells, 1)), 'powers'],
    stages.map((stage) => [
      stage,
      ...results.map(({ seconds }) => figure(seconds[stage])),
      powers(stage)
        .map((power) => power.toFixed(2))
        .join(', '),
    ]),
  )
  writeJson(flags.json, { machine: machine(), flags, results })
} finally {
  await rm(folder, { recursive: true, force: true })
}

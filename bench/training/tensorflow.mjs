/**
 * The TensorFlow device beside the CPU device on real data: held-out loss over some seeds and cells per second; then tensors and
 * memory over a long run.
 *
 *     npm run build && NODE_PATH=FOLDER/node_modules node bench/training/tensorflow.mjs [--json result.json]
 *
 * FOLDER is where @tensorflow/tfjs-node-gpu or tfjs-node is installed; NODE_PATH is not needed when that is here.
 */
import { setImmediate } from 'node:timers/promises'
import { readAnnData } from '../../dist/src/anndata/read.js'
import { openDevice } from '../../dist/src/device/open-device.js'
import { loadTensorFlow } from '../../dist/src/device/tensorflow/load.js'
import { scviGraph } from '../../dist/src/models/modules/scvi.js'
import { SCVI } from '../../dist/src/models/scvi.js'
import { modelConfig } from '../../dist/src/network/config.js'
import { Network } from '../../dist/src/network/network.js'
import { list, numbers, options } from '../lib/options.mjs'
import { figure, machine, printTable, spread, spreadText, writeJson } from '../lib/output.mjs'
import { presentData } from '../lib/real-data.mjs'
import { randomCells } from './training-step.mjs'

// the two builds of the CPU kernels differ by rounding alone: what that makes of a loss is the measure for TensorFlow's
const KINDS = {
  cpu: { device: 'cpu' },
  'cpu wasm': { device: 'cpu', kernels: 'wasm' },
  tensorflow: { device: 'tensorflow' },
}

const flags = options('The TensorFlow device beside the CPU device.', {
  data: 'pbmc4k',
  seeds: '0,1,2',
  devices: Object.keys(KINDS).join(),
  'max-epochs': 'auto',
  steps: '2000',
})
const maxEpochs = flags['max-epochs'] === 'auto' ? 'auto' : Number(flags['max-epochs'])

async function train(adata, kind, seed) {
  const device = await openDevice(KINDS[kind])
  try {
    const model = await SCVI.create(adata, { prior: 'normal', dropoutRate: 0.1, seed, device })
    const { epochs, bestEpoch, heldoutElbo, trainCellsPerSecond } = await model.train({ maxEpochs })
    await model.dispose()
    return {
      kind,
      device: device.label,
      build: device.build,
      seed,
      epochs,
      bestEpoch,
      heldoutElbo,
      trainCellsPerSecond,
    }
  } finally {
    await device.dispose()
  }
}

/** Tensors and resident bytes each tenth of some training steps. */
async function longRun(steps) {
  const { tf } = loadTensorFlow()
  const device = await openDevice({ device: 'tensorflow' })
  const source = randomCells(2000, 0.1)
  const shape = { nGenes: source.nGenes, categories: [1], nContinuous: 0 }
  const network = new Network(
    device,
    scviGraph(modelConfig({ prior: 'normal', dropoutRate: 0.1 }), shape, 0),
    128,
  )
  const batch = await network.minibatch(source)
  const adam = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 0.01, weightDecay: 1e-6 }
  const seen = []
  for (let step = 1; step <= steps; step++) {
    network.gather(
      batch,
      Int32Array.from({ length: 128 }, (_, i) => (step * 128 + i) % source.nCells),
    )
    network.trainStep(batch, { seed: 0, step, klWeight: 0.5, adam: { ...adam, step } })
    // as the trainer does: without a turn of the event loop nothing native is given back
    if (step % 10 === 0) await setImmediate()
    if (step % Math.ceil(steps / 10) === 0) {
      seen.push({ step, tensors: tf.memory().numTensors, residentBytes: process.memoryUsage().rss })
    }
  }
  const { logLikelihood } = await network.takeSums()
  if (!Number.isFinite(logLikelihood)) throw new Error(`The log-likelihood is ${logLikelihood}.`)
  await device.dispose()
  return seen
}

const results = []
for (const item of presentData([flags.data])) {
  const adata = await readAnnData(item.path)
  for (const seed of numbers(flags.seeds)) {
    for (const kind of list(flags.devices)) {
      process.stderr.write(`${item.name}, seed ${seed}, ${kind} …\n`)
      results.push({ name: item.name, ...(await train(adata, kind, seed)) })
    }
  }
}
const memory = Number(flags.steps) > 0 ? await longRun(Number(flags.steps)) : []

const about = machine()
process.stdout.write(`${about.processor}, ${about.cores} cores, Node ${about.node}\n`)
printTable(
  'Held-out loss (minus the ELBO, nats a cell) and speed',
  ['data', 'seed', 'device', 'epochs', 'best epoch', 'held-out loss', 'cells/s'],
  results.map(({ name, seed, device, build, epochs, bestEpoch, heldoutElbo, trainCellsPerSecond }) => [
    name,
    seed,
    `${device}, ${build}`,
    epochs,
    bestEpoch,
    heldoutElbo.toFixed(3),
    figure(trainCellsPerSecond),
  ]),
)
const of = (kind, key) => spread(results.filter((run) => run.kind === kind).map((run) => run[key]))
if (numbers(flags.seeds).length > 1) {
  printTable(
    'Over the seeds: median (quartiles), and the range of the loss',
    ['device', 'held-out loss', 'least', 'most', 'cells/s'],
    list(flags.devices).map((kind) => {
      const loss = of(kind, 'heldoutElbo')
      const speed = of(kind, 'trainCellsPerSecond')
      return [kind, spreadText(loss, 6), loss.min.toFixed(3), loss.max.toFixed(3), spreadText(speed)]
    }),
  )
}
if (memory.length > 0) {
  printTable(
    'Training steps of 128 cells × 2,000 genes on TensorFlow',
    ['step', 'tensors', 'resident MB'],
    memory.map(({ step, tensors, residentBytes }) => [step, tensors, figure(residentBytes / 1e6, 4)]),
  )
}
writeJson(flags.json, { benchmark: 'tensorflow', machine: about, maxEpochs, results, memory })

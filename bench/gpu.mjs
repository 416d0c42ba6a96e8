/**
 * Training on the GPU: cells per second, beside scvi-tools on the same card, time by kernel, and share of the card's peak.
 *
 *     npm run build && node bench/gpu.mjs --python PATH [--json result.json]
 *
 * `--prior mixture` trains with the prior that is the default; scvi-tools has the standard normal. `--memory BYTES` keeps no more counts than that on the GPU and sends the rest with each minibatch: 0 sends all.
 * `--tiny` is a test of itself: shapes that a software adapter does in a minute. Their times say nothing.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { view } from '../dist/src/device/webgpu/gpu-tensor.js'
import { openWebgpu } from '../dist/src/device/webgpu/open/open-webgpu.js'
import { TILES } from '../dist/src/device/webgpu/tiles/tiles.js'
import { plainProduct } from '../dist/src/device/webgpu/wgsl/linear.js'
import { tileName } from '../dist/src/device/webgpu/wgsl/product.js'
import { scviGraph } from '../dist/src/models/modules/scvi.js'
import { modelConfig } from '../dist/src/network/config.js'
import { Network } from '../dist/src/network/network.js'
import { Random } from '../dist/src/numeric/random.js'
import { numbers, options } from './lib/options.mjs'
import { figure, machine, printTable, writeJson } from './lib/output.mjs'
import { randomCells } from './training/training-step.mjs'

const flags = options('Training on the GPU: cells a second, kernels, share of the peak; beside scvi-tools.', {
  genes: '2000,20000',
  batch: '128,512,4096',
  cells: '20480',
  seconds: '5',
  device: '',
  memory: '',
  prior: 'normal',
  python: process.env.SCVAE_BENCH_SCVI ?? '',
  tiny: false,
})
const tiny = flags.tiny
const seconds = tiny ? 0.2 : Number(flags.seconds)
const nCells = tiny ? 64 : Number(flags.cells)
const geneCounts = tiny ? [48, 300] : numbers(flags.genes)
const batches = tiny ? [8, 32] : numbers(flags.batch)
const model = tiny ? { nHidden: 16, nLatent: 4 } : {}
const SCVI_PROGRAM = fileURLToPath(new URL('scvi_gpu.py', import.meta.url))
/** Of an epoch that is told for. */
const EPOCH_CELLS = 100_000
/** Steps that a queue may hold before the clock is looked at. */
const STEPS_AT_ONCE = tiny ? 2 : 200
/** When the host alone is measured; fewer steps than make a submission of themselves. */
const HOST_STEPS = 90
const HOST_ROUNDS = 20
const PROFILED_STEPS = tiny ? 3 : 20

const number = flags.device === '' ? undefined : Number(flags.device)
const memory = flags.memory === '' ? undefined : Number(flags.memory)
const device = await openWebgpu(number, { memory })
process.stderr.write(`${device.label}\n`)
if (flags.python === '') {
  process.stderr.write('No Python given (--python PATH or SCVAE_BENCH_SCVI): only our side is measured.\n')
}

/** Best rate of square products over the cuts that the device knows, GFLOP/s. */
async function measurePeak() {
  const n = tiny ? 64 : 4096
  const times = tiny ? 1 : 10
  const [a, b, c] = [0, 1, 2].map(() => device.tensor(n, n, new Float32Array(n * n).fill(0.5)))
  const rates = []
  for (const tile of TILES) {
    const run = async (count) => {
      const start = performance.now()
      for (let i = 0; i < count; i++) {
        device.recorder.dispatch(plainProduct(tile), {
          buffers: { input: view(a), weight: view(b), output: view(c) },
          scalars: { m: n, n, k: n, kSplit: n, layer: 0 },
          groups: [Math.ceil(n / tile.m), Math.ceil(n / tile.n), 1],
        })
      }
      await device.settle()
      return performance.now() - start
    }
    await run(1)
    const milliseconds = await run(times)
    rates.push({ tile: tileName(tile), gflops: (2 * n ** 3 * times) / milliseconds / 1e6 })
  }
  device.release(a, b, c)
  return { shape: n, rates, gflops: Math.max(...rates.map(({ gflops }) => gflops)) }
}

const ADAM = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 0.01, weightDecay: 1e-6 }

/** Training steps of a network on random counts. */
async function training(genes, density, cells, batch, model) {
  const source = randomCells(genes, density, cells)
  const shape = { nGenes: genes, categories: [1], nContinuous: 0 }
  const network = new Network(
    device,
    scviGraph(modelConfig({ prior: flags.prior, dropoutRate: 0.1, ...model }), shape, 0),
    batch,
  )
  const minibatch = await network.minibatch(source)
  const order = new Random(2).permutation(source.nCells)
  let steps = 0
  const step = () => {
    const at = (steps * batch) % (order.length - batch + 1)
    steps++
    network.gather(minibatch, order.subarray(at, at + batch))
    network.trainStep(minibatch, { seed: 0, step: steps, klWeight: 0.5, adam: { ...ADAM, step: steps } })
  }
  const release = () => {
    network.releaseMinibatch(minibatch)
    network.release()
  }
  await network.tune()
  await network.prepare(minibatch, batch, undefined)
  for (let i = 0; i < 3; i++) step()
  await device.settle()
  return { network, step, release }
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1]

/** Time that the host takes to queue and submit a step, µs: on shapes so small that no GPU keeps it waiting. */
async function measureHost() {
  const { step, release } = await training(48, 0.1, 64, 8, { nHidden: 16, nLatent: 4 })
  const [queueing, submitting] = [[], []]
  const { dispatches } = device.recorder
  for (let round = 0; round < HOST_ROUNDS; round++) {
    for (let i = 0; i < HOST_STEPS; i++) {
      const start = performance.now()
      step()
      queueing.push(1000 * (performance.now() - start))
    }
    const start = performance.now()
    device.recorder.flush()
    submitting.push((1000 * (performance.now() - start)) / HOST_STEPS)
    await device.settle()
  }
  release()
  return {
    queueing: median(queueing),
    submitting: median(submitting),
    dispatches: (device.recorder.dispatches - dispatches) / (HOST_ROUNDS * HOST_STEPS),
  }
}

async function measure(genes, batch) {
  const density = genes < 10_000 ? 0.1 : 0.05
  const { network, step, release } = await training(genes, density, Math.max(nCells, batch), batch, model)

  let done = 0
  const before = { dispatches: device.recorder.dispatches, bytes: device.recorder.bytesSent }
  const start = performance.now()
  while (performance.now() - start < seconds * 1000) {
    for (let i = 0; i < STEPS_AT_ONCE; i++, done++) step()
    await device.settle()
  }
  const elapsed = (performance.now() - start) / 1000
  const { logLikelihood } = await network.takeSums()
  if (!Number.isFinite(logLikelihood)) throw new Error(`The log-likelihood is ${logLikelihood}.`)
  const result = {
    genes,
    density,
    batch,
    cellsPerSecond: (done * batch) / elapsed,
    epochSeconds: (EPOCH_CELLS * elapsed) / (done * batch),
    millisecondsPerStep: (1000 * elapsed) / done,
    dispatchesPerStep: (device.recorder.dispatches - before.dispatches) / done,
    bytesSentPerStep: (device.recorder.bytesSent - before.bytes) / done,
  }

  const profile = device.profile()
  for (let i = 0; i < PROFILED_STEPS; i++) step()
  await device.settle()
  result.kernels = (await profile.table()).map(({ kernel, calls, milliseconds, work }) => ({
    kernel,
    callsPerStep: calls / PROFILED_STEPS,
    millisecondsPerStep: milliseconds / PROFILED_STEPS,
    ...(work && { gflops: work.flops / milliseconds / 1e6, gbytes: work.bytes / milliseconds / 1e6 }),
    flops: (work?.flops ?? 0) / PROFILED_STEPS,
  }))
  profile.stop()
  result.gflops = result.kernels.reduce((sum, { flops }) => sum + flops, 0) / result.millisecondsPerStep / 1e6
  release()
  return result
}

function measureScvi({ genes, density, batch }) {
  const size = [Math.max(nCells, batch), genes, density, batch, seconds].map(String)
  const run = spawnSync(flags.python, [SCVI_PROGRAM, ...size], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (run.status !== 0)
    throw run.error ?? new Error(`${flags.python} ${SCVI_PROGRAM} ended with ${run.status}.`)
  return JSON.parse(run.stdout.trim().split('\n').at(-1))
}

const host = await measureHost()
const peak = await measurePeak()
const results = []
for (const genes of geneCounts) {
  for (const batch of batches) {
    const result = await measure(genes, batch)
    result.shareOfPeak = result.gflops / peak.gflops
    if (flags.python !== '') {
      result.scvi = measureScvi(result)
      result.ratio = result.cellsPerSecond / result.scvi.cellsPerSecond
    }
    results.push(result)
    const rates = [result.cellsPerSecond, result.scvi?.cellsPerSecond]
      .map((rate) => figure(rate))
      .join(' and ')
    process.stderr.write(`${genes} genes, batch ${batch}: ${rates} cells/s\n`)
  }
}

printTable(
  `Training on ${device.label}`,
  [
    'genes',
    'batch',
    'cells/s',
    'scvi-tools',
    'ratio',
    'ms a step',
    `s for ${EPOCH_CELLS} cells`,
    'share of peak',
  ],
  results.map((r) => [
    figure(r.genes, 1),
    r.batch,
    figure(r.cellsPerSecond),
    figure(r.scvi?.cellsPerSecond),
    figure(r.ratio),
    figure(r.millisecondsPerStep),
    figure(r.epochSeconds),
    `${figure(100 * r.shareOfPeak)} %`,
  ]),
)
printTable(
  'What the host does',
  ['genes', 'batch', 'dispatches a step', 'bytes sent a step'],
  results.map((r) => [
    figure(r.genes, 1),
    r.batch,
    figure(r.dispatchesPerStep, 2),
    figure(r.bytesSentPerStep),
  ]),
)
process.stdout.write(
  `\nThe host takes ${figure(host.queueing)} µs to queue a step of ${figure(host.dispatches, 2)} dispatches and ${figure(host.submitting)} µs to submit it.\n`,
)
for (const { genes, batch, kernels } of results) {
  printTable(
    `${genes} genes, batch ${batch}, each kernel in a pass of its own`,
    ['kernel', 'calls', 'ms a step', 'GFLOP/s', 'GB/s'],
    kernels.map((k) => [
      k.kernel,
      figure(k.callsPerStep, 2),
      figure(k.millisecondsPerStep),
      k.gflops ? figure(k.gflops) : '–',
      figure(k.gbytes),
    ]),
  )
}
process.stdout.write(`\nBest product of ${peak.shape}³: ${figure(peak.gflops)} GFLOP/s\n`)
writeJson(flags.json, { ...machine(), device: device.label, memory, host, peak, results })
await device.dispose()

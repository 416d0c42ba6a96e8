import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { countsInMemory } from '../../dist/src/cells/counts-in-memory.js'
import { createCpuDevice } from '../../dist/src/device/cpu/cpu-device.js'
import { Random } from '../../dist/src/numeric/random.js'

const CUBES = [128, 256, 512]
const MILLISECONDS = 300
const REPEATS = 3
/** Value, gradient and two moments are read, all but the gradient written. */
const FLOATS_PER_UPDATE = 7
const ADAM = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 0.01, weightDecay: 1e-6, step: 1 }

/** What the kernels reach when nothing else is in their way, to measure those of a step against. */
export async function measurePeaks({ kernels, threads, genes, hidden }) {
  const device = await createCpuDevice({ threads, kernels })
  try {
    const words = genes * hidden
    const adamGigabytes = adamRate(device, genes, hidden)
    const copyGigabytes = await copyRate(threads, 2 * words)
    const products = {}
    for (const n of CUBES) products[n] = await productRate(device, n)
    const peakGflops = Math.max(...Object.values(products))
    return {
      products,
      peakGflops,
      callMicroseconds: await callTime(device),
      adamGigabytes,
      copyGigabytes,
      adamBytes: 16 * words,
    }
  } finally {
    await device.dispose()
  }
}

async function minibatchOf(device, nCells) {
  const source = {
    nCells,
    nGenes: 1,
    counts: countsInMemory(nCells, 1, () => ({ genes: Int32Array.of(0), counts: Float32Array.of(1) })),
    categorical: [],
    continuous: [],
    size: new Float32Array(nCells).fill(1),
  }
  const batch = await device.minibatch(source, nCells)
  device.gather(
    batch,
    Int32Array.from({ length: nCells }, (_, i) => i),
  )
  return batch
}

/** Best of a few: milliseconds of one call. */
function fastest(call) {
  let best = Number.POSITIVE_INFINITY
  for (let r = 0; r < REPEATS; r++) {
    const start = performance.now()
    let calls = 0
    while (performance.now() - start < MILLISECONDS / REPEATS) {
      call()
      calls++
    }
    best = Math.min(best, (performance.now() - start) / calls)
  }
  return best
}

const noise = (n) => {
  const random = new Random(3)
  return Float32Array.from({ length: n }, () => random.next() - 0.5)
}

/** GFLOP/s of a linear layer of n inputs and n outputs on n cells. */
async function productRate(device, n) {
  const batch = await minibatchOf(device, n)
  const input = device.tensor(n, n, noise(n * n))
  const output = device.tensor(n, n)
  const [weight, bias] = device.parameters([
    { name: 'weight', rows: n, columns: n, values: noise(n * n) },
    { name: 'bias', rows: 1, columns: n, values: noise(n) },
  ])
  const covariates = { categories: [], continuous: 0 }
  const milliseconds = fastest(() =>
    device.kernels.linear({ batch, input, output, weight, bias, covariates }),
  )
  device.release(batch, input, output, weight, bias)
  return (2 * n ** 3) / milliseconds / 1e6
}

/** Microseconds of a kernel with next to nothing to do: its call, and with several threads the fork and the join. */
async function callTime(device) {
  const batch = await minibatchOf(device, 1)
  const values = device.tensor(1, 1)
  const sums = device.tensor(1, 1)
  const milliseconds = fastest(() => {
    for (let i = 0; i < 100; i++) device.kernels.addSum(batch, values, sums, 0)
  })
  device.release(batch, values, sums)
  return (milliseconds / 100) * 1000
}

/** GB/s that Adam moves when it updates one parameter of the output layer's size. */
function adamRate(device, rows, columns) {
  const values = noise(rows * columns)
  const [parameter] = device.parameters([{ name: 'weight', rows, columns, values }])
  device.write(parameter.gradient, values)
  const milliseconds = fastest(() => device.kernels.adam([{ parameter }], ADAM))
  return (FLOATS_PER_UPDATE * 4 * values.length) / milliseconds / 1e6
}

/** GB/s, read and written, of so many threads that each copy their part of `floats` floats (`Float32Array.set`). */
async function copyRate(threads, floats) {
  const file = new URL('copy-worker.mjs', import.meta.url)
  const workers = Array.from(
    { length: threads },
    () => new Worker(file, { workerData: { floats: Math.ceil(floats / threads) } }),
  )
  await Promise.all(workers.map((worker) => once(worker, 'message')))
  const rates = workers.map(async (worker) => (await once(worker, 'message'))[0])
  for (const worker of workers) worker.postMessage(MILLISECONDS)
  const total = (await Promise.all(rates)).reduce((sum, rate) => sum + rate, 0)
  await Promise.all(workers.map((worker) => worker.terminate()))
  return total
}

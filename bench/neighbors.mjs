/**
 * Nearest neighbours: the GPU's search beside the k-d tree of the CPU, on simulated latents.
 *
 *     npm run build && node bench/neighbors.mjs [--json neighbors.json]
 *
 * Ends with an error where the two do not find the same. `--tiny` is a test of itself, for a software adapter.
 */
import { isDeepStrictEqual } from 'node:util'
import { neighborsOn } from '../dist/src/analysis/neighbors/device-neighbors.js'
import { neighbors } from '../dist/src/analysis/neighbors/neighbors.js'
import { openWebgpu } from '../dist/src/device/webgpu/open/open-webgpu.js'
import { numbers, options } from './lib/options.mjs'
import { figure, machine, printTable, writeJson } from './lib/output.mjs'
import { simulatedLatent } from './lib/simulated-latent.mjs'

const flags = options('Nearest neighbours: the GPU beside the k-d tree of the CPU.', {
  cells: '5000,20000,100000,500000',
  dimensions: '10,30',
  neighbors: '16',
  device: '',
  tiny: false,
})
async function timed(work) {
  const start = performance.now()
  const result = await work()
  return { result, seconds: (performance.now() - start) / 1000 }
}

const device = await openWebgpu(flags.device === '' ? undefined : Number(flags.device))
const k = Number(flags.neighbors)
const results = []
for (const d of flags.tiny ? [3] : numbers(flags.dimensions)) {
  for (const n of flags.tiny ? [500] : numbers(flags.cells)) {
    const points = simulatedLatent(n, d)
    const search = () => neighborsOn(device, points, { k, always: true })
    // the first search of a table's width compiles the kernel
    const first = await timed(search)
    const gpu = await timed(search)
    const tree = await timed(() => neighbors(points, { k }))
    if (!isDeepStrictEqual(gpu.result, tree.result)) throw new Error(`${n} x ${d}: the neighbours differ.`)
    results.push({
      cells: n,
      dimensions: d,
      gpu_first_seconds: first.seconds,
      gpu_seconds: gpu.seconds,
      tree_seconds: tree.seconds,
    })
  }
}
await device.dispose()

printTable(
  `${k} nearest neighbours, seconds: ${device.label}, and one thread of ${machine().processor}`,
  ['cells', 'dimensions', 'GPU, first search', 'GPU', 'k-d tree', 'ratio'],
  results.map(({ cells, dimensions, gpu_first_seconds, gpu_seconds, tree_seconds }) => [
    figure(cells, 1),
    dimensions,
    figure(gpu_first_seconds),
    figure(gpu_seconds),
    figure(tree_seconds),
    figure(tree_seconds / gpu_seconds),
  ]),
)
writeJson(flags.json, { machine: machine(), device: device.label, neighbors: k, results })

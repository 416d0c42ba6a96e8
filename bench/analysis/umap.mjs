/**
 * UMAP of made-up latents beside umap-learn and umap-js: neighbours, graph and layout together, with what the layouts keep.
 *
 *     npm run build && node bench/analysis/umap.mjs --python PYTHON [--cells 10000,100000] [--dimensions 10,30] [--json umap.json]
 *
 * PYTHON has umap-learn; numba has compiled before it is timed. Every side has the same points, neighbours, passes and least distance.
 * umap-js is asked at up to `--js-cells` cells, as it is on one thread.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { UMAP } from 'umap-js'
import { neighborsOn } from '../../dist/src/analysis/neighbors/device-neighbors.js'
import { umap } from '../../dist/src/analysis/umap/umap.js'
import { createCpuDevice } from '../../dist/src/device/cpu/cpu-device.js'
import { Random } from '../../dist/src/numeric/random.js'
import { layoutQuality } from '../lib/layout-quality.mjs'
import { numbers, options } from '../lib/options.mjs'
import { figure, machine, printTable, writeJson } from '../lib/output.mjs'
import { simulatedLatent } from '../lib/simulated-latent.mjs'

const NEIGHBORS = 15
const MIN_DIST = 0.5
const SIDES = ['scvae', 'umap-learn', 'umap-learn, seeded', 'umap-js']

const flags = options('UMAP beside umap-learn and umap-js.', {
  cells: '10000,100000',
  dimensions: '10,30',
  sides: SIDES.join(';'),
  python: process.env.SCVAE_BENCH_PYTHON ?? '',
  threads: '2',
  rounds: '1',
  sample: '1000',
  'js-cells': '10000',
})
const threads = Number(flags.threads)
const rounds = Number(flags.rounds)

/** @returns the last result, and what every round took */
async function timed(work) {
  const runs = []
  let result
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    const before = process.cpuUsage()
    result = await work()
    const { user, system } = process.cpuUsage(before)
    runs.push({ seconds: (performance.now() - start) / 1000, processor: (user + system) / 1e6 })
  }
  return { values: result, runs }
}

async function onThreads(points, threads) {
  const device = await createCpuDevice({ threads })
  try {
    const graph = await neighborsOn(device, points, { k: NEIGHBORS })
    return (await umap(graph, { minDist: MIN_DIST, device })).values
  } finally {
    await device.dispose()
  }
}

async function ours(points) {
  const result = await timed(() => onThreads(points, threads))
  const other = await onThreads(points, threads === 1 ? 2 : 1)
  if (!isDeepStrictEqual(result.values, other)) throw new Error('Threads change the layout.')
  return result
}

function learn(points, seed) {
  const folder = mkdtempSync(join(tmpdir(), 'scvae-umap-'))
  try {
    writeFileSync(join(folder, 'points'), points.values)
    const script = fileURLToPath(new URL('umap_learn.py', import.meta.url))
    const sizes = [points.rows, points.columns, NEIGHBORS, rounds].map(String)
    const names = ['NUMBA_NUM_THREADS', 'OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS']
    const env = { ...process.env, ...Object.fromEntries(names.map((name) => [name, String(threads)])) }
    const stdio = ['ignore', 'pipe', 'inherit']
    const text = execFileSync(flags.python, ['-W', 'ignore', script, folder, ...sizes, seed], { env, stdio })
    const { buffer } = new Uint8Array(readFileSync(join(folder, 'layout')))
    return { values: new Float32Array(buffer), ...JSON.parse(text) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function js({ values, rows: n, columns: d }) {
  const random = new Random(0)
  const points = Array.from({ length: n }, (_, i) => Array.from(values.subarray(i * d, (i + 1) * d)))
  const nEpochs = n <= 10_000 ? 500 : 200
  return timed(() => {
    const peer = new UMAP({ nNeighbors: NEIGHBORS, minDist: MIN_DIST, nEpochs, random: () => random.next() })
    return Float32Array.from(peer.fit(points).flat())
  })
}

const work = {
  scvae: ours,
  'umap-learn': (points) => learn(points, 'none'),
  'umap-learn, seeded': (points) => learn(points, '0'),
  'umap-js': js,
}
const canRun = (side, n) =>
  side === 'umap-js' ? n <= Number(flags['js-cells']) : side === 'scvae' || flags.python !== ''

const results = []
for (const cells of numbers(flags.cells)) {
  for (const dimensions of numbers(flags.dimensions)) {
    const points = simulatedLatent(cells, dimensions)
    const step = Math.max(1, Math.floor(cells / Number(flags.sample)))
    const looked = Array.from({ length: Math.floor(cells / step) }, (_, i) => i * step)
    for (const side of flags.sides.split(';')) {
      if (!canRun(side, cells)) continue
      const { values, runs, started } = await work[side](points)
      const quality = layoutQuality(points, { values, rows: cells, columns: 2 }, NEIGHBORS, looked)
      const least = (key) => Math.min(...runs.map((run) => run[key]))
      results.push({
        cells,
        dimensions,
        side,
        seconds: least('seconds'),
        processor: least('processor'),
        ...quality,
        started,
        runs,
      })
    }
  }
}

const first = (one, side) =>
  results.find((r) => r.side === side && r.cells === one.cells && r.dimensions === one.dimensions)
printTable(
  `UMAP, ${threads} threads of ${machine().processor}: least of ${rounds}`,
  [
    'cells',
    'dimensions',
    'side',
    'seconds',
    'processor seconds',
    'times ours',
    'trustworthiness',
    'kept',
    'start',
  ],
  results.map((one) => [
    figure(one.cells, 1),
    one.dimensions,
    one.side,
    figure(one.seconds),
    figure(one.processor),
    figure(one.seconds / first(one, 'scvae')?.seconds),
    figure(one.trustworthiness, 4),
    figure(one.kept),
    figure(one.started),
  ]),
)
writeJson(flags.json, { machine: machine(), flags, results })

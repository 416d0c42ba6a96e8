/**
 * `evaluate` beside scib-metrics: the same embedding of made-up cells, every metric of both, and the processor seconds and the time that each took.
 *
 *     npm run build && node bench/analysis/evaluate.mjs --python VENV/bin/python [--cells 50000] [--sides scvae,scib] [--threads 1] [--json result.json]
 *
 * Cells of ten labels lie around centres in 30 dimensions, moved a little by four batches. Both sides have as many threads, one by default. The side of Python is
 * evaluate_scib.py, in an environment with scib-metrics 0.5.10; it searches for neighbours as its Benchmarker does, here they are exact. k-means and Leiden
 * start at random on both sides, so what they give is not compared. `--embedding FILE.h5ad:X_pca:batch:cell_type` takes a file's embedding in place of
 * made-up cells.
 */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { evaluateEmbedding } from '../../dist/src/analysis/metrics/evaluate.js'
import { createCpuDevice } from '../../dist/src/device/cpu/cpu-device.js'
import { Random } from '../../dist/src/numeric/random.js'
import { list, options } from '../lib/options.mjs'
import { machine, printTable, writeJson } from '../lib/output.mjs'

const DIMENSIONS = 30
const LABELS = 10
const BATCHES = 4

const flags = options('evaluate beside scib-metrics.', {
  cells: '50000',
  python: 'python3',
  sides: 'scvae,scib',
  embedding: '',
  seed: '1',
  threads: '1',
})
const folder = mkdtempSync(join(tmpdir(), 'scvae-evaluate-'))
const at = (name) => join(folder, name)

function made(n, seed) {
  const random = new Random(seed)
  const normal = (length, scale) => Float64Array.from({ length }, () => scale * random.normal())
  const centres = normal(LABELS * DIMENSIONS, 1.2)
  const shifts = normal(BATCHES * DIMENSIONS, 0.25)
  const labels = Int32Array.from({ length: n }, () => random.integer(LABELS))
  const batches = Int32Array.from({ length: n }, () => random.integer(BATCHES))
  const values = Float32Array.from({ length: n * DIMENSIONS }, (_, k) => {
    const cell = Math.floor(k / DIMENSIONS)
    const d = k % DIMENSIONS
    return centres[labels[cell] * DIMENSIONS + d] + shifts[batches[cell] * DIMENSIONS + d] + random.normal()
  })
  return { values, labels, batches }
}

function python(...words) {
  const script = fileURLToPath(new URL('evaluate_scib.py', import.meta.url))
  const threads = Object.fromEntries(
    ['OMP_NUM_THREADS', 'NUMBA_NUM_THREADS', 'OPENBLAS_NUM_THREADS'].map((name) => [name, flags.threads]),
  )
  const eigen = flags.threads === '1' && { XLA_FLAGS: '--xla_cpu_multi_thread_eigen=false' }
  const { status, stderr } = spawnSync(flags.python, [script, ...words], {
    encoding: 'utf8',
    env: { ...process.env, ...threads, ...eigen },
  })
  if (status !== 0) throw new Error(`evaluate_scib.py failed:\n${stderr}`)
}

function write(n) {
  const { values, labels, batches } = made(n, Number(flags.seed))
  writeFileSync(at('points'), values)
  writeFileSync(at('labels'), labels)
  writeFileSync(at('batches'), batches)
}

const read = (name, Kind) => {
  const bytes = readFileSync(at(name))
  return new Kind(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))
}

async function ours() {
  const labels = read('labels', Int32Array)
  const batches = read('batches', Int32Array)
  const values = read('points', Float32Array)
  const partition = (codes) => ({
    codes,
    names: Array.from({ length: Math.max(...new Set(codes)) + 1 }, (_, i) => String(i)),
  })
  const points = { values, rows: labels.length, columns: values.length / labels.length }
  const device = await createCpuDevice({ threads: Number(flags.threads) })
  const steps = []
  let last = process.cpuUsage()
  let name = 'start'
  const take = (next) => {
    const { user, system } = process.cpuUsage(last)
    steps.push([name, (user + system) / 1e6])
    last = process.cpuUsage()
    name = next
  }
  const start = process.cpuUsage()
  const begun = performance.now()
  const scores = await evaluateEmbedding(points, partition(labels), partition(batches), {
    device,
    onStep: take,
  })
  take('end')
  const { user, system } = process.cpuUsage(start)
  const wall = (performance.now() - begun) / 1000
  await device.dispose()
  return { scores, seconds: (user + system) / 1e6, wall, steps: steps.slice(1) }
}

try {
  if (flags.embedding) python('read', folder, flags.embedding)
  else write(Number(flags.cells))
  const sides = list(flags.sides)
  const mine = sides.includes('scvae') ? await ours() : undefined
  let theirs
  if (sides.includes('scib')) {
    python('score', folder, flags.threads)
    theirs = JSON.parse(readFileSync(at('scib.json'), 'utf8'))
  }
  const names = Object.keys(theirs?.scores ?? mine.scores)
  const text = (value) => (Number.isFinite(value) ? value.toFixed(4) : '')
  printTable(
    `Metrics and processor seconds of ${read('labels', Int32Array).length} cells`,
    ['metric', 'scvae', 'scib-metrics', 'differs by'],
    [
      ...names.map((metric) => {
        const [a, b] = [mine?.scores[metric], theirs?.scores[metric]]
        return [metric, text(a), text(b), text(Math.abs(a - b))]
      }),
      ['processor seconds', text(mine?.seconds), text(theirs?.seconds), ''],
      ['seconds', text(mine?.wall), text(theirs?.wall), ''],
    ],
  )
  if (mine)
    printTable(
      'Steps of scvae',
      ['step', 'processor seconds'],
      mine.steps.map(([step, s]) => [step, text(s)]),
    )
  await writeJson(flags.json, { machine: machine(), flags, mine, theirs })
} finally {
  rmSync(folder, { recursive: true, force: true })
}

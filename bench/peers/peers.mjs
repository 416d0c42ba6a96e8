/**
 * scvae beside scvi-tools: the same files, cells, genes, split, epochs and threads, in turn, from a cold start to latents and
 * model on disk; with `--workflow` to neighbours, clusters and UMAP in the finished file.
 *
 *     npm run build && node bench/peers/peers.mjs [--venv PATH | --python PATH] [--data pbmc4k,20000x2000] [--json result.json]
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createCpuDevice } from '../../dist/src/device/cpu/cpu-device.js'
import { convertScviModel } from '../../dist/src/files/scvi-tools/import.js'
import { heldoutElbo } from '../lib/heldout-elbo.mjs'
import { list, options } from '../lib/options.mjs'
import { machine, writeJson } from '../lib/output.mjs'
import { venvPython } from '../lib/python-venv.mjs'
import { watched } from '../lib/watched.mjs'
import { CLI, dataSets } from './peers-data.mjs'
import { fitWords, jobOf } from './peers-job.mjs'
import { printPeers } from './peers-tables.mjs'

const PEER = 'scvi-tools'
const SIDES = [PEER, 'native', 'wasm', 'fit']
const beside = (name) => fileURLToPath(new URL(name, import.meta.url))

const flags = options('scvae beside scvi-tools, from a cold start to latents on disk.', {
  python: process.env.SCVAE_BENCH_SCVI ?? '',
  venv: '',
  data: 'pbmc4k',
  workflow: false,
  sides: '',
  pairs: '3',
  'max-epochs': 'auto',
  'kl-warmup': 'own',
  threads: '',
  seed: '0',
  folder: '',
})
// the library alone does not write a workflow's file
const possible = flags.workflow ? [PEER, 'fit'] : SIDES
const sides = flags.sides === '' ? possible : list(flags.sides)
const odd = sides.find((side) => !possible.includes(side))
if (odd !== undefined) throw new Error(`There is no side "${odd}" here, only ${possible.join(', ')}.`)
const settings = {
  threads: flags.threads === '' ? availableParallelism() : Number(flags.threads),
  seed: Number(flags.seed),
  maxEpochs: flags['max-epochs'] === 'auto' ? null : Number(flags['max-epochs']),
  klWarmup: flags['kl-warmup'] === 'own' ? null : Number(flags['kl-warmup']),
  workflow: flags.workflow,
}
const python = sides.includes(PEER)
  ? flags.python || venvPython(beside('requirements-peers.txt'), flags.venv)
  : null

/** One run of one side: its figures, and where its model lies. */
async function run(side, job, folder) {
  mkdirSync(folder)
  const ownJob = { ...job, output: join(folder, 'latents.h5ad'), model: join(folder, 'saved') }
  const jobFile = join(folder, 'job.json')
  writeFileSync(jobFile, JSON.stringify(ownJob))
  if (side === 'fit') {
    const prefix = join(folder, 'fit')
    const { stdout: _, ...measured } = await watched(process.execPath, () => [CLI, ...fitWords(job, prefix)])
    const metrics = JSON.parse(readFileSync(`${prefix}_metrics.json`, 'utf8'))
    return {
      ...measured,
      trainCellsPerSecond: metrics.train_cells_per_second,
      epochs: metrics.epochs,
      phases: withRest(metrics.timings, measured.seconds),
      model: `${prefix}.model`,
    }
  }
  if (side === PEER) {
    const n = String(job.threads)
    const env = { OMP_NUM_THREADS: n, MKL_NUM_THREADS: n, OPENBLAS_NUM_THREADS: n, NUMBA_NUM_THREADS: n }
    const words = (spawned) => [beside('peers_scvi.py'), jobFile, String(spawned)]
    const { stdout, ...measured } = await watched(python, words, env)
    const model = join(folder, 'converted')
    convertScviModel(ownJob.model, model)
    return { ...measured, ...reported(stdout), model }
  }
  const words = (spawned) => [beside('peers-scvae.mjs'), jobFile, String(spawned), side]
  const { stdout, ...measured } = await watched(process.execPath, words)
  return { ...measured, ...reported(stdout), model: ownJob.model }
}

/** Phases, and what lies before, between and after them. */
function withRest(phases, seconds) {
  return { ...phases, rest: Object.values(phases).reduce((left, phase) => left - phase, seconds) }
}

/** What a job says on its last line, with the length of each phase. */
function reported(stdout) {
  const { ends, ...rest } = JSON.parse(stdout.trim().split('\n').at(-1))
  const entries = Object.entries(ends)
  const phases = Object.fromEntries(entries.map(([name, end], i) => [name, end - (entries[i - 1]?.[1] ?? 0)]))
  return { ...rest, phases, trainedAt: ends.train }
}

/** All runs of a data set, round by round; every other round backwards. */
async function measure(item, folder) {
  const { job, adata, cells, heldout, shape } = await jobOf(item, settings)
  const heldoutFile = join(folder, 'heldout.i32')
  writeFileSync(heldoutFile, heldout)
  const rounds = []
  for (let round = 0; round < Number(flags.pairs); round++) {
    const runs = {}
    for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
      process.stderr.write(`${item.name}, round ${round + 1}, ${side} …\n`)
      const at = mkdtempSync(join(folder, `${side}-`))
      const { model, ...figures } = await run(side, { ...job, heldout: heldoutFile }, join(at, 'run'))
      const device = await createCpuDevice({ threads: settings.threads })
      const elbo = await heldoutElbo(model, adata, cells, heldout, device)
      await device.dispose()
      runs[side] = { ...figures, heldoutElbo: elbo }
      rmSync(at, { recursive: true })
    }
    rounds.push(runs)
  }
  return { name: item.name, ...shape, heldoutCells: heldout.length, nTopGenes: job.nTopGenes, rounds }
}

const temporary = mkdtempSync(join(tmpdir(), 'scvae-peers-'))
try {
  const kept = flags.folder === '' ? temporary : flags.folder
  mkdirSync(kept, { recursive: true })
  const results = []
  for (const item of dataSets(list(flags.data), kept)) {
    const result = await measure(item, temporary)
    results.push(result)
    printPeers(result, sides, PEER, settings)
  }
  writeJson(flags.json, {
    benchmark: 'peers',
    machine: machine(),
    settings: { ...flags, ...settings },
    results,
  })
} finally {
  rmSync(temporary, { recursive: true, force: true })
}

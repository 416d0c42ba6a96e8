/**
 * Peak resident memory of `scvae fit` on simulated counts, against 2 × the CSR bytes + 400 MB.
 *
 *     npm run build && node bench/files/memory.mjs [--cells 60000] [--json result.json]
 *
 * Linux only: it reads /proc.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { options } from '../lib/options.mjs'
import { figure, machine, printTable, writeJson } from '../lib/output.mjs'

const CLI = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url))
const POLL_MILLISECONDS = 20
const ALLOWANCE = 400e6

const flags = options('Peak resident memory of a fit.', {
  cells: '60000',
  genes: '2000',
  density: '0.1',
  'max-epochs': '2',
  threads: '',
  kernels: 'auto',
  'no-umap': false,
  'node-flags': '',
})

/** Runs the CLI to its end and gives its stdout. */
function cli(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  if (status !== 0) throw new Error(`scvae ${args[0]} ended with ${status}: ${stderr}`)
  return stdout
}

/** Resident memory of a process now and at its most so far, in bytes, and the part of it that no file backs. */
function memoryOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const field = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024
  return { resident: field('VmRSS'), peak: field('VmHWM'), anonymous: field('RssAnon') }
}

/** Runs a fit and watches its memory. */
async function watchedFit(file, prefix) {
  const fitArgs = [
    ...[CLI, 'fit', file, '-o', prefix, '--max-epochs', flags['max-epochs'], '--kernels', flags.kernels],
    ...(flags.threads === '' ? [] : ['--threads', flags.threads]),
    ...(flags['no-umap'] ? ['--no-umap'] : []),
  ]
  const nodeFlags = flags['node-flags'].split(' ').filter((flag) => flag !== '')
  const child = spawn(process.execPath, [...nodeFlags, ...fitArgs], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const samples = []
  const spawned = Date.now()
  const started = performance.now()
  const timer = setInterval(() => {
    try {
      samples.push({ seconds: (performance.now() - started) / 1000, ...memoryOf(child.pid) })
    } catch {
      // it has just ended
    }
  }, POLL_MILLISECONDS)
  const code = await new Promise((resolve) => child.once('exit', resolve))
  clearInterval(timer)
  if (code !== 0) throw new Error(`scvae fit ended with ${code}.`)
  return { samples, spawned, seconds: (performance.now() - started) / 1000 }
}

/** Seconds from the start of the program to the time in the first line of its log. */
function startOf(log, spawned) {
  const time = /\d{4}-\d\d-\d\dT[\d:.]+Z/.exec(readFileSync(log, 'utf8'))?.[0]
  return time ? (Date.parse(time) - spawned) / 1000 : 0
}

/** The most memory in each phase, from the time when the run began; what no phase covers shifts those after it a little. */
function byPhase(samples, timings, began) {
  const entries = [['start', began], ...Object.entries(timings), ['write', Number.POSITIVE_INFINITY]]
  let end = 0
  return entries.map(([phase, duration]) => {
    const from = end
    end += duration
    const inside = samples.filter((sample) => sample.seconds >= from && sample.seconds < end)
    const most = (key) => inside.reduce((max, sample) => Math.max(max, sample[key]), 0)
    const last = samples.at(-1).seconds
    return {
      phase,
      seconds: Math.max(0, Math.min(end, last) - from),
      resident: most('resident'),
      anonymous: most('anonymous'),
    }
  })
}

const folder = mkdtempSync(join(tmpdir(), 'scvae-memory-'))
try {
  const file = join(folder, 'simulated.h5ad')
  process.stderr.write(`simulating ${flags.cells} cells …\n`)
  // in a process of its own, so that its memory does not count
  const simulation = [
    'simulate',
    file,
    '--cells',
    flags.cells,
    '--genes',
    flags.genes,
    '--density',
    flags.density,
    '--json',
  ]
  const { nonzeros } = JSON.parse(cli(...simulation))
  const prefix = join(folder, 'fit')
  const { samples, spawned, seconds } = await watchedFit(file, prefix)
  const metrics = JSON.parse(readFileSync(`${prefix}_metrics.json`, 'utf8'))

  const csrBytes = 8 * nonzeros + 4 * (Number(flags.cells) + 1)
  const bound = 2 * csrBytes + ALLOWANCE
  // the last poll may miss the end, the program's own figure the writing of its files
  const peak = Math.max(metrics.peak_memory_bytes, ...samples.map((sample) => sample.peak))
  const phases = byPhase(samples, metrics.timings, startOf(`${prefix}.log`, spawned))

  const megabytes = (bytes) => `${figure(bytes / 1e6)}`
  printTable(
    'Peak resident memory (MB)',
    ['cells × genes', 'nonzeros', 'CSR', 'peak', 'bound', '', 's'],
    [
      [
        `${Number(flags.cells).toLocaleString('en-US')} × ${Number(flags.genes).toLocaleString('en-US')}`,
        nonzeros.toLocaleString('en-US'),
        megabytes(csrBytes),
        megabytes(peak),
        megabytes(bound),
        peak <= bound ? 'within' : 'EXCEEDED',
        figure(seconds),
      ],
    ],
  )
  printTable(
    'By phase (MB at the most; anonymous: without mapped files)',
    ['phase', 's', 'resident', 'anonymous'],
    phases.map((one) => [one.phase, figure(one.seconds), megabytes(one.resident), megabytes(one.anonymous)]),
  )
  writeJson(flags.json, {
    benchmark: 'memory',
    machine: machine(),
    settings: { ...flags },
    nonzeros,
    csrBytes,
    boundBytes: bound,
    peakBytes: peak,
    withinBound: peak <= bound,
    seconds,
    phases,
  })
} finally {
  rmSync(folder, { recursive: true, force: true })
}

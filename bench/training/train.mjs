/**
 * Cells per second in training, beside a bare PyTorch step of the same network, and where a step's time goes.
 *
 *     npm run build && node bench/training/train.mjs --python PATH [--json result.json]
 *
 * The last column of the first table says how much of the cores other programs took meanwhile: over a few per cent, run it again.
 */
import { cpus } from 'node:os'
import { list, numbers, options } from '../lib/options.mjs'
import { figure, machine, printTable, spread, spreadText, writeJson } from '../lib/output.mjs'
import { measureBreakdown } from './breakdown.mjs'
import { measurePeaks } from './peaks.mjs'
import { startTorch } from './torch-side.mjs'
import { randomCells, TrainingStep } from './training-step.mjs'

const NETWORK = { batch: 128, hidden: 128, latent: 10 }

const flags = options('Training steps a second, beside PyTorch, and where their time goes.', {
  data: '2000:0.1,20000:0.05',
  threads: '1,2',
  kernels: 'native,wasm',
  pairs: '9',
  seconds: '2',
  python: process.env.SCVAE_BENCH_PYTHON ?? '',
  'torch-adam': 'default',
  'no-breakdown': false,
})
const seconds = Number(flags.seconds)
const pairs = Number(flags.pairs)
if (flags.python === '') {
  process.stderr.write('No Python given (--python PATH or SCVAE_BENCH_PYTHON): only our side is measured.\n')
}

const cellsPerSecond = (milliseconds) => (NETWORK.batch / milliseconds) * 1000

/** Ours and theirs in turn, so that a slow minute of the machine meets both. */
async function measurePairs(step, torch) {
  const ours = []
  const theirs = []
  if (torch) await torch.measure(0)
  const used = busyMeter(torch)
  for (let i = 0; i < pairs; i++) {
    ours.push(await step.measure(seconds))
    if (torch) theirs.push(await torch.measure(seconds))
  }
  return {
    othersShare: used(),
    milliseconds: spread(ours),
    cellsPerSecond: spread(ours.map(cellsPerSecond)),
    ...(torch && {
      torchMilliseconds: spread(theirs),
      torchCellsPerSecond: spread(theirs.map(cellsPerSecond)),
      ratio: spread(ours.map((own, i) => theirs[i] / own)),
    }),
    pairs: ours.map((own, i) => ({ ours: own, ...(torch && { torch: theirs[i] }) })),
  }
}

/** Share of the machine's cores that programs other than these two took since the meter was made. */
function busyMeter(torch) {
  const read = () => {
    const times = cpus().map((core) => core.times)
    const busy = times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, 0)
    const { user, system } = process.cpuUsage()
    const own = (user + system) / 1000 + (torch?.processorSeconds ?? 0) * 1000
    return { others: busy - own, all: busy + times.reduce((sum, { idle }) => sum + idle, 0) }
  }
  const before = read()
  return () => {
    const after = read()
    return Math.max(0, (after.others - before.others) / (after.all - before.all))
  }
}

const results = []
for (const item of list(flags.data)) {
  const [genes, density] = item.split(':').map(Number)
  const source = randomCells(genes, density)
  for (const threads of numbers(flags.threads)) {
    const torch =
      flags.python &&
      (await startTorch(flags.python, { genes, density, threads, adam: flags['torch-adam'], ...NETWORK }))
    for (const kernels of list(flags.kernels)) {
      process.stderr.write(`${genes} genes, ${threads} thread${threads === 1 ? '' : 's'}, ${kernels} …\n`)
      const shape = { source, threads, kernels, ...NETWORK }
      const step = await TrainingStep.start(shape)
      const { build } = step
      const speed = await measurePairs(step, torch)
      await step.stop()
      const result = { genes, density, threads, build, ...(torch && { torch: torch.about }), ...speed }
      if (!flags['no-breakdown']) {
        result.breakdown = await measureBreakdown(shape, seconds)
        result.peaks = await measurePeaks({ kernels, threads, genes, hidden: NETWORK.hidden })
      }
      results.push(result)
    }
    if (torch) await torch.stop()
  }
}

const about = machine()
const name = ({ genes, threads, build }) => [genes.toLocaleString('en-US'), threads, build]
const HEAD = ['genes', 'threads', 'kernels']
process.stdout.write(
  `${about.processor}, ${about.cores} cores, Node ${about.node}; medians (quartiles) of ${pairs} runs of ${seconds} s\n`,
)
printTable(
  `Training steps, ${NETWORK.batch} cells, ${NETWORK.hidden} hidden, ${NETWORK.latent} latent`,
  [...HEAD, 'ms a step', 'cells/s', 'PyTorch ms', 'PyTorch cells/s', 'ratio by pairs', 'other programs'],
  results.map((result) => [
    ...name(result),
    spreadText(result.milliseconds),
    figure(result.cellsPerSecond.median),
    result.torchMilliseconds ? spreadText(result.torchMilliseconds) : '–',
    figure(result.torchCellsPerSecond?.median),
    result.ratio ? spreadText(result.ratio) : '–',
    `${(result.othersShare * 100).toFixed(0)} %`,
  ]),
)
if (!flags['no-breakdown']) printBreakdown()
writeJson(flags.json, {
  benchmark: 'train',
  machine: about,
  network: NETWORK,
  pairs,
  secondsPerRun: seconds,
  results,
})

function printBreakdown() {
  printTable(
    'Share of a step (barriers lie within the others: calls of kernels × what the fork and join cost)',
    [
      ...HEAD,
      'ms',
      'products',
      'likelihood',
      'sparse layer',
      'Adam',
      'staging',
      'small layers',
      'rest',
      'barriers',
    ],
    results.map((result) => {
      const { total, parts, calls } = result.breakdown
      const share = (milliseconds) => `${((milliseconds / total) * 100).toFixed(1)} %`
      const { products, likelihood, sparse, adam, staging, small, rest } = parts
      const barrier = barrierMicroseconds(result)
      return [
        ...name(result),
        figure(total),
        ...[products, likelihood, sparse, adam, staging, small, rest].map(share),
        barrier === null
          ? '–'
          : `${share((barrier * calls) / 1000)} (${calls.toFixed(0)} × ${figure(barrier, 2)} µs)`,
      ]
    }),
  )
  printTable(
    'Products: GFLOP/s of the whole kernel, and its share of the peak of a dense layer on the same threads',
    [...HEAD, 'kernel', 'what', 'MFLOP', 'ms', 'GFLOP/s', 'of the peak'],
    results.flatMap((result) =>
      result.breakdown.products.map(({ kernel, what, megaflop, milliseconds, gflops }) => [
        ...name(result),
        kernel,
        what,
        figure(megaflop),
        figure(milliseconds),
        figure(gflops),
        `${((gflops / result.peaks.peakGflops) * 100).toFixed(0)} %`,
      ]),
    ),
  )
  printTable(
    'Peaks',
    [
      ...HEAD,
      'GFLOP/s at 128³, 256³, 512³',
      'empty kernel µs',
      'Adam GB/s',
      'memory copy GB/s',
      'Adam of copy',
    ],
    results.map(({ peaks, ...result }) => [
      ...name(result),
      Object.values(peaks.products)
        .map((rate) => figure(rate))
        .join(', '),
      figure(peaks.callMicroseconds, 2),
      figure(peaks.adamGigabytes),
      figure(peaks.copyGigabytes),
      `${((peaks.adamGigabytes / peaks.copyGigabytes) * 100).toFixed(0)} %`,
    ]),
  )
}

/** The fork and join alone: an empty kernel on these threads less the same on one; unknown where one was not measured. */
function barrierMicroseconds({ genes, build, threads, peaks }) {
  if (threads === 1) return 0
  const alone = results.find((other) => other.genes === genes && other.build === build && other.threads === 1)
  return alone ? Math.max(0, peaks.callMicroseconds - alone.peaks.callMicroseconds) : null
}

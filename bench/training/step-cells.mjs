/**
 * A training step at nine sizes (2,000, 4,000 and 20,000 genes, 10, 30 and 60 % of the counts not zero), beside PyTorch's and beside
 * that of another checkout of this project:
 *
 *     npm run build && node bench/training/step-cells.mjs --python PATH [--base FOLDER] [--json result.json]
 *
 * - `--data 2000:0.1,…`: genes and the share that is not zero
 * - `--base FOLDER`: an older checkout that is built; nothing of the kind is measured when left out
 * - `--bf16`: the same with products of operands rounded to bfloat16
 * - `--python PATH`: a Python with PyTorch; the same
 * - `--threads 2`, `--kernels native`: of ours, of the base and, threads alone, of PyTorch
 * - `--cells 1024`: cells in memory that minibatches are drawn from
 * - `--rounds 12`, `--seconds 0.5`: each is measured for so long in each round, in turn
 *
 * Of each the fastest round counts, and beside it the median of the rounds' ratios: other programs slow rounds down, none speeds one up.
 */
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { list, options } from '../lib/options.mjs'
import { figure, machine, printTable, spread, spreadText, writeJson } from '../lib/output.mjs'
import { startTorch } from './torch-side.mjs'
import { randomCells, TrainingStep } from './training-step.mjs'

const NETWORK = { batch: 128, hidden: 128, latent: 10 }
const GENES = [2000, 4000, 20000]
const DENSITIES = [0.1, 0.3, 0.6]

const flags = options('A training step by genes and density, beside PyTorch and another checkout.', {
  data: GENES.flatMap((genes) => DENSITIES.map((density) => `${genes}:${density}`)).join(','),
  base: '',
  bf16: false,
  python: process.env.SCVAE_BENCH_PYTHON ?? '',
  threads: '2',
  kernels: 'native',
  cells: '1024',
  rounds: '12',
  seconds: '0.5',
  'torch-adam': 'default',
})
const threads = Number(flags.threads)
const base =
  flags.base &&
  (await import(pathToFileURL(join(resolve(flags.base), 'bench/training/training-step.mjs')).href))

/** Milliseconds a step of each side, round by round. */
async function measure(sides) {
  const rounds = []
  for (let i = 0; i < Number(flags.rounds); i++) {
    const round = {}
    for (const [name, side] of Object.entries(sides)) round[name] = await side.measure(Number(flags.seconds))
    rounds.push(round)
  }
  return rounds
}

const fastest = (rounds, side) => Math.min(...rounds.map((round) => round[side]))

const results = []
for (const item of list(flags.data)) {
  const [genes, density] = item.split(':').map(Number)
  process.stderr.write(`${item} …\n`)
  const source = randomCells(genes, density, Number(flags.cells))
  const shape = { source, threads, kernels: flags.kernels, ...NETWORK }
  const sides = { ours: await TrainingStep.start(shape) }
  if (flags.bf16) sides.bf16 = await TrainingStep.start({ ...shape, precision: 'bf16' })
  if (base) {
    const ownSource = base.randomCells(genes, density, Number(flags.cells))
    sides.base = await base.TrainingStep.start({ ...shape, source: ownSource })
  }
  if (flags.python)
    sides.torch = await startTorch(flags.python, {
      genes,
      density,
      threads,
      adam: flags['torch-adam'],
      ...NETWORK,
    })
  const rounds = await measure(sides)
  for (const side of Object.values(sides)) await side.stop()
  results.push({ genes, density, rounds })
}

const about = machine()
process.stdout.write(
  `${about.processor}, Node ${about.node}, ${threads} threads, ${flags.kernels}; ${flags.rounds} rounds of ${flags.seconds} s\n`,
)
const others = [
  ...(flags.bf16 ? [['bf16', 'bf16']] : []),
  ...(base ? [['base', 'base']] : []),
  ...(flags.python ? [['torch', 'PyTorch']] : []),
]
printTable(
  `Training steps, ${NETWORK.batch} cells, ${NETWORK.hidden} hidden, ${NETWORK.latent} latent: milliseconds of the fastest round`,
  [
    'genes',
    'nonzero',
    'ours',
    ...others.flatMap(([, title]) => [title, `${title} / ours`, 'median (quartiles) by rounds']),
  ],
  results.map(({ genes, density, rounds }) => {
    const own = fastest(rounds, 'ours')
    return [
      genes.toLocaleString('en-US'),
      `${density * 100} %`,
      figure(own),
      ...others.flatMap(([side]) => {
        const other = fastest(rounds, side)
        return [figure(other), figure(other / own), spreadText(spread(rounds.map((r) => r[side] / r.ours)))]
      }),
    ]
  }),
)
writeJson(flags.json, { benchmark: 'step-cells', machine: about, network: NETWORK, threads, results })

/**
 * What larger minibatches cost: models of the same cells, seeds and epochs with other sizes of a minibatch and other rules for the
 * learning rate, judged on the same held-out cells. A run is what a user gets: default epochs, KL warm-up and early stopping.
 *
 *     npm run build && node bench/training/batch-size.mjs --folder PATH [--data pbmc4k,20000x1000] [--json result.json]
 */

import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createCpuDevice } from '../../dist/src/device/cpu/cpu-device.js'
import { Random } from '../../dist/src/numeric/random.js'
import { epochsFor } from '../../dist/src/train/schedule.js'
import { fittedData, modelOf } from '../lib/fitted-data.mjs'
import { heldoutLoss } from '../lib/heldout-loss.mjs'
import { list, numbers, options } from '../lib/options.mjs'
import { figure, machine, printTable, writeJson } from '../lib/output.mjs'
import { dataSets } from '../peers/peers-data.mjs'

const flags = options('Held-out loss by size of the minibatch and rule of the learning rate, seed by seed.', {
  data: 'pbmc4k,kang_ctrl,20000x1000,60000x500',
  sizes: '256,512,1024,2048',
  rules: 'none,sqrt,linear,sqrt+warm',
  seeds: '0,1,2',
  passes: '1',
  cells: 'all',
  threads: '1',
  folder: '',
})
if (flags.folder === '') {
  process.stderr.write('--folder PATH is needed: for simulated data and for the runs, which are kept.\n')
  process.exit(2)
}
mkdirSync(flags.folder, { recursive: true })
const seeds = numbers(flags.seeds)
const threads = Number(flags.threads)
/** How many cells of each data set are taken, at random. */
const nCells = flags.cells === 'all' ? Number.POSITIVE_INFINITY : Number(flags.cells)
/** Share of the default number of epochs that is trained. */
const passes = Number(flags.passes)
const BASE = { size: 128, rule: 'none', rate: 1e-3 }
/** Power of size / 128 that the learning rate is multiplied by. */
const POWERS = { none: 0, sqrt: 0.5, linear: 1 }
/** Share of all updates over which `+warm` raises the learning rate from 0. */
const WARM_SHARE = 0.05

/** Minibatches over which running statistics are renewed: (1 - 0.01)^500 of the old ones is left. */
const RENEWALS = 500

/** Learning rate of a rule at a size, and whether it is warmed up. */
function ruleOf(rule, size) {
  const [name, warm] = rule.split('+')
  if (!(name in POWERS) || (warm !== undefined && warm !== 'warm')) {
    throw new Error(
      `There is no rule "${rule}", only ${Object.keys(POWERS).join(', ')}, each with +warm or without.`,
    )
  }
  return { learningRate: BASE.rate * (size / BASE.size) ** POWERS[name], warm: warm !== undefined }
}

/** Raises the learning rate of a network's first updates linearly. */
function warmUp(network, updates) {
  const step = network.trainStep.bind(network)
  network.trainStep = (batch, { adam, ...settings }) => {
    const learningRate = adam.learningRate * Math.min(1, adam.step / updates)
    step(batch, { ...settings, adam: { ...adam, learningRate } })
  }
}

const NO_UPDATE = { learningRate: 0, beta1: 0.9, beta2: 0.999, epsilon: 1, weightDecay: 0, step: 1 }

/**
 * Brings the running statistics of batch normalisation to where the weights are: each is the mean over the last 100 minibatches or so, and large
 * minibatches are few.
 */
async function renewStatistics({ network, cells }, train) {
  const batch = await network.minibatch(cells)
  for (let i = 0; i < RENEWALS; i++) {
    const at = (i * BASE.size) % Math.max(1, train.length - BASE.size)
    network.gather(batch, train.subarray(at, at + BASE.size))
    // the forward pass of training, whose gradients nobody takes
    network.gradients(batch, { seed: 0, step: i, klWeight: 1, adam: NO_UPDATE })
  }
  await network.takeSums()
  network.releaseMinibatch(batch)
}

/** One training; held-out losses of its best and of its last weights. */
async function trained(data, item, { size, rule, seed, epochs }) {
  const model = await modelOf(data, item.batch, seed, device, { batchSize: size })
  try {
    const { learningRate, warm } = ruleOf(rule, size)
    const updatesAnEpoch = Math.ceil((0.9 * data.cells.length) / size)
    if (warm) warmUp(model.network, Math.ceil(WARM_SHARE * epochs * updatesAnEpoch))
    let last
    const summary = await model.train({
      maxEpochs: epochs,
      learningRate,
      onEpoch: () => {
        last = model.network.state()
      },
    })
    const { heldout, train } = summary.split
    const best = await heldoutLoss(model, heldout, BASE.size)
    await renewStatistics(model, train)
    const renewed = await heldoutLoss(model, heldout, BASE.size)
    model.network.setState(await last)
    return {
      size,
      rule,
      seed,
      learningRate,
      maxEpochs: epochs,
      epochs: summary.epochs,
      bestEpoch: summary.bestEpoch,
      updates: summary.epochs * updatesAnEpoch,
      seconds: summary.seconds,
      cellsPerSecond: summary.trainCellsPerSecond,
      best,
      renewed,
      last: await heldoutLoss(model, heldout, BASE.size),
    }
  } finally {
    await model.dispose()
  }
}

const KEPT = join(flags.folder, 'batch-size-runs.jsonl')
const kept = existsSync(KEPT)
  ? readFileSync(KEPT, 'utf8')
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  : []

function sample(cells) {
  if (nCells >= cells.length) return cells
  const order = new Random(0).permutation(cells.length)
  return order
    .subarray(0, nCells)
    .map((i) => cells[i])
    .sort()
}

/** A run of before, or a new one, which is kept. */
async function run(data, item, wanted) {
  const sought = {
    data: item.name,
    size: wanted.size,
    rule: wanted.rule,
    seed: wanted.seed,
    maxEpochs: wanted.epochs,
  }
  const same = (one) => Object.entries(sought).every(([key, value]) => one[key] === value)
  const found = kept.find(same)
  if (found) return found
  const done = { data: item.name, ...(await failed(() => trained(data, item, wanted), sought)) }
  kept.push(done)
  appendFileSync(KEPT, `${JSON.stringify(done)}\n`)
  const loss = done.failure ?? `${done.best.elbo.toFixed(2)} (last ${done.last.elbo.toFixed(2)})`
  process.stderr.write(
    `${item.name} ${wanted.size} ${wanted.rule} seed ${wanted.seed}: ${loss}, ${done.epochs} epochs in ${figure(done.seconds)} s\n`,
  )
  return done
}

/** A training that diverges is a result too. */
async function failed(train, sought) {
  try {
    return await train()
  } catch (error) {
    if (error.kind !== 'failed') throw error
    return { ...sought, failure: error.message }
  }
}

const device = await createCpuDevice({ threads })
const results = []
const arms = [
  { size: BASE.size, rule: BASE.rule },
  ...numbers(flags.sizes).flatMap((size) => list(flags.rules).map((rule) => ({ size, rule }))),
]
for (const item of dataSets(list(flags.data), flags.folder)) {
  const all = await fittedData(item)
  const data = { ...all, cells: sample(all.cells) }
  if (data.cells.length < all.cells.length) item.name += `, ${data.cells.length} cells`
  const epochs = Math.max(1, Math.round(passes * epochsFor(data.cells.length, 'auto')))
  const runs = []
  // seed by seed, so that what is there after a while can be compared
  for (const seed of seeds) for (const arm of arms) runs.push(await run(data, item, { ...arm, seed, epochs }))
  results.push({
    name: item.name,
    cells: data.cells.length,
    genes: data.genes?.length ?? data.adata.nGenes,
    epochs,
    runs,
  })
}
await device.dispose()

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length

/** Mean difference to the base, paired by seed, ± its standard error. */
function difference(own, base, weights) {
  const differences = own.map((one, i) => one[weights].elbo - base[i][weights].elbo)
  const middle = mean(differences)
  const squares = differences.reduce((sum, value) => sum + (value - middle) ** 2, 0)
  return {
    difference: middle,
    standardError: Math.sqrt(squares / (differences.length - 1) / differences.length),
  }
}

const differenceText = ({ difference: middle, standardError }) =>
  `${middle >= 0 ? '+' : ''}${middle.toFixed(2)}${seeds.length > 1 ? ` ± ${standardError.toFixed(2)}` : ''}`

for (const result of results) {
  const of = ({ size, rule }) => result.runs.filter((one) => one.size === size && one.rule === rule)
  const base = of(BASE)
  result.comparisons = arms.map((arm) => {
    const own = of(arm)
    const failures = own.filter((one) => one.failure !== undefined).length
    if (failures > 0) return { ...arm, failures }
    return {
      ...arm,
      learningRate: own[0].learningRate,
      updates: mean(own.map((one) => one.updates)),
      epochs: mean(own.map((one) => one.epochs)),
      cellsPerSecond: mean(own.map((one) => one.cellsPerSecond)),
      best: { mean: mean(own.map((one) => one.best.elbo)), ...difference(own, base, 'best') },
      renewed: { mean: mean(own.map((one) => one.renewed.elbo)), ...difference(own, base, 'renewed') },
      last: { mean: mean(own.map((one) => one.last.elbo)), ...difference(own, base, 'last') },
    }
  })
  printTable(
    `${result.name}: ${result.cells.toLocaleString('en-US')} cells × ${result.genes} genes, at most ${result.epochs} epochs, seeds ${seeds.join(', ')}: held-out loss, nats a cell, less that of ${BASE.size} ± standard error`,
    [
      'cells of a minibatch',
      'rule',
      'learning rate',
      'epochs',
      'updates',
      'cells/s',
      'best weights',
      'their statistics renewed',
      'last weights',
    ],
    result.comparisons.map((one) =>
      one.failures
        ? [one.size, one.rule, '–', '–', '–', '–', `${one.failures} of ${seeds.length} diverged`, '–', '–']
        : [
            one.size,
            one.rule,
            one.learningRate.toPrecision(2),
            one.epochs.toFixed(0),
            Math.round(one.updates).toLocaleString('en-US'),
            figure(one.cellsPerSecond),
            ...['best', 'renewed', 'last'].map((weights) =>
              one.size === BASE.size ? one[weights].mean.toFixed(2) : differenceText(one[weights]),
            ),
          ],
    ),
  )
}
writeJson(flags.json, { benchmark: 'batch-size', machine: machine(), threads, seeds, results })

/**
 * Held-out ELBO and importance-weighted bound of models that differ by their prior, on real data.
 *
 *     npm run build && node bench/quality/priors.mjs [--data pbmc4k,kang_ctrl] [--seeds 0,1,2,3,4] [--json result.json]
 *
 * The same cells are held out for all priors of a seed. Both figures are minus the bound in nats a cell: lower is better.
 */

import { createCpuDevice } from '../../dist/src/device/cpu/cpu-device.js'
import { SCVI } from '../../dist/src/models/scvi.js'
import { fittedData } from '../lib/fitted-data.mjs'
import { list, numbers, options } from '../lib/options.mjs'
import { figure, machine, printTable, writeJson } from '../lib/output.mjs'
import { presentData } from '../lib/real-data.mjs'

const flags = options('Held-out bounds of models with different priors.', {
  data: 'pbmc4k,kang_ctrl',
  priors: 'normal,mixture,vamp',
  components: '50',
  seeds: '0,1,2,3,4',
  epochs: '100',
  draws: '100',
  threads: '2',
})
const seeds = numbers(flags.seeds)
const priors = list(flags.priors)

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length
/** Standard error of a mean. */
const error = (values) => {
  const middle = mean(values)
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0)
  return Math.sqrt(squares / (values.length - 1) / values.length)
}
const text = (values) => `${mean(values).toFixed(2)} ± ${error(values).toFixed(2)}`

async function measured(data, item, prior, seed, device) {
  const model = await SCVI.create(data.adata, {
    cells: data.cells,
    ...(data.genes && { genes: data.genes }),
    ...(item.batch && { batchKey: item.batch }),
    prior,
    priorComponents: Number(flags.components),
    seed,
    device,
  })
  try {
    const start = performance.now()
    const { split, bestEpoch } = await model.train({ maxEpochs: Number(flags.epochs) })
    const seconds = (performance.now() - start) / 1000
    const cells = split.heldout.map((at) => data.cells[at])
    const asked = { cells, seed: 1, returnMean: false }
    const elbo = await model.getElbo({ ...asked, nSamples: Number(flags.draws) })
    const bound = await model.getMarginalLl({ ...asked, nMcSamples: Number(flags.draws) })
    return {
      data: item.name,
      prior,
      seed,
      elbo: -mean([...elbo]),
      bound: -mean([...bound]),
      bestEpoch,
      seconds,
    }
  } finally {
    await model.dispose()
  }
}

const device = await createCpuDevice({ threads: Number(flags.threads) })
const results = []
for (const item of presentData(list(flags.data))) {
  const data = await fittedData(item)
  for (const seed of seeds) {
    for (const prior of priors) {
      const result = await measured(data, item, prior, seed, device)
      results.push(result)
      process.stderr.write(`${JSON.stringify(result)}\n`)
    }
  }
}
await device.dispose()

const rows = []
for (const name of new Set(results.map(({ data }) => data))) {
  const of = (prior, key) =>
    seeds.map((seed) => results.find((r) => r.data === name && r.prior === prior && r.seed === seed)[key])
  for (const prior of priors) {
    const apart = (key) => of(prior, key).map((value, i) => value - of(priors[0], key)[i])
    rows.push([
      name,
      prior,
      text(of(prior, 'elbo')),
      text(of(prior, 'bound')),
      prior === priors[0] ? '' : text(apart('elbo')),
      prior === priors[0] ? '' : text(apart('bound')),
      figure(mean(of(prior, 'seconds'))),
    ])
  }
}
printTable(
  `Priors, ${seeds.length} seeds, ${flags.draws} draws, minus bounds in nats a cell`,
  ['data', 'prior', 'ELBO', 'bound', `ELBO less ${priors[0]}`, `bound less ${priors[0]}`, 'seconds'],
  rows,
)
await writeJson(flags.json, { machine: machine(), flags, results })

/**
 * How well p-values of the surprise are calibrated with so many simulated cells behind them.
 *
 *     npm run build && node bench/analysis/null-cells.mjs [--data data/demo.h5ad] [--json null.json]
 *
 * A fitted model makes a pool of cells. Random parts of it are the null of the others, again and again; the shares of others
 * with a p-value of at most 0.1, 0.01 and 0.001 are held against these.
 */

import { surpriseZ } from '../../dist/src/analysis/outliers/surprise.js'
import { SurpriseNull } from '../../dist/src/analysis/outliers/surprise-null.js'
import { generateCells } from '../../dist/src/analysis/posterior/generate.js'
import { posteriorOf } from '../../dist/src/analysis/posterior/inference.js'
import { createCpuDevice } from '../../dist/src/device/cpu/cpu-device.js'
import { readAnnData, SCVI } from '../../dist/src/index.js'
import { Random } from '../../dist/src/numeric/random.js'
import { numbers, options } from '../lib/options.mjs'
import { figure, printTable, writeJson } from '../lib/output.mjs'

const flags = options('Calibration of surprise by the number of simulated cells.', {
  data: 'data/demo.h5ad',
  epochs: '40',
  pool: '50000',
  sizes: '1000,2000,5000,10000,20000',
  rounds: '40',
})
const LEVELS = [0.1, 0.01, 0.001]

const device = await createCpuDevice()
const adata = await readAnnData(flags.data)
const model = await SCVI.create(adata, { device })
await model.train({ maxEpochs: Number(flags.epochs) })
const { network, cells } = model
const posterior = await posteriorOf(network, cells)
const pool = await generateCells(network, device.host, cells, posterior, Number(flags.pool), 1)
const { z } = await surpriseZ(network, device.host, pool, await posteriorOf(network, pool))
await model.dispose()
await device.dispose()

const random = new Random(2)
const results = numbers(flags.sizes).map((size) => {
  const shares = LEVELS.map(() => [])
  for (let round = 0; round < Number(flags.rounds); round++) {
    const order = random.permutation(z.length)
    const pick = (values, from, to) => values.constructor.from(order.subarray(from, to), (i) => values[i])
    const null_ = new SurpriseNull(pick(z, 0, size), pick(pool.size, 0, size))
    const others = order.subarray(size)
    const p = Float64Array.from(others, (i) => null_.p(z[i], pool.size[i]))
    for (const [i, level] of LEVELS.entries())
      shares[i].push(p.reduce((n, x) => n + (x <= level ? 1 : 0), 0) / others.length / level)
  }
  return {
    size,
    levels: shares.map((of) => {
      const mean = of.reduce((a, b) => a + b, 0) / of.length
      return { mean, deviation: Math.sqrt(of.reduce((a, b) => a + (b - mean) ** 2, 0) / (of.length - 1)) }
    }),
  }
})
printTable(
  `Share of other cells at a p-value, over that p-value: mean ± standard deviation of ${flags.rounds} nulls`,
  ['simulated cells', ...LEVELS.map(String)],
  results.map(({ size, levels }) => [
    size.toLocaleString('en'),
    ...levels.map(({ mean, deviation }) => `${figure(mean, 3)} ± ${figure(deviation, 2)}`),
  ]),
)
writeJson(flags.json, { levels: LEVELS, results })

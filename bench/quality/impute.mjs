/**
 * How well a model finds counts again that were hidden from it, on real data, beside the gene's mean, principal components of log counts and averages
 * over nearest cells.
 *
 *     npm run build && node bench/quality/impute.mjs [--data pbmc4k,kang_ctrl,bladder] [--share 0.1] [--seeds 0]
 */

import { createCpuDevice } from '../../dist/src/device/cpu/cpu-device.js'
import { evaluateImputation } from '../../dist/src/models/evaluate-imputation.js'
import { fittedData, modelOf } from '../lib/fitted-data.mjs'
import { list, numbers, options } from '../lib/options.mjs'
import { machine, printTable, writeJson } from '../lib/output.mjs'
import { presentData } from '../lib/real-data.mjs'

const flags = options('Hidden counts found again, on real data.', {
  data: 'pbmc4k,kang_ctrl,bladder',
  share: '0.1',
  corruption: 'uniform,binomial',
  likelihood: 'nb',
  epochs: 'auto',
  seeds: '0',
  threads: '2',
})

const device = await createCpuDevice({ threads: Number(flags.threads) })
const results = []
for (const item of presentData(list(flags.data))) {
  const data = await fittedData(item)
  const { adata, cells, genes } = data
  const model = await modelOf(data, item.batch, 0, device)
  const description = {
    ...model.description,
    config: { ...model.description.config, likelihood: flags.likelihood },
  }
  await model.dispose()
  const genePositions = genes ?? Int32Array.from({ length: adata.nGenes }, (_, gene) => gene)
  for (const corruption of list(flags.corruption))
    for (const seed of numbers(flags.seeds)) {
      process.stderr.write(`${item.name}, ${corruption}, seed ${seed} …\n`)
      const start = performance.now()
      const result = await evaluateImputation(description, adata, {
        ...{ cells, genePositions, corruption, seed, share: Number(flags.share), device },
        train: { maxEpochs: flags.epochs === 'auto' ? 'auto' : Number(flags.epochs) },
      })
      const seconds = (performance.now() - start) / 1000
      process.stderr.write(`  ${result.epochs} epochs, ${seconds.toFixed(0)} s\n`)
      results.push({ data: item.name, seed, seconds, ...result })
    }
}
await device.dispose()

const rows = results.flatMap(({ data, seed, corruption, methods }) =>
  methods.map(({ method, nonzeros, zeros, all }) => {
    const of = ({ n, medianAbsoluteError, meanAbsoluteError, logLikelihood }) =>
      n === 0
        ? ['', '', '']
        : [medianAbsoluteError, meanAbsoluteError, logLikelihood].map((value) => value.toFixed(4))
    return [data, corruption, seed, method, ...of(nonzeros), ...of(zeros), ...of(all)]
  }),
)
printTable(
  'Hidden counts found again: median absolute error of the mean, mean absolute error of the median, and log-likelihood of a count in nats',
  [
    ...['data', 'hidden', 'seed', 'method'],
    ...['nonzeros', 'zeros', 'all'].flatMap((entries) => [`${entries}: median error`, 'mean error', 'ln p']),
  ],
  rows,
)
writeJson(flags.json, { ...machine(), results })

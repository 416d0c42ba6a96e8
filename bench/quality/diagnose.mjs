/**
 * Verdicts of `scvae diagnose` on fits that are known to be good or bad, on real data.
 *
 *     npm run build && node bench/quality/diagnose.mjs [--data pbmc68k,pbmc4k] [--epochs 200,60] [--json result.json]
 *
 * Healthy: the defaults. Collapsed: β = 100. Over-wide: β = 0.01. Overfitted: two layers of 512 units, no dropout, at most 700 cells, 200 epochs
 * and the last weights. Logs: round(10 · log1p(10,000 · count / total)) in place of the counts.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CountMatrix } from '../../dist/src/anndata/counts/counts.js'
import { readAnnData } from '../../dist/src/anndata/read.js'
import { findingsOf, verdictOf } from '../../dist/src/cli/diagnose/findings.js'
import { createCpuDevice } from '../../dist/src/device/cpu/cpu-device.js'
import { readModel } from '../../dist/src/files/model-files.js'
import { SCVI } from '../../dist/src/models/scvi.js'
import { list, numbers, options } from '../lib/options.mjs'
import { machine, printTable, writeJson } from '../lib/output.mjs'
import { presentData } from '../lib/real-data.mjs'

const CASES = {
  healthy: {},
  collapsed: { model: { beta: 100 } },
  'over-wide': { model: { beta: 0.01 } },
  overfitted: {
    model: { dropoutRate: 0, nLayers: 2, nHidden: 512 },
    train: { maxEpochs: 200, earlyStopping: false, keepBest: false },
    mostCells: 700,
  },
  logs: { logs: true },
}

const flags = options('Verdicts of diagnose on fits that are known to be good or bad.', {
  data: 'pbmc68k,pbmc4k',
  cases: Object.keys(CASES).join(),
  epochs: '200,60',
  cells: '50',
  seed: '1',
  threads: '2',
})
const seed = Number(flags.seed)

const withLogs = (adata) => {
  const { counts } = adata
  const totals = counts.cellTotals()
  const blocks = counts.blocks.map((block) => {
    const logs = block.counts.slice()
    for (let i = 0; i < block.nCells; i++)
      for (let k = block.offsets[i]; k < block.offsets[i + 1]; k++)
        logs[k] = Math.round(10 * Math.log1p((1e4 * logs[k]) / totals[block.firstCell + i]))
    const { firstCell, nCells, offsets, genes } = block
    return { firstCell, nCells, offsets, genes, counts: logs }
  })
  return { ...adata, counts: new CountMatrix(counts.nGenes, blocks) }
}

async function diagnosed(item, name, epochs, device) {
  const { model: config = {}, train = {}, mostCells = Number.POSITIVE_INFINITY, logs = false } = CASES[name]
  const read = await readAnnData(item.path)
  const adata = logs ? withLogs(read) : read
  const cells = Int32Array.from({ length: Math.min(mostCells, adata.nCells) }, (_, i) => i)
  const folder = mkdtempSync(join(tmpdir(), 'scvae-diagnose-'))
  const model = await SCVI.create(adata, { ...config, cells, seed, device })
  try {
    await model.train({ maxEpochs: epochs, seed, ...train })
    await model.save(join(folder, 'model'))
    const diagnosis = await model.diagnose({ nCells: Number(flags.cells), seed })
    return { diagnosis, findings: findingsOf(diagnosis, readModel(join(folder, 'model'))) }
  } finally {
    await model.dispose()
    rmSync(folder, { recursive: true, force: true })
  }
}

const device = await createCpuDevice({ threads: Number(flags.threads) })
const results = []
for (const [i, item] of presentData(list(flags.data)).entries()) {
  const epochs = numbers(flags.epochs)
  for (const name of list(flags.cases)) {
    const { findings } = await diagnosed(item, name, epochs[i] ?? epochs[0], device)
    results.push({ data: item.name, case: name, verdict: verdictOf(findings), findings })
    process.stderr.write(`${JSON.stringify(results.at(-1))}\n`)
  }
}
await device.dispose()

const figure = ({ value, error, grade }) => {
  if (value === null) return 'not known'
  return `${Number(value.toPrecision(3))}${error === null ? '' : ` ± ${Number(error.toPrecision(2))}`}${grade === 'attention' ? ' (!)' : ''}`
}
const titles = results[0].findings.map(({ title, unit }) => `${title}, ${unit}`)
printTable(
  'Findings; (!): needs attention',
  ['data', 'fit', ...titles],
  results.map((one) => [one.data, one.case, ...one.findings.map(figure)]),
)
for (const { data, case: name, verdict, findings } of results) {
  process.stdout.write(`\n**${data}, ${name}**: ${verdict}\n\n`)
  for (const { grade, sentence } of findings)
    if (grade === 'attention') process.stdout.write(`- ${sentence}\n`)
}
await writeJson(flags.json, { machine: machine(), flags, results })

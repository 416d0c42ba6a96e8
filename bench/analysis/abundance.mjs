/**
 * Differential abundance on measured donors: with random conditions, and where cells of one type were taken from half of the donors.
 *
 *     npm run build && node bench/analysis/abundance.mjs [--data kang_ctrl] [--scvi-python PYTHON] [--json abundance.json]
 *
 * Random conditions are all halves of the donors. With the Python of an environment with scvi-tools, the densities of normal distributions are compared
 * with its `differential_abundance` of the exported model, as there with variances in place of standard deviations, and with each cell
 * in its own sample's mixture. All cells and genes of the file have to be those that are fitted.
 */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tableFromArrays } from 'apache-arrow'
import { compareConditions } from '../../dist/src/analysis/abundance/condition-test.js'
import { sampleDensities } from '../../dist/src/analysis/abundance/sample-densities.js'
import { obsColumn } from '../../dist/src/anndata/frame/obs-column.js'
import { createCpuDevice } from '../../dist/src/device/cpu/cpu-device.js'
import { exportScviModel } from '../../dist/src/files/scvi-tools/export.js'
import { readExportTarget } from '../../dist/src/files/scvi-tools/export-target.js'
import { Random } from '../../dist/src/numeric/random.js'
import { fittedData, modelOf } from '../lib/fitted-data.mjs'
import { list, numbers, options } from '../lib/options.mjs'
import { figure, machine, printTable, writeJson } from '../lib/output.mjs'
import { presentData } from '../lib/real-data.mjs'

const flags = options('Differential abundance: nulls and plants on measured donors.', {
  data: 'kang_ctrl',
  epochs: '60',
  taken: '0.5,0.75',
  types: '3',
  'scvi-python': '',
  threads: '2',
})
const FDR = 0.05
const share = (values, is) => values.reduce((n, value, i) => n + Number(is(value, i)), 0) / values.length

/** All choices of half of so many things with the first one in it. */
function halves(n) {
  const found = []
  const grow = (chosen, next) => {
    if (chosen.length === n / 2) return found.push(chosen)
    for (let one = next; one < n; one++) grow([...chosen, one], one + 1)
  }
  grow([0], 1)
  return found
}

/** Random conditions: how often any cell, or any type, is called different. */
function nulls({ logDensities: { values, rows, columns }, labels }) {
  const { counts } = labels
  const totals = Array.from({ length: columns }, (_, s) =>
    labels.labels.reduce((sum, _, l) => sum + counts.values[l * columns + s], 0),
  )
  const results = halves(columns).map((half) => {
    const units = totals.map((_, sample) => ({ sample, side: half.includes(sample) ? 0 : 1 }))
    const cells = compareConditions(units, rows, (cell, s) => values[cell * columns + s])
    const types = compareConditions(units, labels.labels.length, (l, s) => {
      const n = counts.values[l * columns + s]
      return Math.log2((n + 0.5) / (totals[s] - n + 0.5))
    })
    return {
      cells: share(cells.adjustedP, (p) => p <= FDR),
      small: share(cells.p, (p) => p <= FDR),
      types: types.adjustedP.some((p) => p <= FDR),
    }
  })
  return {
    comparisons: results.length,
    anyCell: share(results, ({ cells }) => cells > 0),
    cells: results.reduce((sum, { cells }) => sum + cells, 0) / results.length,
    smallP: results.reduce((sum, { small }) => sum + small, 0) / results.length,
    anyType: share(results, ({ types }) => types),
  }
}

/** Cells of a type taken from donors of one condition: what is found of it. */
async function plant(model, item, data, half, type, taken) {
  const { adata, cells, labels, batches } = data
  const random = new Random(1)
  const kept = [...cells.keys()].filter(
    (at) => !(labels[at] === type && half.includes(batches[at]) && random.next() < taken),
  )
  const conditions = new Array(adata.nCells).fill(null)
  for (const at of cells.keys()) conditions[cells[at]] = half.includes(batches[at]) ? 'taken' : 'as they were'
  const columns = Object.fromEntries(
    [item.batch, item.label].map((key) => [key, Array.from(adata.obs.getChild(key), String)]),
  )
  const { comparison, labels: found } = await model.differentialAbundance({
    adata: { ...adata, obs: tableFromArrays({ ...columns, conditions }) },
    cells: Int32Array.from(kept, (at) => cells[at]),
    sampleKey: item.batch,
    groupBy: 'conditions',
    group1: 'taken',
    labelsKey: item.label,
  })
  const isDifferent = (i) => comparison.adjustedP[i] <= FDR
  const [its, others] = [true, false].map((own) =>
    [...kept.keys()].filter((i) => (labels[kept[i]] === type) === own),
  )
  const code = found.labels.indexOf(data.typeNames[type])
  return {
    its: share(its, (i) => isDifferent(i) && comparison.effect[i] < 0),
    others: share(others, isDifferent),
    typeP: found.difference.adjustedP[code],
    otherTypes: [...found.difference.adjustedP].filter((p, l) => l !== code && p <= FDR).length,
  }
}

/** Largest differences from scvi-tools, in nats, and as a share of the density's size. */
async function againstScvi(model, item, adata) {
  const folder = mkdtempSync(join(tmpdir(), 'scvae-abundance-'))
  try {
    const { means, variances } = await model.getLatentPosterior()
    const { codes, categories } = obsColumn(adata, item.batch)
    const samples = categories.map((_, code) =>
      Int32Array.from([...codes.keys()].filter((cell) => codes[cell] === code)),
    )
    // scvi-tools 1.4.2 takes variances for standard deviations
    const squared = { ...variances, values: variances.values.map((variance) => variance ** 2) }
    const logDensities = await sampleDensities({ means, variances: squared }, samples, { degrees: null })
    await model.save(join(folder, 'own.model'))
    const target = await readExportTarget(item.path, model.description, {})
    await exportScviModel(join(folder, 'own.model'), target, join(folder, 'scvi'))
    writeFileSync(join(folder, 'densities'), new Uint8Array(logDensities.values.buffer))
    writeFileSync(join(folder, 'samples.json'), JSON.stringify(categories))
    const script = fileURLToPath(new URL('./abundance_scvi.py', import.meta.url))
    execFileSync(flags['scvi-python'], [script, folder, item.path, item.batch], { stdio: 'inherit' })
    return JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const device = await createCpuDevice({ threads: Number(flags.threads) })
const results = []
for (const item of presentData(list(flags.data))) {
  const data = await fittedData(item)
  const model = await modelOf(data, item.batch, 0, device)
  await model.train({ maxEpochs: Number(flags.epochs) })
  const start = performance.now()
  const found = await model.differentialAbundance({ sampleKey: item.batch, labelsKey: item.label })
  const seconds = (performance.now() - start) / 1000
  const result = { data: item.name, cells: data.cells.length, seconds, null: nulls(found), plants: [] }
  process.stderr.write(`${JSON.stringify(result)}\n`)
  const sizes = data.typeNames.map((_, type) => data.labels.filter((label) => label === type).length)
  const types = [...sizes.keys()].sort((a, b) => sizes[b] - sizes[a]).slice(0, Number(flags.types))
  const splits = halves(found.samples.length)
  for (const type of types) {
    for (const taken of numbers(flags.taken)) {
      const one = await plant(model, item, data, splits[splits.length >> 1], type, taken)
      result.plants.push({ type: data.typeNames[type], cells: sizes[type], taken, ...one })
      process.stderr.write(`${JSON.stringify(result.plants.at(-1))}\n`)
    }
  }
  if (flags['scvi-python'] !== '') {
    result.scvi = await againstScvi(model, item, data.adata)
    process.stderr.write(`${JSON.stringify(result.scvi)}\n`)
  }
  await model.dispose()
  results.push(result)
}
await device.dispose()

printTable(
  'Random conditions (all halves of the donors)',
  ['data', 'comparisons', 'with any cell', 'cells', 'p ≤ 0.05', 'with any type'],
  results.map(({ data, null: one }) => [
    data,
    one.comparisons,
    ...[one.anyCell, one.cells, one.smallP, one.anyType].map((value) => figure(value, 2)),
  ]),
)
printTable(
  'Cells of a type taken from half of the donors: share called less dense, of others different; adjusted p of the type; other types called',
  ['data', 'type', 'cells', 'taken', 'called', 'others called', 'p of the type', 'other types'],
  results.flatMap(({ data, plants }) =>
    plants.map((one) => [
      ...[data, one.type, one.cells, one.taken],
      ...[one.its, one.others, one.typeP].map((value) => figure(value, 2)),
      one.otherTypes,
    ]),
  ),
)
writeJson(flags.json, { machine: machine(), options: flags, results })

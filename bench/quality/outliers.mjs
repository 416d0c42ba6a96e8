/**
 * What outlier scores find of planted faults, and what they flag where there are none, beside rules on counts and, with a Python
 * that has it, scikit-learn's Isolation Forest and local outlier factor on principal components and on the latent.
 *
 *     npm run build && node bench/quality/outliers.mjs [--repeats 20] [--only pbmc4k] [--python PYTHON] [--json result.json]
 *
 * Simulated: 1,000 cells × 300 genes without outliers, and with those of `scvae simulate`. Real: cells as they are, and with damage
 * planted (bench/lib/plant-faults.mjs); of sc_mixology also its doublets, known by genotype.
 */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pcaFloor } from '../../dist/src/analysis/metrics/pca.js'
import { simulateCells } from '../../dist/src/analysis/simulate/simulate.js'
import { obsColumn } from '../../dist/src/anndata/frame/obs-column.js'
import { mitochondrialShare } from '../../dist/src/cells/mitochondrial.js'
import { createCpuDevice } from '../../dist/src/device/cpu/cpu-device.js'
import { leiden, OUTLIER_REASONS, SCVI, scoreCells } from '../../dist/src/index.js'
import { mad, median } from '../../dist/src/numeric/quantile.js'
import { fittedData } from '../lib/fitted-data.mjs'
import { list, numbers, options } from '../lib/options.mjs'
import { figure, machine, printTable, writeJson } from '../lib/output.mjs'
import { plantFaults } from '../lib/plant-faults.mjs'
import { presentData } from '../lib/real-data.mjs'

const flags = options('What outlier scores find, and what they flag where nothing is planted.', {
  repeats: '20',
  shares: '0.02,0.05,0.1',
  only: '',
  python: '',
  epochs: '60',
  'real-epochs': 'auto',
  'no-real': false,
})

const folder = mkdtempSync(join(tmpdir(), 'scvae-outliers-'))
const device = await createCpuDevice()

async function scored({ counts, varNames, obs }, { epochs, batchKey }) {
  const data = { path: 'made', nCells: counts.nCells, nGenes: counts.nGenes, obs, counts, varNames }
  const model = await SCVI.create(data, { device, ...(batchKey && { batchKey }) })
  try {
    await model.train(epochs === 'auto' ? {} : { maxEpochs: Number(epochs) })
    const latent = await model.getLatentPosterior()
    const every = Int32Array.from({ length: counts.nCells }, (_, i) => i)
    const share = mitochondrialShare(data, every)
    const asked = { device, ...(share && { mitochondrialShare: share }) }
    const scores = await scoreCells(latent, await model.surpriseScores(), asked)
    const { outliers, surprise } = scores
    const { labels } = await leiden(scores.neighbors, { device })
    const reasons = await model.outlierReasons(scores, labels)
    return { latent: latent.means, outliers, surprise, share, reasons }
  } finally {
    await model.dispose()
  }
}

/** The most deviations that a cell is off in log counts, log genes, or upwards in mitochondrial share. */
function deviations(counts, share) {
  const sizes = counts.cellTotals().map(Math.log1p)
  const genes = Float64Array.from(sizes, (_, cell) => Math.log1p(counts.row(cell).genes.length))
  const off = (values, sign) => {
    const [center, scale] = [median(values), mad(values, 1.4826) || 1]
    return values.map((value) => (sign ? Math.max(0, value - center) : Math.abs(value - center)) / scale)
  }
  const parts = [off(sizes), off(genes), ...(share ? [off(share, true)] : [])]
  return sizes.map((_, cell) => Math.max(...parts.map((part) => part[cell])))
}

function peers(name, { values, rows, columns }) {
  if (flags.python === '') return {}
  const path = join(folder, 'points.bin')
  writeFileSync(path, Float32Array.from(values))
  const script = new URL('./outliers.py', import.meta.url).pathname
  const args = [script, path, String(rows), String(columns)]
  const { forest, factor } = JSON.parse(execFileSync(flags.python, args, { maxBuffer: 2 ** 28 }))
  return { [`forest, ${name}`]: forest, [`factor, ${name}`]: factor }
}

/** AUROC and average precision of scores; ties count half in the first, and in the order of cells in the second. */
function ranking(score, isOdd) {
  const order = Array.from(isOdd.keys()).sort((a, b) => score[b] - score[a])
  const odd = isOdd.reduce((a, b) => a + b, 0)
  let found = 0
  let precision = 0
  let below = 0
  for (const [rank, cell] of order.entries()) {
    if (isOdd[cell]) precision += ++found / (rank + 1)
    else below += found
  }
  return { auroc: below / (odd * (isOdd.length - odd)), averagePrecision: precision / odd }
}

function judged(name, made, result, isOdd) {
  const { outliers, surprise, latent, share } = result
  const all = {
    scvae: outliers.score,
    'counts, genes, mitochondrial': deviations(made.counts, share),
    'reconstruction error': surprise.logLikelihood.map((value) => -value),
    ...peers('latent', latent),
    ...peers('principal components', pcaFloor(made.counts).scores),
  }
  const flagged = outliers.flag.reduce((a, b) => a + b, 0)
  const right = outliers.flag.reduce((sum, flag, cell) => sum + (flag && isOdd[cell]), 0)
  const odd = isOdd.reduce((a, b) => a + b, 0)
  return {
    name,
    cells: isOdd.length,
    odd,
    flagged,
    right,
    scores:
      odd > 0
        ? Object.fromEntries(Object.entries(all).map(([key, of]) => [key, ranking(of, isOdd)]))
        : undefined,
  }
}

async function simulated(share, seed) {
  const { counts, obs, varNames } = simulateCells({
    nCells: 1000,
    nGenes: 300,
    nTypes: 4,
    nBatches: 1,
    density: 0.25,
    outlierFraction: share,
    seed,
  })
  const made = { counts, varNames }
  const result = await scored(made, { epochs: flags.epochs })
  return judged(`simulated, ${figure(100 * share, 2)} %`, made, result, obs.is_outlier)
}

async function real(item) {
  const { adata, cells, genes } = await fittedData(item)
  const kept = genes ?? Int32Array.from({ length: adata.nGenes }, (_, i) => i)
  const plain = adata.counts.select(cells, kept)
  // stands for the mitochondrial genes where the file has none
  const mitochondrial = Int32Array.from({ length: 13 }, (_, i) => Math.floor(((i + 1) * kept.length) / 15))
  const names = Array.from(kept, (gene) => adata.varNames[gene])
  for (const [i, gene] of mitochondrial.entries()) names[gene] = `MT-${i}`
  const rows = []
  const settings = { epochs: flags['real-epochs'] }
  const none = new Uint8Array(cells.length)
  const asIs = { counts: plain, varNames: Array.from(kept, (gene) => adata.varNames[gene]) }
  rows.push(judged(`${item.name} as it is`, asIs, await scored(asIs, settings), none))
  for (const share of numbers(flags.shares)) {
    const { counts, fault } = plantFaults(plain, share, 1, mitochondrial)
    const made = { counts, varNames: names }
    const result = await scored(made, settings)
    const odd = Uint8Array.from(fault, (kind) => (kind === 'none' ? 0 : 1))
    const row = judged(`${item.name}, ${figure(100 * share, 2)} %`, made, result, odd)
    row.kinds = kindsOf(result, fault)
    rows.push(row)
  }
  if (item.name === 'sc_mixology') rows.push(await doublets(item, settings))
  return rows
}

/** Of each kind of fault the cells that have it, those that are flagged, and the reasons that are named. */
function kindsOf({ outliers, reasons }, fault) {
  const kinds = {}
  for (const [cell, kind] of fault.entries()) {
    kinds[kind] ??= { cells: 0, flagged: 0, reasons: {} }
    kinds[kind].cells++
    if (outliers.flag[cell] === 0) continue
    kinds[kind].flagged++
    const reason = OUTLIER_REASONS[reasons.codes[cell]]
    kinds[kind].reasons[reason] = (kinds[kind].reasons[reason] ?? 0) + 1
  }
  return kinds
}

async function doublets(item, settings) {
  const { adata, cells, genes } = await fittedData({ ...item, subset: [] })
  const made = {
    counts: adata.counts.select(cells, genes),
    varNames: Array.from(genes ?? adata.varNames.keys(), (gene) => adata.varNames[gene]),
  }
  const { codes, categories } = obsColumn(adata, 'demuxlet_cls')
  const isOdd = Uint8Array.from(cells, (cell) => (categories[codes[cell]] === 'SNG' ? 0 : 1))
  return judged('sc_mixology, its doublets', made, await scored(made, settings), isOdd)
}

const results = []
try {
  for (const share of [0, ...numbers(flags.shares)]) {
    for (let seed = 1; seed <= Number(flags.repeats); seed++) {
      process.stderr.write(`simulated, ${share}, seed ${seed} …\n`)
      results.push(await simulated(share, seed))
    }
  }
  if (!flags['no-real']) for (const item of presentData(list(flags.only))) results.push(...(await real(item)))
} finally {
  rmSync(folder, { recursive: true, force: true })
  await device.dispose()
}

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length
const groups = Map.groupBy ? Map.groupBy(results, ({ name }) => name) : grouped(results)
function grouped(rows) {
  const map = new Map()
  for (const row of rows) map.set(row.name, [...(map.get(row.name) ?? []), row])
  return map
}
printTable(
  'Flags: mean recall, and of the flagged cells those that were not planted, over repeats; data sets with any such flag',
  ['data', 'sets', 'planted', 'recall', 'not planted of flagged', 'sets with such', 'share of cells'],
  [...groups].map(([name, rows]) => {
    const wrong = rows.map(({ flagged, right }) => flagged - right)
    return [
      name,
      rows.length,
      rows[0].odd,
      rows[0].odd > 0 ? figure(mean(rows.map(({ right, odd }) => right / odd)), 3) : '–',
      figure(mean(rows.map(({ flagged }, i) => wrong[i] / Math.max(1, flagged))), 2),
      wrong.filter((n) => n > 0).length,
      figure(mean(rows.map(({ cells }, i) => wrong[i] / cells)), 2),
    ]
  }),
)
const rankedGroups = [...groups].filter(([, rows]) => rows[0].odd > 0)
const methods = Object.keys(rankedGroups[0]?.[1][0].scores ?? {})
for (const [key, title] of [
  ['averagePrecision', 'Average precision'],
  ['auroc', 'AUROC'],
]) {
  printTable(
    title,
    ['data', ...methods],
    rankedGroups.map(([name, rows]) => [
      name,
      ...methods.map((method) => figure(mean(rows.map(({ scores }) => scores[method][key])), 3)),
    ]),
  )
}
for (const { name, kinds } of results) {
  if (!kinds) continue
  printTable(
    `${name}: what is flagged of each fault, and the reasons that are named`,
    ['fault', 'cells', 'flagged', ...OUTLIER_REASONS],
    Object.entries(kinds).map(([kind, { cells, flagged, reasons }]) => [
      ...[kind, cells, flagged],
      ...OUTLIER_REASONS.map((reason) => reasons[reason] ?? 0),
    ]),
  )
}
writeJson(flags.json, { machine: machine(), results })

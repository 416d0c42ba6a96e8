/**
 * What outlier scores find of planted faults, and what they flag where there are none, beside rules on counts and, with a Python
 * that has it, scikit-learn's Isolation Forest and local outlier factor on principal components and on the latent.
 *
 *     npm run build && node bench/quality/outliers.mjs [--repeats 20] [--only pbmc4k] [--left-out] [--python PYTHON] [--json result.json]
 *
 * Simulated: 1,000 cells × 300 genes without outliers, and with those of `scvae simulate`. Real: cells as they are, and with damage
 * planted (bench/lib/plant-faults.mjs); of sc_mixology also its doublets, known by genotype. With --left-out instead new cells of types that a
 * model was trained without, held against the cells that it was trained on. `--candidate mixture` has the settings of one of bench/lib/candidates.mjs.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { simulateCells } from '../../dist/src/analysis/simulate/simulate.js'
import { obsColumn } from '../../dist/src/anndata/frame/obs-column.js'
import { mitochondrialShare } from '../../dist/src/cells/mitochondrial.js'
import { createCpuDevice } from '../../dist/src/device/cpu/cpu-device.js'
import { leiden, OUTLIER_REASONS, SCVI, scoreCells } from '../../dist/src/index.js'
import { Random } from '../../dist/src/numeric/random.js'
import { binomialInterval } from '../lib/binomial-interval.mjs'
import { settingsOf } from '../lib/candidates.mjs'
import { fittedData } from '../lib/fitted-data.mjs'
import { list, numbers, options } from '../lib/options.mjs'
import { competitors, judge } from '../lib/outlier-judges.mjs'
import { figure, machine, printTable, writeJson } from '../lib/output.mjs'
import { plantFaults } from '../lib/plant-faults.mjs'
import { presentData } from '../lib/real-data.mjs'

const flags = options('What outlier scores find, and what they flag where nothing is planted.', {
  repeats: '20',
  shares: '0.02,0.05,0.1',
  only: '',
  python: '',
  epochs: '60',
  types: '3',
  'left-out': false,
  'real-epochs': 'auto',
  'no-real': false,
  candidate: 'start',
})

const candidate = settingsOf(flags.candidate)
const folder = mkdtempSync(join(tmpdir(), 'scvae-outliers-'))
const device = await createCpuDevice()

const dataOf = ({ counts, varNames }) => ({
  path: 'made',
  nCells: counts.nCells,
  nGenes: counts.nGenes,
  counts,
  varNames,
})

/** What a model of some cells says of them, or of others that are held against them. */
async function scored(made, { epochs, trainedOn = made }) {
  const data = dataOf(made)
  const model = await SCVI.create(dataOf(trainedOn), { device, ...candidate.model })
  try {
    await model.train({ ...candidate.training, ...(epochs !== 'auto' && { maxEpochs: Number(epochs) }) })
    const isNew = trainedOn !== made
    const of = isNew ? { adata: data } : {}
    const latent = await model.getLatentPosterior(of)
    const every = Int32Array.from({ length: data.nCells }, (_, i) => i)
    const share = mitochondrialShare(data, every)
    const asked = { device, ...(share && { mitochondrialShare: share }) }
    const surprises = await model.surpriseScores({ ...of, ...(isNew && { reference: {} }) })
    const scores = await scoreCells(latent, surprises, asked)
    const { outliers, surprise, newGroups } = scores
    const { labels } = await leiden(scores.neighbors, { device })
    const reasons = await model.outlierReasons(scores, labels, of)
    const known = isNew && (await model.getLatentRepresentation()).values
    return { latent: latent.means, outliers, surprise, share, reasons, newGroups, known }
  } finally {
    await model.dispose()
  }
}

function judged(name, made, result, isOdd) {
  const { outliers, reasons, newGroups } = result
  const all = {
    scvae: outliers,
    ...(newGroups && { 'new groups': { score: newGroups.p.map((p) => -p) } }),
    ...competitors(made, result, flags.python, folder),
  }
  const named = {}
  for (const code of reasons.codes)
    if (code >= 0) named[OUTLIER_REASONS[code]] = (named[OUTLIER_REASONS[code]] ?? 0) + 1
  return {
    name,
    cells: isOdd.length,
    odd: isOdd.reduce((a, b) => a + b, 0),
    methods: Object.fromEntries(Object.entries(all).map(([key, of]) => [key, judge(of, isOdd)])),
    reasons: named,
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

/** Counts of some cells in the genes that are fitted. */
function fittedCells({ adata, genes }, cells) {
  const kept = genes ?? Int32Array.from({ length: adata.nGenes }, (_, i) => i)
  return {
    counts: adata.counts.select(cells, kept),
    varNames: Array.from(kept, (gene) => adata.varNames[gene]),
  }
}

async function real(item) {
  const data = await fittedData(item)
  const settings = { epochs: flags['real-epochs'] }
  if (flags['left-out']) return leftOut(item, data, settings)
  const { cells } = data
  const asIs = fittedCells(data, cells)
  const { counts: plain, varNames } = asIs
  // stands for the mitochondrial genes where the file has none
  const mitochondrial = Int32Array.from({ length: 13 }, (_, i) =>
    Math.floor(((i + 1) * varNames.length) / 15),
  )
  const names = [...varNames]
  for (const [i, gene] of mitochondrial.entries()) names[gene] = `MT-${i}`
  const rows = []
  const none = new Uint8Array(cells.length)
  rows.push(judged(`${item.name} as it is`, asIs, await scored(asIs, settings), none))
  for (const share of numbers(flags.shares)) {
    const { counts, fault, dose } = plantFaults(plain, share, 1, mitochondrial)
    const made = { counts, varNames: names }
    const result = await scored(made, settings)
    const odd = Uint8Array.from(fault, (kind) => (kind === 'none' ? 0 : 1))
    const row = judged(`${item.name}, ${figure(100 * share, 2)} %`, made, result, odd)
    row.kinds = kindsOf(result, fault, dose)
    rows.push(row)
  }
  if (item.name === 'sc_mixology') rows.push(await doublets(item, settings))
  return rows
}

/** Of each kind and dose of fault the cells that have it, those that are flagged, and the reasons that are named. */
function kindsOf({ outliers, reasons }, fault, dose) {
  const kinds = {}
  for (const [cell, of] of fault.entries()) {
    const kind = of === 'none' ? of : `${of} ${dose[cell]}`
    kinds[kind] ??= { cells: 0, flagged: 0, reasons: {} }
    kinds[kind].cells++
    if (outliers.flag[cell] === 0) continue
    kinds[kind].flagged++
    const reason = OUTLIER_REASONS[reasons.codes[cell]]
    kinds[kind].reasons[reason] = (kinds[kind].reasons[reason] ?? 0) + 1
  }
  return kinds
}

const NO_TYPE = -2
/** Of the cells of the types that it knows a model is trained on this share. */
const TRAINED_ON = 0.7

/**
 * Types that a model has not seen: for each of some types, and for none, a model of part of the other cells, and the scores of the rest of these
 * and of as many of the type as make a twentieth.
 */
async function leftOut({ name }, data, settings) {
  const { cells, labels, typeNames } = data
  const random = new Random(1)
  const isHeldOut = Uint8Array.from(cells, () => Number(random.next() >= TRAINED_ON))
  const sizes = typeNames.map((_, type) => labels.filter((of) => of === type).length)
  const types = Array.from(sizes.keys())
    .filter((type) => sizes[type] >= 0.05 * cells.length)
    .sort((a, b) => sizes[b] - sizes[a])
    .slice(0, Number(flags.types))
  const rows = []
  for (const type of [...types, NO_TYPE]) {
    const title = `${name} without ${typeNames[type] ?? 'none'}`
    process.stderr.write(`${title} …\n`)
    const others = cells.filter((_, i) => labels[i] !== type && !isHeldOut[i])
    const alike = cells.filter((_, i) => labels[i] !== type && isHeldOut[i])
    const ofType = cells.filter((_, i) => labels[i] === type)
    const some = random
      .permutation(ofType.length)
      .slice(0, Math.min(ofType.length, Math.round(alike.length / 19)))
      .map((i) => ofType[i])
    const isOdd = Uint8Array.from({ length: alike.length + some.length }, (_, i) => Number(i >= alike.length))
    const made = fittedCells(data, Int32Array.from([...alike, ...some]))
    const { known, ...result } = await scored(made, { ...settings, trainedOn: fittedCells(data, others) })
    const withNew = fittedCells(data, Int32Array.from([...others, ...alike, ...some])).counts
    const all = { ...result, known: { latent: known, withNew } }
    rows.push(judged(title, made, all, isOdd))
  }
  return rows
}

async function doublets(item, settings) {
  const data = await fittedData({ ...item, subset: [] })
  const { adata, cells } = data
  const made = fittedCells(data, cells)
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
const groups = new Map()
for (const row of results) groups.set(row.name, [...(groups.get(row.name) ?? []), row])
const methods = Object.keys(results[0]?.methods ?? {})

printTable(
  'Flags of scvae: mean recall, and of the flagged cells those that were not planted, over repeats; data sets with any such flag',
  [
    'data',
    'sets',
    'odd',
    'recall',
    'not odd of flagged',
    'sets with such',
    '95 % interval',
    'share of cells',
  ],
  [...groups].map(([name, rows]) => {
    const of = rows.map(({ methods, odd, cells }) => ({ ...methods.scvae, odd, cells }))
    const wrong = of.map(({ flagged, right }) => flagged - right)
    const sets = wrong.filter((n) => n > 0).length
    return [
      ...[name, rows.length, rows[0].odd],
      rows[0].odd > 0 ? figure(mean(of.map(({ right, odd }) => right / odd)), 3) : '–',
      figure(mean(of.map(({ flagged }, i) => wrong[i] / Math.max(1, flagged))), 2),
      sets,
      binomialInterval(sets, rows.length)
        .map((end) => figure(end, 2))
        .join('–'),
      figure(mean(wrong.map((n, i) => n / of[i].cells)), 2),
    ]
  }),
)
const measures = {
  'Average precision': ({ averagePrecision }) => averagePrecision,
  AUROC: ({ auroc }) => auroc,
  'Recall of the odd cells by flags': ({ right }, { odd }) => right / odd,
  'Of the flagged cells those that are not odd': ({ flagged, right }) =>
    (flagged - right) / Math.max(1, flagged),
}
const withOdd = [...groups].filter(([, rows]) => rows[0].odd > 0)
for (const [title, of] of Object.entries(measures)) {
  printTable(
    title,
    ['data', ...methods],
    withOdd.map(([name, rows]) => [
      name,
      ...methods.map((method) => figure(mean(rows.map((row) => of(row.methods[method], row))), 3)),
    ]),
  )
}
printTable(
  'Share of the cells that are flagged where none are known to be odd',
  ['data', 'cells', ...methods],
  [...groups]
    .filter(([, rows]) => rows[0].odd === 0)
    .map(([name, rows]) => [
      ...[name, rows[0].cells],
      ...methods.map((method) =>
        figure(mean(rows.map(({ methods, cells }) => methods[method].flagged / cells)), 2),
      ),
    ]),
)
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

/**
 * What other defaults would give: each candidate (bench/lib/candidates.mjs) is fitted to each data set with several seeds, and its latent is
 * judged by what was measured apart from it. Runs are kept in a file and not made twice: those that there are lie in defaults-runs.jsonl.
 *
 *     npm run build && node bench/quality/defaults.mjs --runs runs.jsonl [--data sc_mixology,cite_pbmc] [--candidates 'start;wide'] [--seeds 0,1,2,3,4]
 *     node bench/quality/defaults.mjs --runs runs.jsonl --table --base start
 *
 *     node bench/quality/defaults.mjs --runs runs.jsonl --nested --base scvi-tools --candidates 'scvi-tools;start;mixture'
 *
 * `--table` fits nothing and prints, of each data set, the means and the differences to `--base`, seed by seed, with standard errors. `--nested`
 * fits nothing either, and chooses among the candidates for each data set by the others (bench/lib/nested-choice.mjs): what is chosen and how it does there.
 */

import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { readElements } from '../../dist/src/anndata/read-file.js'
import { createCpuDevice } from '../../dist/src/device/cpu/cpu-device.js'
import { SCVI } from '../../dist/src/models/scvi.js'
import { CANDIDATES, settingsOf } from '../lib/candidates.mjs'
import { embeddingScores } from '../lib/embedding-scores.mjs'
import { fittedData } from '../lib/fitted-data.mjs'
import { latentTruth } from '../lib/latent-truth.mjs'
import { nestedChoice } from '../lib/nested-choice.mjs'
import { list, numbers, options } from '../lib/options.mjs'
import { figure, machine, printTable, writeJson } from '../lib/output.mjs'
import { presentData } from '../lib/real-data.mjs'

const flags = options('Candidates for defaults, judged by what was measured apart.', {
  runs: '',
  data: '',
  candidates: '',
  seeds: '0,1,2,3,4',
  threads: '2',
  table: false,
  nested: false,
  base: 'start',
})
if (flags.runs === '') {
  process.stderr.write('--runs FILE is needed: where runs are kept.\n')
  process.exit(2)
}
const names =
  flags.candidates === '' ? Object.keys(CANDIDATES) : flags.candidates.split(';').map((name) => name.trim())

/** Which way is better; the rest is told without a judgement. */
const MEASURES = {
  recall: 1,
  nmi: 1,
  ari: 1,
  silhouette: 1,
  proteins: 1,
  batchLeft: -1,
  heldoutElbo: -1,
  seconds: -1,
}

const readRuns = () =>
  existsSync(flags.runs)
    ? readFileSync(flags.runs, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
    : []

async function truthOf(item) {
  const data = await fittedData(item)
  if (!item.proteins) return data
  const { values, shape } = (await readElements(item.path)).obsm.get(item.proteins)
  const [rows, columns] = [data.cells.length, shape[1]]
  const proteins = new Float32Array(rows * columns)
  for (const [i, cell] of data.cells.entries()) {
    proteins.set(values.subarray(cell * columns, (cell + 1) * columns), i * columns)
  }
  return { ...data, proteins: { values: proteins, rows, columns } }
}

async function judged(item, data, name, seed, device) {
  const { model: config, training } = settingsOf(name)
  const model = await SCVI.create(data.adata, {
    cells: data.cells,
    ...(data.genes && { genes: data.genes }),
    ...(item.batch && { batchKey: item.batch }),
    ...config,
    seed,
    device,
  })
  try {
    const before = process.cpuUsage()
    const { epochs, bestEpoch, heldoutElbo } = await model.train(training)
    const { user, system } = process.cpuUsage(before)
    const latent = await model.getLatentRepresentation()
    const { ari, nmi, silhouette } = embeddingScores(latent, data.labels, undefined)
    return {
      ...{ data: item.name, candidate: name, seed, epochs, bestEpoch, heldoutElbo },
      seconds: (user + system) / 1e6,
      ...{ ari, nmi, silhouette },
      ...latentTruth(latent, data),
    }
  } finally {
    await model.dispose()
  }
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length
const standardError = (values) => {
  const middle = mean(values)
  return Math.sqrt(
    values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1) / values.length,
  )
}

/** `0.843 [+0.012 ± 0.004]`: a candidate's mean, and how it differs from the base on the seeds that both have. */
function cell(runs, baseRuns, measure) {
  const own = runs.filter((run) => run[measure] !== undefined)
  if (own.length === 0) return '–'
  const middle = figure(mean(own.map((run) => run[measure])))
  const differences = own.flatMap((run) => {
    const other = baseRuns.find(({ seed }) => seed === run.seed)
    return other && other !== run ? [run[measure] - other[measure]] : []
  })
  if (differences.length < 2) return middle
  const [difference, error] = [mean(differences), standardError(differences)]
  const digits = Math.max(0, 1 - Math.floor(Math.log10(error || 1)))
  return `${middle} [${difference < 0 ? '' : '+'}${difference.toFixed(digits)} ± ${error.toFixed(digits)}]`
}

function printRuns(runs) {
  for (const { name } of presentData(list(flags.data))) {
    const here = runs.filter((run) => run.data === name)
    if (here.length === 0) continue
    const measures = Object.keys(MEASURES).filter((measure) => here.some((run) => run[measure] !== undefined))
    const base = here.filter(({ candidate }) => candidate === flags.base)
    printTable(
      `${name}: means [difference to ${flags.base} ± standard error]`,
      ['candidate', 'seeds', ...measures],
      names.flatMap((candidate) => {
        const own = here.filter((run) => run.candidate === candidate)
        if (own.length === 0) return []
        return [[candidate, own.length, ...measures.map((measure) => cell(own, base, measure))]]
      }),
    )
  }
  writeJson(flags.json, { benchmark: 'defaults', machine: machine(), runs })
}

/** What one would have chosen for each data set by the others, and its differences to the base there. */
function printNested(runs) {
  const { seconds: _, ...judging } = MEASURES
  const sets = presentData(list(flags.data)).map(({ name }) => name)
  const some = runs.filter(({ data }) => sets.includes(data))
  const measures = Object.keys(MEASURES)
  printTable(
    `chosen without the data set: means [difference to ${flags.base} ± standard error]`,
    ['data', 'chosen', ...measures],
    [...nestedChoice(some, judging, names)].map(([data, { chosen }]) => {
      const own = some.filter((run) => run.data === data && run.candidate === chosen)
      const base = some.filter((run) => run.data === data && run.candidate === flags.base)
      return [data, chosen, ...measures.map((measure) => cell(own, base, measure))]
    }),
  )
}

if (!flags.table && !flags.nested) {
  const device = await createCpuDevice({ threads: Number(flags.threads) })
  for (const item of presentData(list(flags.data))) {
    const data = await truthOf(item)
    for (const seed of numbers(flags.seeds)) {
      for (const name of names) {
        const done = readRuns().some(
          (run) => run.data === item.name && run.candidate === name && run.seed === seed,
        )
        if (done) continue
        process.stderr.write(`${item.name}, ${name}, seed ${seed} …\n`)
        appendFileSync(flags.runs, `${JSON.stringify(await judged(item, data, name, seed, device))}\n`)
      }
    }
  }
  await device.dispose()
}
if (flags.nested) printNested(readRuns())
else printRuns(readRuns())

/**
 * Questions to one fitted model, answered by scvae and by scvi-tools in turn: differential expression, normalized expression,
 * posterior predictive counts, marginal likelihood.
 *
 *     npm run build && node bench/analysis/ask.mjs --python PYTHON [--json ask.json]
 *
 * PYTHON is one that has scvi-tools. The model is fitted by `scvae fit` and exported for scvi-tools, and both hold the cells in memory.
 * The times of the processor, over all threads, depend less on what else the machine does.
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { obsColumn } from '../../dist/src/anndata/frame/obs-column.js'
import { createCpuDevice } from '../../dist/src/device/cpu/cpu-device.js'
import { readAnnData, SCVI } from '../../dist/src/index.js'
import { list, options } from '../lib/options.mjs'
import { figure, machine, printTable, writeJson } from '../lib/output.mjs'
import { presentData } from '../lib/real-data.mjs'

const QUESTIONS = {
  group: 'one group against the rest',
  groups: 'each group against the rest',
  normalized: 'normalized expression',
  predictive: 'posterior predictive, 1 draw',
  marginal: 'marginal likelihood',
}

const flags = options('Questions to a fitted model, beside scvi-tools.', {
  python: '',
  data: 'kang_ctrl',
  only: Object.keys(QUESTIONS).join(),
  threads: '2',
  rounds: '3',
  epochs: '10',
  draws: '25',
  'marginal-draws': '10',
  profile: false,
})
const [data] = presentData([flags.data])
if (!data) process.exit(2)
const [threads, draws, marginalDraws] = [flags.threads, flags.draws, flags['marginal-draws']].map(Number)

const CLI = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url))
const THEIRS = fileURLToPath(new URL('ask_scvi.py', import.meta.url))

/** A fitted model, and the same for scvi-tools. */
function fittedModel(folder) {
  const scvae = (...words) => execFileSync(process.execPath, [CLI, ...words], { stdio: 'ignore' })
  const [prefix, exported] = [join(folder, 'fit'), join(folder, 'scvi')]
  const settings = [
    '--batch-key',
    data.batch,
    '--all-genes',
    '--max-epochs',
    flags.epochs,
    '--no-umap',
    '--prior',
    'normal',
    '--dropout-rate',
    '0.1',
  ]
  scvae('fit', data.path, ...settings, '-o', prefix)
  scvae('export-scvi', `${prefix}.model`, exported, '--adata', data.path)
  return { model: `${prefix}.model`, exported }
}

/** scvi-tools with the model and the cells, asked by lines. */
class Theirs {
  #child
  #lines

  static async start(exported) {
    const theirs = new Theirs()
    const words = [THEIRS, exported, data.path, data.label, threads, draws, marginalDraws].map(String)
    theirs.#child = spawn(flags.python, words, { stdio: ['pipe', 'pipe', 'inherit'] })
    theirs.#lines = createInterface({ input: theirs.#child.stdout })[Symbol.asyncIterator]()
    return { theirs, versions: await theirs.#answer() }
  }

  async #answer() {
    const { value, done } = await this.#lines.next()
    if (done) throw new Error(`${flags.python} ${THEIRS} ended.`)
    return JSON.parse(value)
  }

  ask(question) {
    this.#child.stdin.write(`${question}\n`)
    return this.#answer()
  }

  end() {
    this.#child?.stdin.end()
  }
}

const processorSeconds = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

async function ours(model, question) {
  const groupBy = data.label
  const ask = {
    group: () => model.differentialExpression({ groupBy, group1: firstGroup }),
    groups: () => model.differentialExpression({ groupBy }),
    normalized: () => model.getNormalizedExpression({ nSamples: draws }),
    predictive: () => model.posteriorPredictiveSample({ nSamples: 1 }),
    marginal: () => model.getMarginalLl({ nMcSamples: marginalDraws }),
  }[question]
  const profile = flags.profile ? device.profile() : undefined
  const [start, used] = [performance.now(), processorSeconds()]
  await ask()
  const times = { seconds: (performance.now() - start) / 1000, processorSeconds: processorSeconds() - used }
  if (profile) {
    const kernels = (await profile.table()).slice(0, 8)
    const shown = kernels.map(({ kernel, milliseconds }) => `${kernel} ${figure(milliseconds / 1000)}`)
    process.stderr.write(`${question}: ${figure(times.seconds)} s; ${shown.join(', ')}\n`)
    profile.stop()
  }
  return times
}

const folder = mkdtempSync(join(tmpdir(), 'scvae-ask-'))
const device = await createCpuDevice({ threads })
let peer
let firstGroup
try {
  const { model: path, exported } = fittedModel(folder)
  const adata = await readAnnData(data.path)
  firstGroup = obsColumn(adata, data.label).categories[0]
  const model = await SCVI.load(path, adata, { device })
  peer = flags.python === '' ? undefined : await Theirs.start(exported)
  const results = []
  for (const question of list(flags.only)) {
    const rounds = []
    for (let round = 0; round < Number(flags.rounds); round++)
      rounds.push({ ours: await ours(model, question), theirs: await peer?.theirs.ask(question) })
    results.push({ question, rounds })
  }
  await model.dispose()
  const least = (rounds, side, key) =>
    rounds[0][side] ? Math.min(...rounds.map((one) => one[side][key])) : Number.NaN
  const rows = results.map(({ question, rounds }) => {
    const cells = ['seconds', 'processorSeconds'].flatMap((key) => {
      const [mine, other] = [least(rounds, 'ours', key), least(rounds, 'theirs', key)]
      return [figure(other), figure(mine), figure(other / mine)]
    })
    return [QUESTIONS[question], ...cells]
  })
  printTable(
    `${data.name}, ${adata.nCells.toLocaleString('en-US')} cells × ${adata.nGenes.toLocaleString('en-US')} genes, ${threads} threads each, ${draws} draws (marginal likelihood ${marginalDraws}), the least of ${flags.rounds}`,
    [
      'question',
      'scvi-tools, s',
      'scvae, s',
      'times faster',
      'scvi-tools, processor s',
      'scvae, processor s',
      'times less',
    ],
    rows,
  )
  writeJson(flags.json, {
    benchmark: 'ask',
    machine: machine(),
    threads,
    draws,
    marginalDraws,
    peer: peer?.versions,
    results,
  })
} finally {
  peer?.theirs.end()
  await device.dispose()
  rmSync(folder, { recursive: true })
}

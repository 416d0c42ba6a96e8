/**
 * Differential expression against a planted truth, and where there is none.
 *
 *     npm run build && node bench/analysis/de-truth.mjs [--parts truth,halves,donors] [--repeats 20] [--json de-truth.json]
 *
 * `truth`: two types of cells that differ in a tenth of the genes by a log2 fold change of 1, beside a third type, in two batches that
 * differ in all genes; a model is fitted, and AUROC of the probabilities and the share of false ones among the marked are those of genes
 * with a mean count of at least 0.5. `halves`: random halves of the cells of one type. `donors`: donors of one condition, split at random.
 * The last two are of a measured file, by one model; how many comparisons have any marked gene is counted.
 */

import { tableFromArrays } from 'apache-arrow'
import { CountMatrix } from '../../dist/src/anndata/counts/counts.js'
import { createCpuDevice } from '../../dist/src/device/cpu/cpu-device.js'
import { readAnnData, SCVI } from '../../dist/src/index.js'
import { Random } from '../../dist/src/numeric/random.js'
import { list, options } from '../lib/options.mjs'
import { figure, machine, printTable, writeJson } from '../lib/output.mjs'

const flags = options('Differential expression against a planted truth.', {
  parts: 'truth,halves,donors',
  repeats: '20',
  comparisons: '48',
  epochs: '60',
  cells: '3000',
  genes: '800',
  data: '../shared/data/real/kang_ctrl_8donors_12261x1287.h5ad',
  label: 'cell_type',
  donor: 'donor',
  threads: '2',
})
const DE_SHARE = 0.1
const TYPES = ['a', 'b', 'other']

/** Two types that differ in planted genes, a third, and two batches. */
function planted(seed) {
  const random = new Random(seed)
  const [nCells, nGenes] = [Number(flags.cells), Number(flags.genes)]
  const normals = (sd) => Float64Array.from({ length: nGenes }, () => sd * random.normal())
  const abundance = normals(1.2)
  const batches = [normals(0.3), normals(0.3)]
  const theta = normals(0.5).map((x) => 4 * Math.exp(x))
  const change = new Float64Array(nGenes)
  const order = random.permutation(nGenes)
  for (let i = 0; i < DE_SHARE * nGenes; i++) change[order[i]] = i % 2 ? Math.LN2 : -Math.LN2
  const programmes = [new Float64Array(nGenes), change, normals(0.6)]
  const rates = programmes.map((of) =>
    batches.map((batch) => {
      const raw = of.map((x, g) => Math.exp(abundance[g] + x + batch[g]))
      const total = raw.reduce((a, b) => a + b)
      return raw.map((x) => x / total)
    }),
  )
  const type = Int32Array.from({ length: nCells }, () => (random.next() < 0.8 ? random.integer(2) : 2))
  // more of one type in one batch than in the other
  const batch = type.map((of) => Number(random.next() < (of === 0 ? 0.35 : 0.65)))
  const means = new Float64Array(nGenes)
  const [genes, counts, offsets] = [[], [], [0]]
  for (const [cell, of] of type.entries()) {
    const size = 2500 * Math.exp(0.4 * random.normal())
    for (let g = 0; g < nGenes; g++) {
      const count = random.negativeBinomial(size * rates[of][batch[cell]][g], theta[g])
      if (count === 0) continue
      genes.push(g)
      counts.push(count)
      if (of < 2) means[g] += count
    }
    offsets.push(genes.length)
  }
  const block = {
    firstCell: 0,
    nCells,
    offsets: Int32Array.from(offsets),
    genes: Int32Array.from(genes),
    counts: Float32Array.from(counts),
  }
  const compared = type.filter((of) => of < 2).length
  return {
    change,
    means: means.map((sum) => sum / compared),
    data: {
      path: 'planted',
      nCells,
      nGenes,
      counts: new CountMatrix(nGenes, [block]),
      varNames: Array.from({ length: nGenes }, (_, g) => `g${g}`),
      obs: tableFromArrays({
        type: Array.from(type, (of) => TYPES[of]),
        batch: Array.from(batch, (of) => `batch${of}`),
      }),
    },
  }
}

/** Chance that a planted gene is above one that is not; ties count half. */
function auroc(scores, positive) {
  const ranked = scores.map((score, i) => ({ score, yes: positive[i] })).sort((a, b) => a.score - b.score)
  let [sum, n] = [0, 0]
  for (let from = 0; from < ranked.length; ) {
    let to = from
    while (to < ranked.length && ranked[to].score === ranked[from].score) to++
    const yes = ranked.slice(from, to).filter((one) => one.yes).length
    sum += (yes * (from + to + 1)) / 2
    n += yes
    from = to
  }
  return (sum - (n * (n + 1)) / 2) / (n * (ranked.length - n))
}

const device = await createCpuDevice({ threads: Number(flags.threads) })
const results = { machine: machine(), truth: [], halves: [], donors: [] }
const parts = list(flags.parts)
const share = (values) => values.filter(Boolean).length / values.length
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length

if (parts.includes('truth')) {
  for (let seed = 1; seed <= Number(flags.repeats); seed++) {
    const { data, change, means } = planted(seed)
    const model = await SCVI.create(data, { device, batchKey: 'batch' })
    await model.train({ maxEpochs: Number(flags.epochs), seed })
    for (const batchCorrection of [false, true]) {
      const [{ genes }] = await model.differentialExpression({
        groupBy: 'type',
        group1: 'b',
        group2: 'a',
        batchCorrection,
      })
      const seen = genes.filter(({ gene }) => means[Number(gene.slice(1))] >= 0.5)
      const truly = seen.map(({ gene }) => change[Number(gene.slice(1))] !== 0)
      const marked = seen.map(({ isDe }, i) => ({ isDe, yes: truly[i] })).filter(({ isDe }) => isDe)
      const effects = seen
        .filter((_, i) => truly[i])
        .map(({ gene, effect }) => (effect * Math.LN2) / change[Number(gene.slice(1))])
      results.truth.push({
        seed,
        batchCorrection,
        genes: seen.length,
        auroc: auroc(
          seen.map(({ probaDe }) => probaDe),
          truly,
        ),
        marked: marked.length,
        false: marked.filter(({ yes }) => !yes).length,
        found: marked.filter(({ yes }) => yes).length / truly.filter(Boolean).length,
        effect: mean(effects),
      })
    }
    await model.dispose()
  }
}

const repeated = parts.includes('halves') || parts.includes('donors')
if (repeated) {
  const adata = await readAnnData(flags.data)
  const column = (name) => Array.from(adata.obs.getChild(name), String)
  const [types, donors] = [column(flags.label), column(flags.donor)]
  const model = await SCVI.create(adata, { device })
  await model.train({ maxEpochs: Number(flags.epochs), seed: 1 })
  const random = new Random(7)
  const names = [...new Set(types)].filter((name) => types.filter((one) => one === name).length >= 400).sort()
  const donorNames = [...new Set(donors)].sort()
  const ask = (labels, more) => model.differentialExpression({ labels, group1: 'x', ...more })
  for (let i = 0; i < Number(flags.comparisons); i++) {
    const type = names[i % names.length]
    if (parts.includes('halves')) {
      const labels = types.map((one) => (one === type ? (random.next() < 0.5 ? 'x' : 'y') : null))
      const [{ genes }] = await ask(labels, {})
      results.halves.push({ type, marked: genes.filter(({ isDe }) => isDe).length })
    }
    if (parts.includes('donors')) {
      const order = random.permutation(donorNames.length)
      const first = new Set(
        Array.from(order.subarray(0, Math.floor(order.length / 2)), (at) => donorNames[at]),
      )
      const labels = types.map((one, cell) => (one === type ? (first.has(donors[cell]) ? 'x' : 'y') : null))
      const [plain] = await ask(labels, {})
      const [sampled] = await ask(labels, { sampleKey: flags.donor })
      const count = ({ genes }) => genes.filter(({ isDe }) => isDe).length
      results.donors.push({ type, plain: count(plain), marked: count(sampled) })
    }
  }
  await model.dispose()
}
await device.dispose()

if (parts.includes('truth'))
  printTable(
    `Planted genes of mean count ≥ 0.5, log2 fold change 1: ${flags.repeats} simulations of ${flags.cells} cells × ${flags.genes} genes`,
    ['', 'AUROC, least', 'AUROC, mean', 'marked', 'false among them', 'planted found', 'effect over truth'],
    [false, true].map((corrected) => {
      const of = results.truth.filter(({ batchCorrection }) => batchCorrection === corrected)
      const total = (key) => of.reduce((sum, one) => sum + one[key], 0)
      return [
        corrected ? 'batch-corrected' : 'as it comes',
        figure(Math.min(...of.map((one) => one.auroc)), 4),
        figure(mean(of.map((one) => one.auroc)), 4),
        figure(total('marked') / of.length, 3),
        `${figure((100 * total('false')) / Math.max(1, total('marked')), 2)} %`,
        `${figure(100 * mean(of.map(({ found }) => found)), 3)} %`,
        figure(mean(of.map(({ effect }) => effect)), 3),
      ]
    }),
  )
if (repeated)
  printTable(
    'Comparisons without a difference that have any marked gene',
    ['', 'comparisons', 'with a marked gene'],
    [
      ['random halves of a type', results.halves, ({ marked }) => marked > 0],
      ['donors of one condition, by cells alone', results.donors, ({ plain }) => plain > 0],
      ['donors of one condition, by samples', results.donors, ({ marked }) => marked > 0],
    ]
      .filter(([, of]) => of.length > 0)
      .map(([name, of, any]) => [name, String(of.length), `${figure(100 * share(of.map(any)), 2)} %`]),
  )
writeJson(flags.json, results)

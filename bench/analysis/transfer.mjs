/**
 * Labels of cells that a model has not seen, by the training cells near them; and what becomes of cells of a type that it has not seen either.
 *
 *     npm run build && node bench/analysis/transfer.mjs [--data cite_pbmc,kang_ctrl,sc_mixology] [--json transfer.json]
 *
 * Every second batch (cell, where there are no batches) is known and gets the model; the others are new. Then the model is fitted again without
 * one type, for each type with so many new cells. "Unknown" of known types are false alarms; of the type that was left out, they are right.
 */

import { createCpuDevice } from '../../dist/src/device/cpu/cpu-device.js'
import { SCVI } from '../../dist/src/models/scvi.js'
import { fittedData } from '../lib/fitted-data.mjs'
import { list, options } from '../lib/options.mjs'
import { figure, machine, printTable, writeJson } from '../lib/output.mjs'
import { presentData } from '../lib/real-data.mjs'

const flags = options('Accuracy of transferred labels, and what is called unknown.', {
  data: 'cite_pbmc,kang_ctrl,sc_mixology',
  epochs: '100',
  'least-cells': '40',
  'n-top-genes': '2000',
  seed: '0',
  threads: '2',
})

const mean = (flags) => flags.reduce((sum, flag) => sum + Number(flag), 0) / flags.length

/** Labels of new cells, by a model of known ones without those of a type. */
async function transferred(item, data, left, device) {
  const { adata, cells, genes, labels, batches } = data
  const places = [...cells.keys()]
  const isKnown = (at) => (batches ? batches[at] : at) % 2 === 0
  const positions = (wanted) => Int32Array.from(places.filter(wanted), (at) => cells[at])
  const model = await SCVI.create(adata, {
    cells: positions((at) => isKnown(at) && labels[at] !== left),
    ...(genes && { genes }),
    ...(item.batch && { batchKey: item.batch }),
    seed: Number(flags.seed),
    device,
  })
  await model.train({ maxEpochs: Number(flags.epochs) })
  const fresh = places.filter((at) => !isKnown(at) && labels[at] >= 0)
  const answer = await model.transferLabels({
    adata: { ...adata },
    cells: Int32Array.from(fresh, (at) => cells[at]),
    genePositions: genes ?? Int32Array.from({ length: adata.nGenes }, (_, gene) => gene),
    labelsKeys: [item.label],
  })
  await model.dispose()
  const [{ categories, codes, confidence, unknown, nLabelled }] = answer.labels
  return {
    nLabelled,
    cells: fresh.map((at, i) => ({
      type: data.typeNames[labels[at]],
      isLeft: labels[at] === left,
      named: categories[codes[i]],
      confidence: confidence[i],
      unknown: unknown[i] === 1,
    })),
  }
}

/** How often labels are right, of cells with such a confidence. */
function rightAt(cells, low, high) {
  const some = cells.filter(({ confidence }) => confidence >= low && confidence < high)
  if (some.length < 20) return '–'
  return `${figure(mean(some.map(({ type, named }) => type === named)))} (${some.length})`
}

const device = await createCpuDevice({ threads: Number(flags.threads) })
const results = []
for (const item of presentData(list(flags.data))) {
  const data = await fittedData({ ...item, nTopGenes: Number(flags['n-top-genes']) })
  const all = await transferred(item, data, undefined, device)
  const sizes = new Map()
  for (const { type } of all.cells) sizes.set(type, (sizes.get(type) ?? 0) + 1)
  const found = { data: item.name, all, left: [] }
  for (const [type, size] of [...sizes].sort((a, b) => b[1] - a[1])) {
    if (size < Number(flags['least-cells'])) continue
    const { cells } = await transferred(item, data, data.typeNames.indexOf(type), device)
    const [its, others] = [true, false].map((is) => cells.filter(({ isLeft }) => isLeft === is))
    found.left.push({
      type,
      cells: its.length,
      unknown: mean(its.map(({ unknown }) => unknown)),
      unsure: mean(its.map(({ confidence, unknown }) => unknown || confidence < 0.8)),
      falseAlarms: mean(others.map(({ unknown }) => unknown)),
      othersUnsure: mean(others.map(({ confidence, unknown }) => unknown || confidence < 0.8)),
    })
    process.stderr.write(`${item.name} ${JSON.stringify(found.left.at(-1))}\n`)
  }
  results.push(found)
}
await device.dispose()

printTable(
  'Labels of new cells: share that is right, of all and by confidence (cells), and share called unknown',
  ['data', 'known', 'new', 'right', 'below 0.6', '0.6–0.8', '0.8–0.95', 'from 0.95', 'unknown'],
  results.map(({ data, all: { nLabelled, cells } }) => [
    data,
    nLabelled,
    cells.length,
    figure(mean(cells.map(({ type, named }) => type === named))),
    rightAt(cells, 0, 0.6),
    rightAt(cells, 0.6, 0.8),
    rightAt(cells, 0.8, 0.95),
    rightAt(cells, 0.95, 2),
    figure(mean(cells.map(({ unknown }) => unknown))),
  ]),
)
printTable(
  'A type left out: share called unknown, or unknown or below a confidence of 0.8',
  ['data', 'left out', 'its cells', 'unknown', 'or unsure', 'others unknown', 'or unsure'],
  results.flatMap(({ data, left }) =>
    left.map((one) => [
      data,
      one.type,
      one.cells,
      ...[one.unknown, one.unsure, one.falseAlarms, one.othersUnsure].map((share) => figure(share, 2)),
    ]),
  ),
)
writeJson(flags.json, {
  machine: machine(),
  options: flags,
  results: results.map(({ data, left }) => ({ data, left })),
})

import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pcaFloor } from '../../dist/src/analysis/metrics/pca.js'
import { mad, median } from '../../dist/src/numeric/quantile.js'

/** Median absolute deviations from which on the usual rules drop a cell. */
const RULES = [3, 5]

/**
 * What else may find odd cells: a score for each, larger where odder, and the cells that it flags by its own rule, where it has one.
 *
 * New cells are told from the known ones that a model was trained on: the methods of scikit-learn are fitted to these, and principal components
 * are those of both.
 *
 * @param {string} python with scikit-learn; '' for none
 * @param {string} folder for what it is handed
 */
export function competitors({ counts }, { surprise, latent, share, known }, python, folder) {
  const off = deviations(counts, share)
  const rules = RULES.map((limit) => [
    `${limit} MAD`,
    { score: off, flag: Uint8Array.from(off, (value) => (value > limit ? 1 : 0)) },
  ])
  return {
    ...Object.fromEntries(rules),
    'reconstruction error': { score: surprise.logLikelihood.map((value) => -value) },
    ...(python !== '' && {
      ...sklearn('latent', latent.values, known ? known.latent : [], latent.columns, python, folder),
      ...sklearn('PCA', ...components(counts, known), python, folder),
    }),
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

/** Principal components of cells, those of the known ones, and how many there are. */
function components(counts, known) {
  const { values, columns } = pcaFloor(known ? known.withNew : counts).scores
  const start = known ? values.length - counts.nCells * columns : 0
  return [values.subarray(start), values.subarray(0, start), columns]
}

function sklearn(name, values, known, columns, python, folder) {
  const path = join(folder, 'points.bin')
  writeFileSync(path, Float32Array.from([...known, ...values]))
  const script = new URL('../quality/outliers.py', import.meta.url).pathname
  const args = [script, path, known.length / columns, values.length / columns, columns].map(String)
  const { forest, factor } = JSON.parse(execFileSync(python, args, { maxBuffer: 2 ** 28 }))
  return { [`forest, ${name}`]: forest, [`LOF, ${name}`]: factor }
}

/** How well a method finds the odd cells: ranks where there are any, and flags where it has a rule. */
export function judge({ score, flag }, isOdd) {
  return {
    ...(isOdd.includes(1) && ranking(score, isOdd)),
    ...(flag && {
      flagged: flag.reduce((a, b) => a + b, 0),
      right: flag.reduce((sum, of, cell) => sum + (of && isOdd[cell]), 0),
    }),
  }
}

/** AUROC and average precision of scores; ties go in the order of cells. */
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

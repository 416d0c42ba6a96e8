import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  adjustedRandIndex,
  normalizedMutualInformation,
} from '../../../src/analysis/metrics/clustering-metrics.js'
import { type EmbeddingScores, evaluateEmbedding } from '../../../src/analysis/metrics/evaluate.js'
import type { Partition } from '../../../src/analysis/metrics/partition.js'
import { obsColumn } from '../../../src/anndata/frame/obs-column.js'
import { type AnnData, readAnnData } from '../../../src/anndata/read.js'
import type { Matrix } from '../../../src/numeric/matrix.js'
import { DATA } from '../../anndata/fixtures.js'

interface Agreement {
  /** By scib-metrics, of every cell. */
  clusters: number[]
  nmi: number
  ari: number
}

/** What test/interop/scib_metrics_real.py writes. */
interface Golden {
  sets: {
    file: string
    batch_key: string
    labels_key: string
    n_cells: number
    scores: Partial<EmbeddingScores>
    kmeans: Agreement
    leiden: Agreement
  }[]
}

const golden: Golden = JSON.parse(
  readFileSync(resolve('test/analysis/fixtures/scib-metrics-real.json'), 'utf8'),
)

/** Cells that the script leaves out. */
const LEFT_OUT: Record<string, (adata: AnnData) => (cell: number) => boolean> = {
  kang_harmony_ctrl_stim_2000x9015_partial_labels: isValue('cell_type', 'Unknown'),
  sc_mixology_5batches_celllines: (adata) => {
    const single = isValue('demuxlet_cls', 'SNG')(adata)
    return (cell) => !single(cell)
  },
}

function isValue(column: string, value: string) {
  return (adata: AnnData) => {
    const { codes, categories } = obsColumn(adata, column)
    const code = categories.indexOf(value)
    return (cell: number) => codes[cell] === code
  }
}

/** Classes of the cells that are taken, in the order of their names. */
function partition(adata: AnnData, column: string, cells: readonly number[]): Partition {
  const { codes, categories } = obsColumn(adata, column)
  const names = categories.filter((_, code) => cells.some((cell) => codes[cell] === code)).sort()
  return { codes: Int32Array.from(cells, (cell) => names.indexOf(categories[codes[cell]!]!)), names }
}

/** log(1 + 10,000 x / total), centred by gene: cells × genes. */
function logsOf({ counts }: AnnData, cells: readonly number[]): Float64Array {
  const width = counts.nGenes
  const logs = new Float64Array(cells.length * width)
  const means = new Float64Array(width)
  const totals = counts.cellTotals()
  for (const [i, cell] of cells.entries()) {
    const row = counts.row(cell)
    for (const [k, gene] of row.genes.entries()) {
      const log = Math.log1p((1e4 * row.counts[k]!) / totals[cell]!)
      logs[i * width + gene] = log
      means[gene]! += log / cells.length
    }
  }
  return logs.map((log, at) => log - means[at % width]!)
}

/** Positions along the mean of each class, of length 1: cells × classes. */
function along(logs: Float64Array, width: number, { codes, names }: Partition): Matrix {
  const directions = names.map((_, code) => {
    const sum = new Float64Array(width)
    for (const [i, own] of codes.entries())
      if (own === code) for (let g = 0; g < width; g++) sum[g]! += logs[i * width + g]!
    const length = Math.hypot(...sum)
    return sum.map((x) => x / length)
  })
  const values = new Float32Array(codes.length * names.length)
  for (let i = 0; i < codes.length; i++) {
    const row = logs.subarray(i * width, (i + 1) * width)
    for (const [c, direction] of directions.entries())
      values[i * names.length + c] = row.reduce((dot, x, g) => dot + x * direction[g]!, 0)
  }
  return { values, rows: codes.length, columns: names.length }
}

/** Columns of two matrices side by side. */
function beside(a: Matrix, b: Matrix): Matrix {
  const columns = a.columns + b.columns
  const values = new Float32Array(a.rows * columns)
  for (let i = 0; i < a.rows; i++) {
    values.set(a.values.subarray(i * a.columns, (i + 1) * a.columns), i * columns)
    values.set(b.values.subarray(i * b.columns, (i + 1) * b.columns), i * columns + a.columns)
  }
  return { values, rows: a.rows, columns }
}

describe.skipIf(!DATA)('metrics of real sets', { timeout: 120_000 }, () => {
  it.each(golden.sets)('are those of scib-metrics within 1 %: $file', async (set) => {
    const adata = await readAnnData(resolve(DATA!, 'real', `${set.file}.h5ad`))
    const out = LEFT_OUT[set.file]?.(adata) ?? (() => false)
    const cells = Array.from({ length: adata.nCells }, (_, cell) => cell).filter((cell) => !out(cell))
    expect(cells.length).toBe(set.n_cells)
    const [labels, batches] = [set.labels_key, set.batch_key].map((key) => partition(adata, key, cells))
    const logs = logsOf(adata, cells)
    const points = along(logs, adata.nGenes, labels!)
    const before = beside(points, along(logs, adata.nGenes, batches!))
    const found = await evaluateEmbedding(points, labels!, batches!, { before })
    expect(Object.keys(set.scores)).toHaveLength(9)
    for (const [name, expected] of Object.entries(set.scores)) {
      const ours = found[name as keyof EmbeddingScores]
      expect(Math.abs(ours - expected), `${name}: ${ours} for ${expected}`).toBeLessThan(0.01 * expected)
    }
    for (const { clusters, nmi, ari } of [set.kmeans, set.leiden]) {
      expect(normalizedMutualInformation(labels!.codes, clusters)).toBeCloseTo(nmi, 8)
      expect(adjustedRandIndex(labels!.codes, clusters)).toBeCloseTo(ari, 8)
    }
  })
})

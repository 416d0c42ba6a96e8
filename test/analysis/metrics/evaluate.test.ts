import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  adjustedRandIndex,
  normalizedMutualInformation,
} from '../../../src/analysis/metrics/clustering-metrics.js'
import {
  aggregateScores,
  type EmbeddingScores,
  evaluateEmbedding,
} from '../../../src/analysis/metrics/evaluate.js'
import type { Partition } from '../../../src/analysis/metrics/partition.js'
import { createCpuDevice } from '../../../src/device/cpu/cpu-device.js'
import type { Matrix } from '../../../src/numeric/matrix.js'
import { Random } from '../../../src/numeric/random.js'

/** What test/interop/scib_metrics_golden.py writes. */
interface Golden {
  dims: number
  points: number[]
  before: number[]
  labels: number[]
  batches: number[]
  clusters: number[]
  scores: Partial<EmbeddingScores>
  partition: { nmi: number; ari: number }
}

const golden: Golden = JSON.parse(readFileSync(resolve('test/analysis/fixtures/scib-metrics.json'), 'utf8'))

const partition = (codes: ArrayLike<number>): Partition => ({
  codes: Int32Array.from(codes),
  names: Array.from({ length: Math.max(...Array.from(codes)) + 1 }, (_, i) => `${i}`),
})

const matrix = (values: ArrayLike<number>, columns: number): Matrix => ({
  values: Float32Array.from(values),
  rows: values.length / columns,
  columns,
})

/** Cells of three labels far apart; batches mixed within them, or apart too. */
function made(apart: number) {
  const random = new Random(3, 900)
  const n = 300
  const labels = Int32Array.from({ length: n }, (_, i) => i % 3)
  const batches = Int32Array.from({ length: n }, (_, i) => Math.floor(i / 3) % 2)
  const values = Float32Array.from({ length: n * 3 }, (_, at) => {
    const cell = Math.floor(at / 3)
    const center = at % 3 === labels[cell]! ? 60 : 0
    return center + (at % 3 === 0 ? apart * batches[cell]! : 0) + random.normal()
  })
  return { points: matrix(values, 3), labels: partition(labels), batches: partition(batches) }
}

describe('metrics of an embedding', () => {
  it('are those of scib-metrics', async () => {
    const scores = await evaluateEmbedding(
      matrix(golden.points, golden.dims),
      partition(golden.labels),
      partition(golden.batches),
      { before: matrix(golden.before, golden.dims) },
    )
    for (const [name, expected] of Object.entries(golden.scores)) {
      const found = scores[name as keyof EmbeddingScores]
      expect(Math.abs(found - expected), `${name}: ${found} for ${expected}`).toBeLessThan(2e-4)
    }
    const clusters = golden.clusters
    expect(normalizedMutualInformation(golden.labels, clusters)).toBeCloseTo(golden.partition.nmi, 10)
    expect(adjustedRandIndex(golden.labels, clusters)).toBeCloseTo(golden.partition.ari, 10)
  })

  it('tell batches that are mixed from batches that are apart', async () => {
    const mixed = made(0)
    const apart = made(20)
    const options = { before: apart.points }
    const good = await evaluateEmbedding(mixed.points, mixed.labels, mixed.batches, options)
    const bad = await evaluateEmbedding(apart.points, apart.labels, apart.batches, options)
    for (const name of ['kmeans_nmi', 'kmeans_ari', 'leiden_nmi', 'clisi', 'graph_connectivity'] as const) {
      expect(good[name], name).toBeCloseTo(1, 5)
    }
    expect(good.ilisi).toBeGreaterThan(0.9)
    expect(good.cilisi).toBeGreaterThan(0.9)
    expect(good.kbet).toBeGreaterThan(0.8)
    expect(good.bras).toBeGreaterThan(0.8)
    expect(good.pcr_comparison).toBeGreaterThan(0.95)
    // labels are as clear as before, batches are not mixed at all
    expect(bad.clisi).toBeCloseTo(1, 5)
    expect(bad.ilisi).toBeCloseTo(0, 5)
    expect(bad.cilisi).toBeCloseTo(0, 5)
    expect(bad.kbet).toBeLessThan(0.1)
    expect(bad.graph_connectivity).toBeLessThan(0.6)
    expect(bad.pcr_comparison).toBe(0)
    expect(bad.silhouette_batch).toBeLessThan(0.2)
    expect(bad.bras).toBeLessThan(good.bras - 0.2)
    expect(aggregateScores(good).batch).toBeGreaterThan(aggregateScores(bad).batch + 0.4)
  })

  it('are the same for any number of threads', async () => {
    const { points, labels, batches } = made(1)
    const found: EmbeddingScores[] = []
    for (const threads of [1, 3]) {
      const device = await createCpuDevice({ threads })
      found.push(await evaluateEmbedding(points, labels, batches, { device }))
      await device.dispose()
    }
    expect(found[0]).toEqual(found[1])
    expect(found[0]!.pcr_comparison).toBeNaN()
  })

  it('count CiLISI by the batches that a label has', async () => {
    const { points, labels } = made(0)
    // label 0 has batches 0 and 1 at random, labels 1 and 2 have batch 2 alone: nothing of theirs counts
    const batches = partition(labels.codes.map((label, i) => (label === 0 ? (i % 6 === 0 ? 0 : 1) : 2)))
    const { cilisi, ilisi } = await evaluateEmbedding(points, labels, batches)
    expect(cilisi).toBeGreaterThan(0.8)
    expect(ilisi).toBeLessThan(0.1)
  })

  it('aggregate as scIB weighs them, without those that do not apply', () => {
    const scores = {
      ...{ isolated_labels: 0.1, kmeans_nmi: 0.2, kmeans_ari: 0.3, silhouette_label: 0.4, clisi: 0.5 },
      ...{ bras: 0.6, ilisi: 0.8, kbet: 0.7, graph_connectivity: 0.7, pcr_comparison: Number.NaN },
      ...{ leiden_nmi: 0, leiden_ari: 0, silhouette_batch: 0, cilisi: 0 },
    }
    const { bio, batch, total } = aggregateScores(scores)
    expect(bio).toBeCloseTo(0.3, 12)
    expect(batch).toBeCloseTo(0.7, 12)
    expect(total).toBeCloseTo(0.6 * 0.3 + 0.4 * 0.7, 12)
  })

  it('refuse what cannot be judged', async () => {
    const { points, labels, batches } = made(0)
    const one = { codes: new Int32Array(300), names: ['one'] }
    await expect(evaluateEmbedding(points, one, batches)).rejects.toThrow(
      'All cells have the same of the labels.',
    )
    const short = partition([0, 1])
    await expect(evaluateEmbedding(points, labels, short)).rejects.toThrow(
      'There are 2 batches for 300 cells.',
    )
  })
})

import { describe, expect, it } from 'vitest'
import type { Neighbors } from '../../src/analysis/neighbors/neighbors.js'
import type { CellScores } from '../../src/analysis/outliers/cell-scores.js'
import {
  OUTLIER_REASONS,
  type OutlierReason,
  outlierReasons,
} from '../../src/analysis/outliers/reasons/outlier-reasons.js'
import { reasonColumns, reasonCounts } from '../../src/analysis/outliers/reasons/reason-columns.js'
import { knownCounts, sharesAt, twoSources } from '../../src/analysis/outliers/reasons/two-sources.js'
import type { CellRow } from '../../src/device/device.js'
import { MISSING } from '../../src/numeric/missing.js'
import { Random } from '../../src/numeric/random.js'

const GENES = 120
const K = 15

/** Shares of genes that decay from one gene on, around all genes. */
const profile = (peak: number): Float64Array => {
  const values = Float64Array.from({ length: GENES }, (_, g) => Math.exp(-((g - peak + GENES) % GENES) / 12))
  const total = values.reduce((a, b) => a + b)
  return values.map((value) => value / total)
}
const PROFILES = [0, 40, 80].map(profile)
const MEAN = PROFILES[0]!.map((_, g) => PROFILES.reduce((sum, of) => sum + of[g]! / 3, 0))

const mixed = (a: Float64Array, b: Float64Array, weight: number) =>
  a.map((share, g) => (1 - weight) * share + weight * b[g]!)

function drawn(shares: Float64Array, total: number, random: Random): CellRow {
  const counts = new Float32Array(GENES)
  for (let n = 0; n < total; n++) {
    let left = random.next()
    let gene = 0
    while (gene < GENES - 1 && left > shares[gene]!) left -= shares[gene++]!
    counts[gene]!++
  }
  const genes = Int32Array.from(counts.keys()).filter((gene) => counts[gene]! > 0)
  return { genes, counts: Float32Array.from(genes, (gene) => counts[gene]!) }
}

const ordinary = Array.from({ length: 150 }, (_, i) => drawn(PROFILES[i % 3]!, 500, new Random(i)))

interface Odd {
  row: CellRow
  sizeP?: number
  mitochondrialP?: number
  neighborP?: number
  newGroupP?: number
  /** Flagged cells that are its neighbours, by their place among the odd ones. */
  kin?: readonly number[]
}

/** The reasons of odd cells beside 150 ordinary ones of three clusters, and the genes that are named. */
async function reasonsOf(odd: readonly Odd[]): Promise<{ reason: OutlierReason; genes: number[] }[]> {
  const rows = [...ordinary, ...odd.map(({ row }) => row)]
  const n = rows.length
  const others = (cell: number): number[] => {
    const kin = odd[cell - ordinary.length]?.kin ?? []
    const near = Array.from({ length: K - 1 }, (_, i) => (cell + 3 * (i + 1)) % ordinary.length)
    return [cell, ...kin.map((place) => ordinary.length + place), ...near].slice(0, K)
  }
  const neighbors: Neighbors = {
    points: { values: new Float32Array(n), rows: n, columns: 1 },
    includesSelf: true,
    n,
    k: K,
    indices: Int32Array.from(Array.from({ length: n }, (_, cell) => others(cell)).flat()),
    distances: new Float32Array(n * K),
  }
  const p = (of: (cell: Odd) => number | undefined) =>
    Float64Array.from(rows, (_, i) => (odd[i - ordinary.length] && of(odd[i - ordinary.length]!)) ?? 0.5)
  const half = p(() => undefined)
  const outliers = {
    ...{ p: half, adjustedP: half, aggregatedP: half, misfitP: half, score: new Float32Array(n) },
    neighborP: p(({ neighborP }) => neighborP),
    sizeP: p(({ sizeP }) => sizeP),
    mitochondrialP: p(({ mitochondrialP }) => mitochondrialP),
    newGroupP: p(({ newGroupP }) => newGroupP),
    flag: Uint8Array.from(rows, (_, i) => (i < ordinary.length ? 0 : 1)),
  }
  const scores = { outliers, neighbors } as unknown as CellScores
  const clusters = Int32Array.from(rows, (_, i) => i % 3)
  const load = (cells: Int32Array) => Promise.resolve(Array.from(cells, (cell) => rows[cell]!))
  const { codes, genes } = await outlierReasons({ load, nGenes: GENES, scores, clusters })
  expect(codes.subarray(0, ordinary.length).every((code) => code === -1)).toBe(true)
  return odd.map((_, i) => {
    const cell = ordinary.length + i
    return { reason: OUTLIER_REASONS[codes[cell]!]!, genes: [...(genes.get(cell) ?? [])] }
  })
}

describe('outlierReasons', () => {
  const random = new Random(3)
  const plain = drawn(PROFILES[0]!, 500, random)

  it('calls a cell one of a group where the reference lacks the group, but for few counts', async () => {
    const row = drawn(PROFILES[0]!, 500, new Random(900))
    const found = await reasonsOf([
      { row, newGroupP: 1e-4 },
      { row, newGroupP: 1e-4, sizeP: 1e-5 },
      { row, newGroupP: 0.01 },
    ])
    expect(found.map(({ reason }) => reason)).toEqual(['rare group', 'few counts', 'unexplained counts'])
  })

  it('names size and mitochondrial share where they are rare by themselves, the rarer first', async () => {
    const found = await reasonsOf([
      { row: plain, sizeP: 1e-5 },
      { row: plain, mitochondrialP: 1e-6, sizeP: 1e-4 },
      { row: plain, sizeP: 1e-6, mitochondrialP: 1e-4 },
    ])
    expect(found.map(({ reason }) => reason)).toEqual(['few counts', 'mitochondrial', 'few counts'])
  })

  it('tells two clusters together from one mixed with all', async () => {
    const found = await reasonsOf([
      { row: drawn(mixed(PROFILES[0]!, PROFILES[1]!, 0.4), 800, random) },
      { row: drawn(mixed(PROFILES[2]!, PROFILES[1]!, 0.5), 800, random) },
      { row: drawn(mixed(PROFILES[0]!, MEAN, 0.8), 800, random) },
    ])
    expect(found.map(({ reason }) => reason)).toEqual(['doublet-like', 'doublet-like', 'ambient-like'])
    expect(found[0]!.genes).toEqual([])
  })

  it('names the genes of unexplained counts', async () => {
    const row = drawn(PROFILES[0]!, 500, random)
    const counts = new Map(Array.from(row.genes, (gene, k) => [gene, row.counts[k]!]))
    for (let gene = 1; gene < GENES; gene += 7) counts.set(gene, (counts.get(gene) ?? 0) + 6)
    for (const [gene, count] of [
      [119, 80],
      [78, 60],
      [36, 50],
    ] as const)
      counts.set(gene, count)
    const genes = Int32Array.from([...counts.keys()].sort((a, b) => a - b))
    const odd = { genes, counts: Float32Array.from(genes, (gene) => counts.get(gene)!) }
    const [found] = await reasonsOf([{ row: odd }])
    expect(found).toEqual({ reason: 'unexplained counts', genes: [119, 78, 36] })
  })

  it('says that a cell with ordinary counts lies apart, where it does', async () => {
    const found = await reasonsOf([{ row: plain, neighborP: 1e-4 }, { row: plain }])
    expect(found.map(({ reason }) => reason)).toEqual(['far from all others', 'unexplained counts'])
  })

  it('sees a group in flagged cells that are neighbours and have counts of one kind', async () => {
    const kind = profile(60).map((share, g) => (g % 5 === 0 ? 5 * share : share / 5))
    const total = kind.reduce((a, b) => a + b)
    const own = kind.map((share) => share / total)
    const kin = (i: number, n: number) => Array.from({ length: n }, (_, k) => k).filter((k) => k !== i)
    const group = Array.from({ length: 8 }, (_, i) => ({ row: drawn(own, 600, random), kin: kin(i, 8) }))
    expect((await reasonsOf(group)).every(({ reason }) => reason === 'rare group')).toBe(true)
    const few = group.slice(0, 3).map(({ row }, i) => ({ row, kin: kin(i, 3) }))
    expect((await reasonsOf(few)).some(({ reason }) => reason === 'rare group')).toBe(false)
  })

  it('does not take genes whose counts are not known for genes without counts', async () => {
    const whole = drawn(mixed(PROFILES[0]!, PROFILES[1]!, 0.4), 2000, random)
    const counts = whole.counts.map((count, k) => (whole.genes[k]! < 20 ? MISSING : count))
    const [found] = await reasonsOf([{ row: { genes: whole.genes, counts } }])
    expect(found!.reason).toBe('doublet-like')
  })
})

describe('twoSources', () => {
  it('finds the share of the second source, with and without genes that are not known', () => {
    const row = drawn(mixed(PROFILES[0]!, PROFILES[1]!, 0.3), 20_000, new Random(1))
    const all = knownCounts(row)
    const at = (cell: typeof all) =>
      twoSources(cell, sharesAt(cell, PROFILES[0]!), sharesAt(cell, PROFILES[1]!))
    expect(at(all).weight).toBeCloseTo(0.3, 1)
    const known = knownCounts({ ...row, counts: row.counts.map((count, k) => (k % 2 ? MISSING : count)) })
    expect(known.total).toBeLessThan(all.total)
    expect(at(known).weight).toBeCloseTo(0.3, 1)
  })
})

describe('reasonColumns', () => {
  const reasons = { codes: Int32Array.of(-1, 4, 0, 4), genes: new Map([[1, Int32Array.of(2, 0)]]) }

  it('places reasons and genes at the cells of the file', () => {
    const cells = Int32Array.of(0, 2, 3, 5)
    const columns = reasonColumns(reasons, cells, 6, ['A', 'B', 'C'])
    expect(Array.from(columns.scvae_outlier_reason!.codes)).toEqual([-1, -1, 4, 0, -1, 4])
    expect(columns.scvae_outlier_reason!.categories).toEqual(OUTLIER_REASONS)
    expect(Array.from(columns.scvae_outlier_genes!.codes)).toEqual([-1, -1, 0, -1, -1, -1])
    expect(columns.scvae_outlier_genes!.categories).toEqual(['C, A'])
  })

  it('counts cells of each reason', () => {
    expect(reasonCounts(reasons)).toMatchObject({ 'few counts': 1, 'unexplained counts': 2, 'rare group': 0 })
  })
})

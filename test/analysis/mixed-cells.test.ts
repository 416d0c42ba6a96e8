import { afterAll, describe, expect, it } from 'vitest'
import { ambientCells, ambientShares } from '../../src/analysis/outliers/ambient-mixtures.js'
import { doubletCells, doubletPairs } from '../../src/analysis/outliers/doublets.js'
import { sumOfRows } from '../../src/analysis/outliers/mixed-rows.js'
import { countsInMemory } from '../../src/cells/counts-in-memory.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { type CellRow, type CellSource, MISSING } from '../../src/device/device.js'
import { Random } from '../../src/numeric/random.js'
import { rowOf } from '../row-of.js'

const GENES = 90

/** Cells of three batches, the last of one cell: each batch has counts in thirty genes of its own, and batch 0 lacks gene 29. */
function cellsOfBatches(nCells = 121): CellSource {
  const random = new Random(3)
  const batch = Int32Array.from({ length: nCells }, (_, cell) => (cell === nCells - 1 ? 2 : cell % 2))
  const rows = Array.from(batch, (of): CellRow => {
    const dense = Float32Array.from({ length: 30 }, (_, g) => random.poisson(g < 10 ? 8 : 0.5))
    if (of === 0) dense[29] = MISSING
    const genes = Int32Array.from(dense.keys()).filter((g) => dense[g] !== 0)
    return { genes: genes.map((g) => 30 * of + g), counts: Float32Array.from(genes, (g) => dense[g]!) }
  })
  return {
    nCells,
    nGenes: GENES,
    counts: countsInMemory(nCells, GENES, (cell) => rows[cell]!, true),
    categorical: [batch],
    continuous: [Float32Array.from(batch, (_, cell) => cell / 10)],
    size: Float32Array.from(rows, ({ counts }) => known(counts)),
  }
}

const known = (counts: Float32Array) => counts.reduce((sum, count) => sum + Math.max(count, 0), 0)

function dense({ genes, counts }: CellRow): Float32Array {
  const row = new Float32Array(GENES)
  for (const [k, gene] of genes.entries()) row[gene] = counts[k]!
  return row
}

const rowsOfAll = (source: CellSource) => Array.from({ length: source.nCells }, (_, i) => rowOf(source, i))

describe('counts of two cells together', () => {
  it('are sums, genes ascending, and missing where one lacks them', () => {
    const a = { genes: Int32Array.of(1, 4, 5, 9), counts: Float32Array.of(2, 1, MISSING, MISSING) }
    const b = { genes: Int32Array.of(0, 4, 5, 8), counts: Float32Array.of(7, 3, 6, MISSING) }
    expect(sumOfRows(a, b)).toEqual({
      genes: Int32Array.of(0, 1, 4, 5, 8, 9),
      counts: Float32Array.of(7, 2, 4, MISSING, MISSING, MISSING),
    })
    expect(sumOfRows(b, a)).toEqual(sumOfRows(a, b))
    const none = { genes: new Int32Array(), counts: new Float32Array() }
    expect(sumOfRows(a, none)).toEqual(a)
  })
})

describe('doublets', () => {
  const source = cellsOfBatches()
  const random = new Random(8)
  const values = Float32Array.from({ length: 2 * source.nCells }, () => random.normal())
  const latent = { values, rows: source.nCells, columns: 2 }
  const apart = (a: number, b: number) =>
    Math.hypot(values[2 * a]! - values[2 * b]!, values[2 * a + 1]! - values[2 * b + 1]!)

  it('are pairs of one batch, apart rather than alike', () => {
    const { first, second } = doubletPairs(source, latent, 600, 1)
    const [batch] = source.categorical
    for (const [i, cell] of first.entries()) expect(batch![second[i]!]).toBe(batch![cell])
    expect(new Set(first).size).toBeGreaterThan(100)
    expect(new Set(second).size).toBeGreaterThan(80)
    // a cell that is alone in its batch is its own other half
    expect(first.some((cell) => batch![cell] === 2)).toBe(true)
    // the farthest of three lies beyond the median of all others in seven of eight
    const beyond = first.filter((cell, i) => {
      const others = Array.from(batch!.keys()).filter((other) => batch![other] === batch![cell])
      const distances = others.map((other) => apart(cell, other)).sort((a, b) => a - b)
      return apart(cell, second[i]!) >= distances[distances.length >> 1]!
    })
    expect(beyond.length / 600).toBeGreaterThan(0.82)
    expect(beyond.length / 600).toBeLessThan(0.93)
  })

  it('are the same for a seed, and others for another', () => {
    expect(doubletPairs(source, latent, 50, 1)).toEqual(doubletPairs(source, latent, 50, 1))
    expect(doubletPairs(source, latent, 50, 2)).not.toEqual(doubletPairs(source, latent, 50, 1))
  })

  it('have the counts and the sizes of both cells, and the covariates of the first', async () => {
    const pairs = doubletPairs(source, latent, 300, 1)
    const cells = await doubletCells(source, pairs)
    expect(cells.nCells).toBe(300)
    expect(cells.counts.missing).toBe(true)
    for (let i = 0; i < 300; i++) {
      const [a, b] = [pairs.first[i]!, pairs.second[i]!]
      expect(rowOf(cells, i)).toEqual(sumOfRows(rowOf(source, a), rowOf(source, b)))
      expect(cells.size[i]).toBe(source.size[a]! + source.size[b]!)
      expect(cells.categorical[0]![i]).toBe(source.categorical[0]![a])
      expect(cells.continuous[0]![i]).toBe(source.continuous[0]![a])
    }
  })

  it('are made of the cells of a part of the counts', async () => {
    const places = Int32Array.of(7, 3, 11)
    const part = {
      ...source,
      nCells: 3,
      rows: places,
      categorical: [new Int32Array(3)],
      continuous: [new Float32Array(3)],
      size: new Float32Array(3).fill(1),
    }
    const cells = await doubletCells(part, { first: Int32Array.of(0), second: Int32Array.of(2) })
    expect(rowOf(cells, 0)).toEqual(sumOfRows(rowOf(source, 7), rowOf(source, 11)))
  })
})

describe('ambient mixtures', async () => {
  const one = await createCpuDevice({ threads: 1 })
  const three = await createCpuDevice({ threads: 3 })
  afterAll(() => Promise.all([one.dispose(), three.dispose()]))
  const source = cellsOfBatches()

  it('are of cells by chance, with four to nine tenths of the counts drawn anew', () => {
    const { cells, share } = ambientShares(source.nCells, 2000, 1)
    expect(new Set(cells).size).toBe(source.nCells)
    expect(Math.min(...share)).toBeGreaterThan(0.4)
    expect(Math.min(...share)).toBeLessThan(0.42)
    expect(Math.max(...share)).toBeLessThan(0.9)
    expect(Math.max(...share)).toBeGreaterThan(0.88)
    expect(ambientShares(source.nCells, 2000, 1)).toEqual({ cells, share })
    expect(ambientShares(source.nCells, 2000, 2)).not.toEqual({ cells, share })
  })

  it('keep a share of each count and draw the others from the profile of the batch', async () => {
    const n = 4000
    const share = new Float64Array(n).fill(0.75)
    // two cells of batch 0, one of batch 1, and the one of batch 2
    const cells = Int32Array.from({ length: n }, (_, i) => [0, 2, 1, 120][i % 4]!)
    const made = await ambientCells(one.host, source, { cells, share }, 5)
    const profiles = [0, 1, 2].map((batch) => {
      const sums = new Float64Array(GENES)
      for (let cell = 0; cell < source.nCells; cell++) {
        if (source.categorical[0]![cell] !== batch) continue
        for (const [g, count] of dense(rowOf(source, cell)).entries()) sums[g]! += Math.max(count, 0)
      }
      const total = sums.reduce((a, b) => a + b, 0)
      return sums.map((sum) => sum / total)
    })
    for (const [start, cell] of [0, 2, 1, 120].entries()) {
      const own = dense(rowOf(source, cell))
      const total = known(own)
      const profile = profiles[source.categorical[0]![cell]!]!
      const sums = new Float64Array(GENES)
      const squares = new Float64Array(GENES)
      for (let i = start; i < n; i += 4) {
        expect(made.categorical[0]![i]).toBe(source.categorical[0]![cell])
        expect(made.continuous[0]![i]).toBe(source.continuous[0]![cell])
        for (const [g, count] of dense(rowOf(made, i)).entries()) {
          sums[g]! += count
          squares[g]! += count ** 2
        }
      }
      for (let g = 0; g < GENES; g++) {
        const [mean, expected] = [sums[g]! / 1000, 0.25 * own[g]! + 0.75 * total * profile[g]!]
        if (own[g] === MISSING) {
          expect(mean).toBe(MISSING)
          continue
        }
        // a binomial part, and a Poisson one
        const variance = 0.25 * 0.75 * own[g]! + 0.75 * total * profile[g]!
        expect(Math.abs(mean - expected), `gene ${g}`).toBeLessThanOrEqual(5 * Math.sqrt(variance / 1000))
        if (variance > 1) expect((squares[g]! / 1000 - mean ** 2) / variance, `gene ${g}`).toBeCloseTo(1, 0.5)
      }
    }
  })

  it('are the same bits for any number of threads, and others for another seed', async () => {
    const shares = ambientShares(source.nCells, 400, 1)
    const rows = rowsOfAll(await ambientCells(one.host, source, shares, 1))
    expect(rowsOfAll(await ambientCells(three.host, source, shares, 1))).toEqual(rows)
    expect(rowsOfAll(await ambientCells(one.host, source, shares, 2))).not.toEqual(rows)
    // one cell mixed twice is mixed in two ways
    const twice = { cells: Int32Array.of(4, 4), share: Float64Array.of(0.5, 0.5) }
    const [a, b] = rowsOfAll(await ambientCells(one.host, source, twice, 1))
    expect(a).not.toEqual(b)
  })

  it('thin counts that are no whole numbers by their parts', async () => {
    const row = { genes: Int32Array.of(0, 1), counts: Float32Array.of(0.5, 1000.5) }
    const some: CellSource = {
      ...{ nCells: 1, nGenes: 2, categorical: [], continuous: [], size: Float32Array.of(1001) },
      counts: countsInMemory(1, 2, () => row),
    }
    const shares = { cells: Int32Array.of(0, 0), share: Float64Array.of(0.4, 0.8) }
    const made = await ambientCells(one.host, some, shares, 1)
    for (const [i, part] of [0.3, 0.1].entries())
      for (const count of rowOf(made, i).counts) expect(count % 1).toBeCloseTo(part, 3)
    const { genes, counts } = rowOf(made, 0)
    expect([...genes]).toEqual([0, 1])
    expect(counts[1]! / 1000.5).toBeCloseTo(1, 1)
  })
})

import { afterAll, describe, expect, it } from 'vitest'
import { type NewGroups, newGroups } from '../../src/analysis/outliers/new-groups.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { Matrix } from '../../src/numeric/matrix.js'
import { Random } from '../../src/numeric/random.js'

const DIMENSIONS = 3

/** Normal clouds around (8 · cloud, 0, 0), so many points of each. */
function clouds(sizes: readonly number[], seed: number): Matrix {
  const random = new Random(seed)
  const values = sizes.flatMap((n, cloud) =>
    Array.from({ length: n }, () => [8 * cloud + random.normal(), random.normal(), random.normal()]).flat(),
  )
  return { values: Float32Array.from(values), rows: values.length / DIMENSIONS, columns: DIMENSIONS }
}

const none = ({ rows }: Matrix) => new Int32Array(rows).fill(-1)
const mean = (values: Float64Array) => values.reduce((a, b) => a + b, 0) / values.length

describe('newGroups', async () => {
  const device = await createCpuDevice({ threads: 2 })
  afterAll(() => device.dispose())
  const found = (reference: Matrix, cells: Matrix, twins = none(cells)): Promise<NewGroups> =>
    newGroups(device.host, reference, cells, twins, 0)

  it('finds a cloud that the reference lacks, by how much denser the cells lie there', async () => {
    const { p, log2Ratio } = await found(clouds([500, 300, 0], 1), clouds([150, 90, 40], 2))
    expect(Math.max(...p.subarray(240))).toBeLessThan(1e-3)
    expect(Math.min(...p.subarray(0, 240))).toBeGreaterThan(0.05)
    // nothing of the reference is near: (110 + ½) / ½, beside 280 / 800
    expect(log2Ratio[260]).toBeGreaterThan(Math.log2((95 / 0.5) * (800 / 280)))
    expect(Math.abs(mean(log2Ratio.subarray(0, 150)))).toBeLessThan(0.5)
  })

  it('takes a cloud that is twice as dense among the cells as one of other shares', async () => {
    const { p, log2Ratio } = await found(clouds([600, 200], 3), clouds([200, 133], 4))
    expect(Math.abs(mean(log2Ratio.subarray(200)) - Math.log2(((133 / 200) * 800) / 333))).toBeLessThan(0.3)
    expect(p.filter((value) => value < 0.01)).toHaveLength(0)
  })

  it('has p-values that are small no more often than they say where cells are three times as dense', async () => {
    // as many new cells as there are, in a third of the places
    const { p } = await found(clouds([300, 900], 5), clouds([300, 0], 6))
    for (const level of [0.5, 0.1, 0.01]) {
      const share = p.filter((value) => value <= level).length / p.length
      expect(share).toBeLessThan(level + 4 * Math.sqrt((level * (1 - level)) / 30))
    }
  })

  it('counts no cell among its own neighbours, nor its twin', async () => {
    const reference = clouds([200], 7)
    const alone = { ...reference, values: reference.values.slice(0, 3), rows: 1 }
    // a single new cell has no other new one near it: (0 + ½) / (110 − ½) and less, beside 1 / 200
    expect((await found(reference, alone)).log2Ratio[0]).toBeLessThan(0.3)
    const known = await found(
      reference,
      reference,
      Int32Array.from({ length: 200 }, (_, i) => i),
    )
    expect(new Set(known.p)).toEqual(new Set([1]))
    expect(known.log2Ratio.every(Number.isNaN)).toBe(true)
  })

  it('says of known cells among new ones what it says of those', async () => {
    const reference = clouds([200, 100], 8)
    const fresh = clouds([0, 0, 60], 9)
    const cells = {
      values: Float32Array.of(...reference.values.subarray(0, 90), ...fresh.values),
      rows: 90,
      columns: DIMENSIONS,
    }
    const twins = Int32Array.from({ length: 90 }, (_, i) => (i < 30 ? i : -1))
    const { p } = await found(reference, cells, twins)
    expect(Math.min(...p.subarray(0, 30))).toBeGreaterThan(0.5)
    expect(Math.max(...p.subarray(30))).toBeLessThan(1e-3)
  })

  it('does not count a known cell among those of the reference around it', async () => {
    // one known cell in a cloud of new ones
    const reference = clouds([200, 0, 1], 12)
    const fresh = clouds([0, 0, 60], 13)
    const known = reference.values.slice(200 * DIMENSIONS)
    const cells = { values: Float32Array.of(...known, ...fresh.values), rows: 61, columns: DIMENSIONS }
    const twins = Int32Array.from({ length: 61 }, (_, i) => (i === 0 ? 200 : -1))
    const { log2Ratio } = await found(reference, cells, twins)
    // all around it is new, by at least 90 of them
    expect(log2Ratio[0]).toBeGreaterThan(Math.log2((90.5 / 0.5) * (201 / 60)))
    expect(log2Ratio[0]).toBeGreaterThan(Math.max(...log2Ratio.subarray(1)) - 1)
  })

  it('looks at a seeded part of many cells, the same for any number of threads', async () => {
    const [reference, cells] = [clouds([400, 200], 10), clouds([900, 500, 100], 11)]
    const one = await createCpuDevice({ threads: 1 })
    try {
      const first = await found(reference, cells)
      expect(await newGroups(one.host, reference, cells, none(cells), 0)).toEqual(first)
      expect(await newGroups(one.host, reference, cells, none(cells), 1)).not.toEqual(first)
      // of 1,500 new cells 300 are looked among, so that a group of them stands out all the same
      expect(mean(first.p.subarray(1400))).toBeLessThan(0.01)
    } finally {
      await one.dispose()
    }
  })
})

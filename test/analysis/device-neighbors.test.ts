import { afterAll, describe, expect, it } from 'vitest'
import { neighborsOn, rankCandidates } from '../../src/analysis/neighbors/device-neighbors.js'
import { searchLeafTree } from '../../src/analysis/neighbors/host-neighbors.js'
import { blankNeighbors, neighbors as neighborsByTree } from '../../src/analysis/neighbors/neighbors.js'
import { Draws } from '../../src/check/oracle/draws.js'
import { availableBuilds } from '../../src/device/cpu/builds.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { NearestRows } from '../../src/device/device.js'
import { openWebgpu } from '../../src/device/webgpu/open/open-webgpu.js'
import type { Matrix } from '../../src/numeric/matrix.js'
import { NO_WEBGPU } from '../device/webgpu.js'
import { blobs } from './blobs.js'

const cpu = await createCpuDevice({ threads: 1 })
const gpu = NO_WEBGPU === undefined ? await openWebgpu() : undefined
afterAll(() => Promise.all([cpu.dispose(), gpu?.dispose()]))

if (NO_WEBGPU !== undefined) it.skip(`Neighbours on WebGPU are not tested: ${NO_WEBGPU}`)

const table = (rows: number, columns: number, value: (at: number) => number): Matrix => ({
  values: Float32Array.from({ length: rows * columns }, (_, at) => value(at)),
  rows,
  columns,
})

/** Cells around the first on a circle: in float32 their distances to it come out in another order than in float64. */
function circle(n: number): Matrix {
  const draws = new Draws(3)
  const angles = Float64Array.from({ length: n }, () => draws.uniform(0, 2 * Math.PI))
  return table(n, 2, (at) => (at < 2 ? 0 : at % 2 ? Math.sin(angles[at >> 1]!) : Math.cos(angles[at >> 1]!)))
}

/** The nearest rows in float32, every operation rounded. */
function float32Search({ values: data, rows: n, columns: d }: Matrix, k: number): NearestRows {
  const rows = new Uint32Array(k * n)
  const farthest = new Float32Array(n)
  for (let i = 0; i < n; i++) {
    const others = Array.from({ length: n }, (_, other) => {
      let squared = 0
      for (let f = 0; f < d; f++) {
        const difference = Math.fround(data[i * d + f]! - data[other * d + f]!)
        squared = Math.fround(squared + Math.fround(difference * difference))
      }
      return { other, squared }
    }).filter(({ other }) => other !== i)
    others.sort((a, b) => a.squared - b.squared || a.other - b.other)
    for (let rank = 0; rank < k; rank++) rows[rank * n + i] = others[rank]!.other
    farthest[i] = others[k - 1]!.squared
  }
  return { first: 0, count: n, rows, farthest }
}

/** Lists from a search's candidates, and the cells that it leaves open. */
function ranked(points: Matrix, k: number, found: NearestRows) {
  const neighbors = blankNeighbors(points, { k, includeSelf: false })
  const open = new Uint8Array(points.rows)
  const nOpen = rankCandidates(neighbors, found, open)
  const cells = Array.from(open.keys()).filter((cell) => open[cell])
  expect(cells).toHaveLength(nOpen)
  return { neighbors, open: cells }
}

const tree = (points: Matrix, k: number, includeSelf = false) => neighborsByTree(points, { k, includeSelf })

describe('candidates of a float32 search', () => {
  it('become the lists of float64 with a few to spare', () => {
    const cells = blobs(300, 10, 5).points
    const { neighbors, open } = ranked(cells, 15, float32Search(cells, 19))
    expect(open).toEqual([])
    expect(neighbors).toEqual(tree(cells, 15))
  })

  it('leave a cell open whose list rounding may have spoilt', () => {
    const cells = circle(200)
    const found = float32Search(cells, 14)
    const { neighbors, open } = ranked(cells, 10, found)
    expect(open).toContain(0)
    const expected = tree(cells, 10)
    // as it has been
    expect(neighbors.indices.subarray(0, 10)).not.toEqual(expected.indices.subarray(0, 10))
    for (let cell = 0; cell < 200; cell++) {
      if (open.includes(cell)) continue
      const [from, to] = [cell * 10, cell * 10 + 10]
      expect(neighbors.indices.subarray(from, to)).toEqual(expected.indices.subarray(from, to))
    }
  })

  it('leave none open where all are named or lie on the cell itself', () => {
    const cells = circle(12)
    expect(ranked(cells, 9, float32Search(cells, 11)).open).toEqual([])
    const heap = table(60, 3, () => 1.5)
    const { neighbors, open } = ranked(heap, 9, float32Search(heap, 13))
    expect(open).toEqual([])
    expect(neighbors).toEqual(tree(heap, 9))
  })
})

const draws = new Draws(12)
const TABLES: readonly { name: string; cells: Matrix; k: number }[] = [
  { name: 'cells in groups', cells: blobs(700, 10, 7).points, k: 16 },
  { name: '50 dimensions, 100 neighbours', cells: table(300, 50, () => draws.normal()), k: 100 },
  { name: 'one dimension, one neighbour', cells: table(157, 1, () => draws.normal()), k: 1 },
  { name: 'a heap of duplicates', cells: table(500, 2, () => draws.below(3)), k: 80 },
  { name: 'a grid', cells: table(600, 3, () => draws.below(9)), k: 10 },
  { name: 'far from the origin', cells: table(300, 9, () => 1000 + draws.normal()), k: 10 },
  { name: 'distances that float32 cannot tell apart', cells: circle(200), k: 10 },
  { name: 'all other cells', cells: table(66, 4, () => draws.normal()), k: 65 },
  { name: 'all but one', cells: table(66, 4, () => draws.normal()), k: 64 },
  { name: 'two cells', cells: table(2, 3, () => draws.normal()), k: 1 },
  { name: 'squares that vanish in float32', cells: table(80, 4, () => 1e-25 * draws.normal()), k: 5 },
  { name: 'squares beyond float32', cells: table(80, 4, () => 1e25 * draws.normal()), k: 5 },
]

describe.each(availableBuilds())('neighbours by %s', (kernels) => {
  it('are those of the tree, and the same for any number of threads', async () => {
    const devices = await Promise.all([1, 2, 3].map((threads) => createCpuDevice({ threads, kernels })))
    for (const { name, cells, k } of TABLES) {
      const expected = tree(cells, k)
      // each number of threads on the groups, which take more than one leaf each
      for (const device of name === 'cells in groups' ? devices : devices.slice(0, 1)) {
        const found = await neighborsOn(device, cells, { k, includeSelf: false, always: true })
        expect(found, name).toEqual(expected)
      }
    }
    const seen: number[] = []
    const many = blobs(5000, 3, 7).points
    const found = await neighborsOn(devices[1], many, { k: 9, onCells: (done) => seen.push(done) })
    expect(found).toEqual(tree(many, 9, true))
    expect(seen.at(-1)).toBe(5000)
    await Promise.all(devices.map((device) => device.dispose()))
  })

  it('are found by the kernels alone unless rounding decides', async () => {
    const device = await createCpuDevice({ threads: 1, kernels })
    const cells = blobs(700, 10, 7).points
    for await (const found of searchLeafTree(device.host, cells, 19)) {
      expect(found.count).toBe(700)
      expect(ranked(cells, 15, found).open).toEqual([])
    }
    await device.dispose()
  })
})

describe.skipIf(!gpu)('neighbours on WebGPU', { timeout: 120_000 }, () => {
  it.each(TABLES)('are those of the tree: $name', async ({ cells, k }) => {
    const others = await neighborsOn(gpu!, cells, { k, includeSelf: false, always: true })
    expect(others).toEqual(tree(cells, k))
    const withSelf = await neighborsOn(gpu!, cells, { k: k + 1, always: true })
    expect(withSelf).toEqual(tree(cells, k + 1, true))
  })

  it('are found by the GPU alone unless rounding decides', async () => {
    const cells = blobs(700, 10, 7).points
    for await (const found of gpu!.nearestRows(cells, 19)) {
      expect(found.count).toBe(700)
      expect(ranked(cells, 15, found).open).toEqual([])
    }
  })

  it('are left to the tree for few cells, and on a software GPU', async () => {
    const before = gpu!.recorder.dispatches
    const cells = blobs(700, 10, 7).points
    expect(await neighborsOn(gpu!, cells, { k: 16 })).toEqual(tree(cells, 16, true))
    if (gpu!.software) {
      const many = table(20_000, 2, () => draws.normal())
      expect(await neighborsOn(gpu!, many, { k: 3 })).toEqual(tree(many, 3, true))
    }
    expect(gpu!.recorder.dispatches).toBe(before)
    await neighborsOn(gpu!, cells, { k: 16, always: true })
    expect(gpu!.recorder.dispatches).toBe(before + 1)
  })
})

describe.each([{ name: 'the CPU device', device: cpu }, ...(gpu ? [{ name: 'WebGPU', device: gpu }] : [])])(
  'neighbours by $name',
  ({ device }) => {
    const points = table(10, 2, () => draws.normal())
    const search = (k: number, options = {}) => neighborsOn(device, points, { k, always: true, ...options })

    it('are the cell itself when no other is asked for', async () => {
      expect(await search(1)).toEqual(neighborsByTree(points, { k: 1 }))
    })

    it('are the tree’s', async () => {
      expect(await search(4)).toEqual(neighborsByTree(points, { k: 4 }))
    })

    it('are refused as the tree refuses them', async () => {
      await expect(search(11)).rejects.toThrow('11 nearest neighbours were asked for')
      await expect(search(10, { includeSelf: false })).rejects.toThrow('10 cells allow 1 to 9')
      points.values[7] = Number.NaN
      await expect(search(3)).rejects.toThrow('Cell 3 has a coordinate that is not a finite number.')
    })
  },
)

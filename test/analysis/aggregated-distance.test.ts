import { afterAll, describe, expect, it } from 'vitest'
import { aggregatedPosteriorDistance } from '../../src/analysis/outliers/aggregated-distance.js'
import { STREAM } from '../../src/analysis/random-streams.js'
import { aggregatedDistance } from '../../src/check/oracle/aggregated-distance.js'
import { availableBuilds } from '../../src/device/cpu/builds.js'
import { type CpuDevice, createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { Random } from '../../src/numeric/random.js'
import { matrix } from '../matrix.js'
import { blobs } from './blobs.js'

const N = 600
const D = 4
const { points, centers } = blobs(N, D, 3)
const data = points.values
const variances = new Float32Array(N * D).fill(0.05)

const posterior = (means: Float32Array, variances: Float32Array, d = D) => ({
  means: matrix(means, d),
  variances: matrix(variances, d),
})

describe('aggregatedPosteriorDistance', async () => {
  const devices: CpuDevice[] = []
  for (const threads of [2, 1, 3]) devices.push(await createCpuDevice({ threads }))
  afterAll(() => Promise.all(devices.map((device) => device.dispose())))
  const { host } = devices[0]!

  it.each(availableBuilds())('is that of float64 on %s', async (kernels) => {
    const device = await createCpuDevice({ threads: 1, kernels })
    // 37 cells and 7 dimensions fill no vector; scales from 1e-4 to 1, cells on top of each other and far apart
    for (const [n, d, components] of [
      [37, 7, 2000],
      [600, 4, 200],
    ] as const) {
      const means = blobs(n, d, 5).points.values.map((x, at) => (at < 2 * d ? 0.5 : at < 4 * d ? 40 * x : x))
      const uneven = means.map((_, at) => 10 ** (((at * 7) % 5) - 4))
      const sample = new Random(3, STREAM.aggregatedPosterior).permutation(n).slice(0, components)
      const expected = aggregatedDistance(means, uneven, d, sample)
      const actual = await aggregatedPosteriorDistance(device.host, posterior(means, uneven, d), {
        components,
        seed: 3,
      })
      for (let i = 0; i < n; i++) expect(Math.abs(actual[i]! - expected[i]!), `cell ${i}`).toBeLessThan(2e-5)
    }
    await device.dispose()
  })

  it('has the same bits for any number of threads, and whatever the block that a cell is in', async () => {
    const [two, ...others] = await Promise.all(
      devices.map((device) => aggregatedPosteriorDistance(device.host, posterior(data, variances))),
    )
    for (const other of others) expect(other).toEqual(two)
  })

  it('is that of float64 over more than one block, and tells of each', async () => {
    const many = blobs(15_000, 2, 8).points.values
    const even = new Float32Array(many.length).fill(0.2)
    const done: number[] = []
    const distance = await aggregatedPosteriorDistance(host, posterior(many, even, 2), {
      components: 2000,
      seed: 1,
      onCells: (cells) => done.push(cells),
    })
    expect(done.length).toBeGreaterThan(1)
    expect(done.at(-1)).toBe(15_000)
    const sample = new Random(1, STREAM.aggregatedPosterior).permutation(15_000).slice(0, 2000)
    // some cells of the first and the last block, and cells that are in the mixture
    const cells = [0, 1, 15, 13_425, 14_999, ...sample.slice(0, 20)]
    const expected = aggregatedDistance(many, even, 2, sample, cells)
    for (const [k, cell] of cells.entries())
      expect(Math.abs(distance[cell]! - expected[k]!), `cell ${cell}`).toBeLessThan(2e-5)
  })

  it('is largest for a cell between the groups and a cell far from all', async () => {
    const means = data.slice()
    for (let f = 0; f < D; f++) {
      means[f] = (centers[f]! + centers[D + f]!) / 2
      means[D + f] = 60
    }
    const distance = await aggregatedPosteriorDistance(host, posterior(means, variances))
    const others = distance.slice(2).sort()
    expect(distance[0]).toBeGreaterThan(others.at(-1)!)
    expect(distance[1]).toBeGreaterThan(distance[0]!)
  })

  it('is close to the whole mixture with a sample of it', async () => {
    const whole = await aggregatedPosteriorDistance(host, posterior(data, variances))
    const options = { components: 200, seed: 3 }
    const sampled = await aggregatedPosteriorDistance(host, posterior(data, variances), options)
    const error = sampled.map((x, i) => Math.abs(x - whole[i]!)).sort()
    expect(error[N / 2]).toBeLessThan(0.3)
    expect(sampled).not.toEqual(whole)
  })

  it('takes two cells, and a cell farther than densities reach', async () => {
    const pair = posterior(data.slice(0, 2 * D), variances.slice(0, 2 * D))
    const two = await aggregatedPosteriorDistance(host, pair)
    const expected = aggregatedDistance(pair.means.values, variances, D, [0, 1])
    for (let i = 0; i < 2; i++) expect(two[i]).toBeCloseTo(expected[i]!, 5)
    // the density of a cell near the first on the scale of the last would overflow; the squares of the last do
    const means = new Float32Array(4 * 60)
    means.fill(0.1, 60, 120)
    means.fill(1e15, 120, 180)
    means.fill(1e25, 180)
    const wide = posterior(means, new Float32Array(240).fill(1), 60)
    const distance = await aggregatedPosteriorDistance(host, wide)
    expect(distance.every(Number.isFinite)).toBe(true)
    expect(distance[2]).toBeGreaterThan(1000)
  })

  it('refuses one cell and values that are not finite', async () => {
    const one = posterior(data.slice(0, D), variances)
    await expect(aggregatedPosteriorDistance(host, one)).rejects.toThrow('no other cell')
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const broken = data.slice(0, 20)
      broken[9] = value
      await expect(aggregatedPosteriorDistance(host, posterior(broken, variances))).rejects.toThrow(
        'not finite',
      )
    }
  })
})

import { afterAll, describe, expect, it } from 'vitest'
import { MomentSums } from '../../src/analysis/outliers/moment-sums.js'
import { LikelihoodMoments } from '../../src/check/oracle/likelihood-moments.js'
import { availableBuilds } from '../../src/device/cpu/builds.js'
import { type CpuDevice, createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { CpuTensor } from '../../src/device/cpu/cpu-tensor.js'
import { Random } from '../../src/numeric/random.js'

const POISSON = Number.POSITIVE_INFINITY
const THETAS = [0.01, 0.2, 1, 3, 50, 1e4, 1e9, POISSON]
/** From no mean at all to beyond the tables, on nodes and between them. */
const MEANS = [
  0,
  1e-12,
  2 ** -20,
  1e-5,
  0.01,
  0.09375,
  0.1,
  0.7,
  1,
  3.3,
  12,
  40,
  150,
  299,
  900,
  5e3,
  1e5,
  1e9,
]
const LOGITS = [-100, -20, -3, 0, 2, 9, 30, 100]

/** Moments of each cell's counts of `theta.length` genes by a device. */
function momentsOn(device: CpuDevice, theta: readonly number[], mean: Float32Array, zeros?: Float32Array) {
  const cells = mean.length / theta.length
  const sums = new MomentSums(device.host, Float32Array.from(theta), cells)
  const tensor = (values: Float32Array) => device.tensor(cells, theta.length, values) as CpuTensor
  const [means, logits] = [tensor(mean), zeros && tensor(zeros)]
  const first = sums.of(cells, means, logits)
  // a second time from the tables as they are
  expect(sums.of(cells, means, logits)).toEqual(first)
  sums.release()
  device.release(means, ...(logits ? [logits] : []))
  return first
}

describe.each(availableBuilds())('moments of log-likelihoods on %s', async (kernels) => {
  const device = await createCpuDevice({ threads: 1, kernels })
  afterAll(() => device.dispose())
  const out = { mean: 0, variance: 0 }

  it.each(THETAS)('are those of float64 for each mean, θ %d', (theta) => {
    const { expected, variance } = momentsOn(device, [theta], Float32Array.from(MEANS))
    const table = new LikelihoodMoments(theta)
    for (const [i, mean] of MEANS.entries()) {
      table.at(Math.fround(mean), 0, out)
      const deviation = Math.sqrt(out.variance)
      expect(Math.abs(expected[i]! - out.mean) / deviation, `mean at ${mean}`).toBeLessThan(1e-4)
      const error = Math.abs(variance[i]! - out.variance)
      expect(error / (out.variance + 1e-3 * out.mean ** 2), `variance at ${mean}`).toBeLessThan(3e-4)
    }
  })

  it.each(THETAS.slice(0, -1))('are those of float64 with inflated zeros, θ %d', (theta) => {
    const pairs = MEANS.flatMap((mean) => LOGITS.map((logit) => [mean, logit] as const))
    const [means, logits] = [0, 1].map((k) => Float32Array.from(pairs, (pair) => pair[k]!))
    const { expected, variance } = momentsOn(device, [theta], means!, logits)
    const table = new LikelihoodMoments(theta, true)
    for (const [i, [mean, logit]] of pairs.entries()) {
      table.at(Math.fround(mean), 1 / (1 + Math.exp(-logit)), out)
      // beside what is summed over thousands of genes, of which most have a variance of 1 or so
      expect(Math.abs(expected[i]! - out.mean), `mean at ${mean}, ${logit}`).toBeLessThan(
        2e-6 + 2e-6 * Math.abs(out.mean),
      )
      expect(Math.abs(variance[i]! - out.variance), `variance at ${mean}, ${logit}`).toBeLessThan(
        2e-5 + 3e-4 * out.variance,
      )
    }
  })

  it.each([false, true])(
    'are summed over the known counts of each cell, with inflated zeros: %s',
    (inflated) => {
      // 150 genes and 21 cells fill neither blocks nor vectors
      const [genes, cells] = [150, 21]
      const random = new Random(4)
      const theta = Array.from({ length: genes }, () => Math.exp(2 * random.normal()))
      const draw = (scale: number) =>
        Float32Array.from({ length: genes * cells }, () => scale * random.normal())
      const mean = draw(2).map((x) => (random.next() < 0.1 ? -1 : Math.exp(x - 1)))
      const zeros = draw(3)
      const { expected, variance } = momentsOn(device, theta, mean, inflated ? zeros : undefined)
      const tables = theta.map((of) => new LikelihoodMoments(Math.fround(of), inflated))
      for (let i = 0; i < cells; i++) {
        let [e, v] = [0, 0]
        for (let g = 0; g < genes; g++) {
          const at = i * genes + g
          if (mean[at]! < 0) continue
          tables[g]!.at(mean[at]!, 1 / (1 + Math.exp(-zeros[at]!)), out)
          e += out.mean
          v += out.variance
        }
        expect(Math.abs(expected[i]! - e) / Math.sqrt(v)).toBeLessThan(1e-4)
        expect(variance[i]! / v).toBeCloseTo(1, 4)
      }
    },
  )

  it('show a mean that is no number', () => {
    const { expected, variance } = momentsOn(device, [1, 2], Float32Array.of(3, Number.NaN, 3, 4))
    expect([expected[0], variance[0]]).toEqual([Number.NaN, Number.NaN])
    expect(Number.isFinite(expected[1]! + variance[1]!)).toBe(true)
  })
})

describe('moments of log-likelihoods', () => {
  it('have the same bits for 1, 2 and 3 threads, also where tables take several calls', async () => {
    const [genes, cells] = [130, 20]
    const random = new Random(9)
    const theta = Array.from({ length: genes }, () => Math.exp(random.normal()))
    // means of hundreds: each node is a sum of thousands of terms
    const mean = Float32Array.from({ length: genes * cells }, () => Math.exp(5 + 2 * random.normal()))
    const calls: number[] = []
    const runs = []
    for (const threads of [1, 2, 3]) {
      const device = await createCpuDevice({ threads })
      const profile = device.profile()
      runs.push(momentsOn(device, theta, mean))
      calls.push((await profile.table())[0]!.calls)
      await device.dispose()
    }
    expect(calls[0]).toBeGreaterThan(2)
    for (const run of runs) expect(run).toEqual(runs[0])
  })
})

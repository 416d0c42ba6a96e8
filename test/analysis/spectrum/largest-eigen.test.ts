import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { largestEigen } from '../../../src/analysis/spectrum/largest-eigen.js'
import type { SymmetricGraph } from '../../../src/analysis/spectrum/vector-blocks.js'
import { type CpuDevice, createCpuDevice } from '../../../src/device/cpu/cpu-device.js'
import { Random } from '../../../src/numeric/random.js'
import { tridiagonalEigen } from '../../../src/numeric/tridiagonal-eigen.js'

function graphOf(matrix: Float64Array, n: number): SymmetricGraph {
  const starts = new Int32Array(n + 1)
  const targets: number[] = []
  const entries: number[] = []
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      if (matrix[i * n + j] === 0) continue
      targets.push(j)
      entries.push(matrix[i * n + j]!)
    }
    starts[i + 1] = targets.length
  }
  return { n, starts, targets: Int32Array.from(targets), entries: Float64Array.from(entries) }
}

/** A symmetric matrix of normals, of which a share of the pairs is not zero. */
function randomSymmetric(n: number, seed: number, share = 1): Float64Array {
  const random = new Random(seed, 901)
  const matrix = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      if (random.next() < share) matrix[i * n + j] = matrix[j * n + i] = random.normal()
    }
  }
  return matrix
}

const diagonal = (values: readonly number[]) => {
  const matrix = new Float64Array(values.length ** 2)
  for (const [i, value] of values.entries()) matrix[i * (values.length + 1)] = value
  return graphOf(matrix, values.length)
}

/** |A v − λ v|. */
function residual(
  { n, starts, targets, entries }: SymmetricGraph,
  value: number,
  vector: Float64Array,
): number {
  let squared = 0
  for (let i = 0; i < n; i++) {
    let sum = -value * vector[i]!
    for (let at = starts[i]!; at < starts[i + 1]!; at++) sum += entries[at]! * vector[targets[at]!]!
    squared += sum ** 2
  }
  return Math.sqrt(squared)
}

const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, x, i) => sum + x * b[i]!, 0)

describe('the largest eigenvalues', () => {
  let device: CpuDevice
  beforeAll(async () => {
    device = await createCpuDevice({ threads: 1 })
  })
  afterAll(() => device.dispose())

  // 203 and 450 rows: neither fills its last four
  it.each([
    [203, 20, 1],
    [450, 100, 0.05],
  ])('of %i rows are those of the whole matrix, of either sign', (n, count, share) => {
    const matrix = randomSymmetric(n, n, share)
    const graph = graphOf(matrix, n)
    const all = Array.from(tridiagonalEigen(matrix, n).values).sort((a, b) => Math.abs(b) - Math.abs(a))
    const { values, vectors } = largestEigen(device.host, graph, count, new Random(0, 902))
    expect(Math.min(...values)).toBeLessThan(0)
    const expected = all.slice(0, count).sort((a, b) => b - a)
    for (const [j, value] of values.entries()) {
      expect(value).toBeCloseTo(expected[j]!, 8)
      expect(residual(graph, value, vectors[j]!)).toBeLessThan(1e-6)
      for (let k = 0; k <= j; k++) expect(dot(vectors[j]!, vectors[k]!)).toBeCloseTo(j === k ? 1 : 0, 10)
    }
  })

  it('are found where few differ from zero', () => {
    const graph = diagonal(Array.from({ length: 120 }, (_, i) => (i < 3 ? 5 - i : 0)))
    const { values, vectors } = largestEigen(device.host, graph, 5, new Random(0, 903))
    for (const [j, value] of [5, 4, 3, 0, 0].entries()) expect(values[j]!).toBeCloseTo(value, 8)
    for (const [j, vector] of vectors.entries()) expect(dot(vector, vector), `${j}`).toBeCloseTo(1, 10)
  })

  it('are found each as often as it is there, small ones beside large ones', () => {
    // twelve of 1, which no block holds, and 20 down to a ten-thousandth of it
    const tail = Array.from({ length: 388 }, (_, i) => 10 ** (-1 - (3 * i) / 20) * (i % 2 ? -1 : 1))
    const graph = diagonal([...new Array(12).fill(1), ...tail])
    const { values } = largestEigen(device.host, graph, 32, new Random(0, 904), { tolerance: 1e-10 })
    const expected = [...new Array(12).fill(1), ...tail.slice(0, 20)].sort((a, b) => b - a)
    for (const [j, value] of values.entries()) expect(value).toBeCloseTo(expected[j]!, 9)
  })

  it('start anew where a basis is full, and stop when told to', () => {
    // evenly spread: no gap anywhere
    const graph = diagonal(Array.from({ length: 1000 }, (_, i) => i / 1000))
    const given = { tolerance: 1e-9 }
    const once = largestEigen(device.host, graph, 40, new Random(0, 905), { ...given, maxRestarts: 0 })
    const error = ({ values, vectors }: typeof once) =>
      Math.max(...vectors.map((vector, j) => residual(graph, values[j]!, vector)))
    expect(error(once)).toBeGreaterThan(1e-9)
    const found = largestEigen(device.host, graph, 40, new Random(0, 905), given)
    expect(error(found)).toBeLessThan(1e-9)
    for (const [j, value] of found.values.entries()) expect(value).toBeCloseTo((999 - j) / 1000, 10)
  })

  it('are the same for any number of threads', async () => {
    const graph = graphOf(randomSymmetric(301, 9, 0.2), 301)
    const more = await createCpuDevice({ threads: 3 })
    const [one, three] = [device, more].map(({ host }) => largestEigen(host, graph, 20, new Random(0, 906)))
    await more.dispose()
    expect(three).toEqual(one)
  })
})

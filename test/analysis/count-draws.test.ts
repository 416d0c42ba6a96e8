import { afterAll, describe, expect, it } from 'vitest'
import { CountDraws } from '../../src/analysis/posterior/count-draws.js'
import { countAt, uniformOfCount } from '../../src/check/oracle/counts-drawn.js'
import { availableBuilds } from '../../src/device/cpu/builds.js'
import { type CpuDevice, createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { CpuTensor } from '../../src/device/cpu/cpu-tensor.js'
import { type CellRow, MISSING } from '../../src/device/device.js'

const POISSON = Number.POSITIVE_INFINITY
const SEED = 11

const uniformOf = (cell: number, gene: number, step: 0 | 1) => uniformOfCount(SEED, cell, gene, step)

interface Decoder {
  theta: readonly number[][]
  mean: (cell: number, gene: number) => number
  zeroLogit?: (cell: number, gene: number) => number
}

/** Rows drawn by a device for cells 100, 101, …, as a table with zeros. */
function drawn(device: CpuDevice, nCells: number, { theta, mean, zeroLogit }: Decoder) {
  const nGenes = theta[0]!.length
  const table = (of: (cell: number, gene: number) => number) =>
    device.tensor(
      nCells,
      nGenes,
      Float32Array.from({ length: nCells * nGenes }, (_, at) => of(Math.floor(at / nGenes), at % nGenes)),
    ) as CpuTensor
  const draws = new CountDraws(
    device.host,
    theta.map((row) => Float32Array.from(row)),
    SEED,
  )
  const cells = Int32Array.from({ length: nCells }, (_, i) => 100 + i)
  const decoded = { cells, mean: table(mean), ...(zeroLogit && { zeroLogits: table(zeroLogit) }) }
  const rows = [...draws.of(decoded, (cell) => cell % theta.length)]
  draws.release()
  return rows
}

const dense = ({ genes, counts }: CellRow, nGenes: number): Float32Array => {
  const row = new Float32Array(nGenes)
  for (const [k, gene] of genes.entries()) row[gene] = counts[k]!
  return row
}

const THETA = [
  Array.from({ length: 75 }, (_, g) => [0.3, 2, 40, POISSON][g % 4]!),
  Array.from({ length: 75 }, (_, g) => [5, 0.05, 1e6, 1][g % 4]!),
]
/** Means from none to where they are drawn in another way; some unknown. */
const meanAt = (cell: number, gene: number) =>
  (cell + gene) % 13 === 0 ? MISSING : Math.fround([0, 1e-9, 0.02, 0.4, 1, 5, 29][(3 * cell + gene) % 7]!)

describe.each(availableBuilds())('counts drawn on %s', async (kernels) => {
  const device = await createCpuDevice({ threads: 1, kernels })
  afterAll(() => device.dispose())

  it.each([false, true])(
    'are the quantiles of their own random words, with inflated zeros: %s',
    (inflated) => {
      const zeroLogit = (cell: number, gene: number) => ((cell * 5 + gene) % 9) - 4
      const rows = drawn(device, 70, { theta: THETA, mean: meanAt, ...(inflated && { zeroLogit }) })
      for (const [i, row] of rows.entries()) {
        const actual = dense(row, 75)
        expect(row.genes).toEqual(Int32Array.from(row.genes).sort())
        expect(row.counts.every((count) => count !== 0)).toBe(true)
        for (let g = 0; g < 75; g++) {
          const mean = meanAt(i, g)
          const dropped = inflated && uniformOf(100 + i, g, 1) < 1 / (1 + Math.exp(-zeroLogit(i, g)))
          const count = countAt(uniformOf(100 + i, g, 0), mean, Math.fround(THETA[i % 2]![g]!))
          expect(actual[g], `cell ${i} gene ${g}`).toBe(mean === MISSING ? MISSING : dropped ? 0 : count)
        }
      }
    },
  )

  it.each([
    [31, 0.05],
    [200, 0.5],
    [1000, 20],
    [40, POISSON],
    [5000, POISSON],
  ])('have mean and variance where they are large, mean %d and θ %d', (mean, theta) => {
    const [nCells, nGenes] = [40, 150]
    const rows = drawn(device, nCells, { theta: [new Array(nGenes).fill(theta)], mean: () => mean })
    const counts = rows.flatMap((row) => Array.from(dense(row, nGenes)))
    const n = counts.length
    const average = counts.reduce((a, b) => a + b, 0) / n
    const variance = mean + mean ** 2 / theta
    expect(Math.abs(average - mean) / Math.sqrt(variance / n)).toBeLessThan(4)
    const squares = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / n
    // its standard error by the fourth moment: kurtosis 3 + 6/θ + 1/variance
    const error = Math.sqrt((2 + 6 / theta + 1 / variance) / n)
    expect(Math.abs(squares / variance - 1) / error).toBeLessThan(4)
    expect(counts.every((count) => Number.isInteger(count) && count >= 0)).toBe(true)
  })
})

describe('counts drawn', () => {
  it('are the same for 1, 2 and 3 threads', async () => {
    const runs = []
    for (const threads of [1, 2, 3]) {
      const device = await createCpuDevice({ threads })
      const mean = (cell: number, gene: number) => Math.abs(meanAt(cell, gene)) * (gene % 3 === 0 ? 40 : 1)
      runs.push(drawn(device, 70, { theta: THETA, mean }))
      await device.dispose()
    }
    for (const run of runs) expect(run).toEqual(runs[0])
  })
})

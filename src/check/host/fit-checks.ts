import { nearestToPoints } from '../../analysis/neighbors/nearest-to-points.js'
import { PearsonSums, VARIANCE_FLOOR } from '../../analysis/outliers/pearson-sums.js'
import type { CpuTensor } from '../../device/cpu/cpu-tensor.js'
import { MISSING } from '../../device/device.js'
import { Draws } from '../oracle/draws.js'
import type { HostCheck } from './host-check.js'

/** Neither a vector of genes nor one of cells is filled by these. */
const GENES = 150
const CELLS = 21

/** How counts fit, and which cells points are next to. */
export const fitChecks = (): HostCheck[] => [nearestCheck(), pearsonCheck(false), pearsonCheck(true)]

function nearestCheck(): HostCheck {
  const [points, cells, dims, k] = [37, 205, 6, 5]
  const draws = new Draws(940)
  const at = { values: draws.normals(points * dims), rows: points, columns: dims }
  const among = { values: draws.normals(cells * dims), rows: cells, columns: dims }
  const leftOut = Int32Array.from({ length: points }, (_, i) => (i % 5 === 0 ? -1 : (i * 7) % cells))
  // two cells in one place: the lower comes first
  among.values.copyWithin(dims * 9, dims * 3, dims * 4)
  at.values.set(among.values.subarray(dims * 3, dims * 4), 0)
  return {
    name: `cells nearest to points: ${points} points, ${cells} cells`,
    async run({ host }) {
      const { indices, distances } = await nearestToPoints(host, at, leftOut, among, k)
      return { indices: Float32Array.from(indices), distances }
    },
    expected() {
      const lists = Array.from({ length: points }, (_, i) =>
        Array.from({ length: cells }, (_, cell) => {
          let squared = 0
          for (let f = 0; f < dims; f++)
            squared += (at.values[i * dims + f]! - among.values[cell * dims + f]!) ** 2
          return { cell, distance: Math.sqrt(squared) }
        })
          .filter(({ cell }) => cell !== leftOut[i])
          .sort((a, b) => a.distance - b.distance || a.cell - b.cell)
          .slice(0, k),
      ).flat()
      return {
        indices: { values: Float64Array.from(lists, ({ cell }) => cell), tolerance: 0 },
        distances: {
          values: Float64Array.from(lists, ({ distance }) => distance),
          tolerance: 1e-5,
          scale: 1,
        },
      }
    },
  }
}

function pearsonCheck(inflated: boolean): HostCheck {
  const draws = new Draws(950)
  const theta = [0, 1].map(() => draws.normals(GENES, 2).map((x, g) => (g % 7 === 3 ? 1e15 : Math.exp(x))))
  const mean = draws.normals(CELLS * GENES, 2).map((x) => (draws.uniform() < 0.1 ? MISSING : Math.exp(x - 1)))
  const logits = inflated ? draws.normals(CELLS * GENES, 3) : undefined
  const counts = mean.map((m) =>
    m < 0 ? MISSING : draws.uniform() < 0.6 ? 0 : Math.floor(3 * m * draws.uniform()),
  )
  const rows = Array.from({ length: CELLS }, (_, i) => {
    const genes = Int32Array.from({ length: GENES }, (_, g) => g).filter((g) => counts[i * GENES + g] !== 0)
    return { genes, counts: Float32Array.from(genes, (g) => counts[i * GENES + g]!) }
  })
  return {
    name: `fit of counts: ${inflated ? 'zinb' : 'nb and poisson'}`,
    async run(device) {
      const sums = new PearsonSums(device.host, theta, CELLS)
      const tensor = (values: Float32Array) => device.tensor(CELLS, GENES, values) as CpuTensor
      const tensors = { mean: tensor(mean), ...(logits && { zeroLogits: tensor(logits) }) }
      try {
        const cells = Int32Array.from({ length: CELLS }, (_, i) => i)
        return { statistic: Float32Array.from(sums.of({ cells, ...tensors }, rows, (cell) => cell % 2)) }
      } finally {
        sums.release()
        device.release(...Object.values(tensors))
      }
    },
    expected() {
      const values = Float64Array.from({ length: CELLS }, (_, i) => {
        let total = 0
        let known = 0
        for (let g = 0; g < GENES; g++) {
          const m = mean[i * GENES + g]!
          if (m < 0) continue
          const drop = logits ? 1 / (1 + Math.exp(-logits[i * GENES + g]!)) : 0
          const expected = (1 - drop) * m
          const variance = expected * (1 + m / theta[i % 2]![g]! + drop * m)
          total += (counts[i * GENES + g]! - expected) ** 2 / (variance + VARIANCE_FLOOR)
          known++
        }
        return Math.log(total / known)
      })
      return { statistic: { values, tolerance: 1e-4, scale: 1 } }
    },
  }
}

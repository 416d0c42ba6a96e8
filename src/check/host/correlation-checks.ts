import { GammaDraws } from '../../analysis/correlation/gamma-draws.js'
import { ProductSums } from '../../analysis/correlation/product-sums.js'
import type { CpuTensor } from '../../device/cpu/cpu-tensor.js'
import { padded } from '../../device/cpu/cpu-tensor.js'
import { HostSpace } from '../../device/host-space.js'
import { Draws } from '../oracle/draws.js'
import { gammaAt } from '../oracle/gamma-drawn.js'
import type { HostCheck } from './host-check.js'

const SEED = 23

/** What correlations of genes are made of. */
export const correlationChecks = (): HostCheck[] => [gammasCheck(), productsCheck()]

function gammasCheck(): HostCheck {
  const [rows, genes] = [40, 19]
  const chosen = Int32Array.of(18, 0, 3, 7, 11, 12)
  const means = new Draws(980).normals(rows * genes).map((x) => Math.exp(2 * x))
  const theta = [0, 1].map((batch) =>
    Float32Array.from(
      { length: genes },
      (_, gene) => [0.08, 0.9, 3, 400, Number.POSITIVE_INFINITY][(gene + batch) % 5]!,
    ),
  )
  const codes = Int32Array.from({ length: rows }, (_, row) => row % 2)
  const numbers = Int32Array.from({ length: rows }, (_, row) => 1000 + 7 * row)
  return {
    name: `gammas: ${chosen.length} genes of ${rows} draws`,
    async run(device) {
      const mean = device.tensor(rows, genes, means) as CpuTensor
      const gammas = new GammaDraws(device.host, theta, chosen, rows, SEED)
      try {
        gammas.draw({ mean }, codes, numbers)
        const { floats } = device.host.arena
        const drawn = Array.from({ length: rows }, (_, row) => {
          const at = gammas.values + row * gammas.width
          return Array.from(floats.subarray(at, at + chosen.length))
        })
        return { drawn: Float32Array.from(drawn.flat()) }
      } finally {
        gammas.release()
        device.release(mean)
      }
    },
    expected() {
      const drawn = Array.from({ length: rows }, (_, row) =>
        Array.from(chosen, (gene) => {
          const [mean, shape] = [means[row * genes + gene]!, theta[codes[row]!]![gene]!]
          if (shape === Number.POSITIVE_INFINITY) return mean
          return (mean * gammaAt(SEED, numbers[row]!, gene, shape)) / shape
        }),
      ).flat()
      return { drawn: { values: drawn, tolerance: 1e-5, scale: drawn } }
    },
  }
}

function productsCheck(): HostCheck {
  const [rows, columns] = [600, 131]
  const values = new Draws(990).normals(rows * columns)
  // columns that go together, and one that does not vary
  const at = (row: number, k: number) =>
    k === 5 ? 2 : values[row * columns + k]! + (k % 3 === 0 ? values[row * columns]! : 0)
  return {
    name: `gene products: ${columns} genes over ${rows} rows`,
    async run(device) {
      const space = new HostSpace(device.host.arena)
      const row = space.take(padded(columns))
      const sums = new ProductSums(device.host, columns, padded(columns))
      try {
        for (let r = 0; r < rows; r++) {
          for (let k = 0; k < columns; k++) device.host.arena.floats[row + k] = at(r, k)
          sums.add(row, (value) => value)
        }
        // what does not vary has no correlation
        return { correlations: sums.correlations().map((value) => (Number.isNaN(value) ? -9 : value)) }
      } finally {
        sums.release()
        space.release()
      }
    },
    expected() {
      const column = (k: number) => Float64Array.from({ length: rows }, (_, r) => Math.fround(at(r, k)))
      const centred = Array.from({ length: columns }, (_, k) => {
        const all = column(k)
        const mean = all.reduce((a, b) => a + b, 0) / rows
        return all.map((value) => value - mean)
      })
      const product = (i: number, j: number) =>
        centred[i]!.reduce((sum, x, r) => sum + x * centred[j]![r]!, 0)
      const squares = centred.map((_, k) => product(k, k))
      const correlations = centred.flatMap((_, i) =>
        centred.map((_, j) =>
          i === 5 || j === 5 ? -9 : product(i, j) / Math.sqrt(squares[i]! * squares[j]!),
        ),
      )
      return { correlations: { values: correlations, tolerance: 1e-5, scale: 1 } }
    },
  }
}

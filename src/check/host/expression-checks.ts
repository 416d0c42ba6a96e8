import { PairScales } from '../../analysis/expression/pair-scales.js'
import { ScaleSums } from '../../analysis/expression/scale-sums.js'
import type { CpuDevice } from '../../device/cpu/cpu-device.js'
import type { CpuTensor } from '../../device/cpu/cpu-tensor.js'
import { Draws } from '../oracle/draws.js'
import { geneEffect } from '../oracle/gene-effect.js'
import type { HostCheck } from './host-check.js'

const GENES = 21
const PAIRS = 701
const [PSEUDOCOUNT, DELTA] = [1e-4, 0.25]

/** What answers about expression are made of: sums over draws, effects of genes over pairs of draws. */
export const expressionChecks = (): HostCheck[] => [
  sumsCheck(),
  sumsCheck(Int32Array.of(3, 20)),
  effectsCheck(),
]

/** Decoded scales as genes × rows, from rows × genes. */
function withScales<T>(device: CpuDevice, values: Float32Array, work: (scales: CpuTensor) => T): T {
  const rows = values.length / GENES
  const byGene = values.map((_, i) => values[(i % rows) * GENES + Math.floor(i / rows)]!)
  const scales = device.tensor(GENES, rows, byGene) as CpuTensor
  try {
    return work(scales)
  } finally {
    device.release(scales)
  }
}

const scales = (draws: Draws, rows: number) => draws.normals(rows * GENES).map((x) => Math.exp(2 * x - 6))

/** @param chosen genes that are summed; all when left out */
function sumsCheck(chosen?: Int32Array): HostCheck {
  const [rows, cells] = [70, 21]
  const draws = new Draws(960)
  const values = scales(draws, rows)
  // some rows go to cells side by side, the others anywhere
  const to = Int32Array.from({ length: rows }, (_, row) => (row < 32 ? 3 + (row % 16) : draws.below(cells)))
  const factors = draws.uniforms(rows)
  const columns = chosen ?? Int32Array.from({ length: GENES }, (_, gene) => gene)
  return {
    name: `scale sums: ${columns.length} of ${GENES} genes`,
    async run(device) {
      const sums = new ScaleSums(device.host, GENES, cells, rows, chosen)
      try {
        withScales(device, values, (mean) => sums.add(mean, to, factors))
        return { sums: sums.take(cells) }
      } finally {
        sums.release()
      }
    },
    expected() {
      const sums = new Float64Array(cells * columns.length)
      for (let row = 0; row < rows; row++) {
        for (const [k, gene] of columns.entries())
          sums[to[row]! * columns.length + k]! += factors[row]! * values[row * GENES + gene]!
      }
      return { sums: { values: sums, tolerance: 1e-6, scale: sums } }
    },
  }
}

function effectsCheck(): HostCheck {
  const draws = new Draws(970)
  const sides = [scales(draws, PAIRS), scales(draws, PAIRS)] as const
  return {
    name: `pair effects: ${GENES} genes in ${PAIRS} pairs`,
    async run(device) {
      const pairs = new PairScales(device.host, GENES, PAIRS)
      try {
        for (const side of [0, 1] as const) {
          withScales(device, sides[side], (mean) => {
            pairs.put(side, mean, PAIRS, 0, 0)
            pairs.seek(side, mean, PAIRS)
          })
        }
        const effects = pairs.effects(0, PSEUDOCOUNT, DELTA)
        return {
          effects: Float32Array.from(effects.flatMap((effect) => Object.values(effect))),
          largest: pairs.largest(1),
        }
      } finally {
        pairs.release()
      }
    },
    expected() {
      const column = (side: 0 | 1, gene: number) =>
        Array.from({ length: PAIRS }, (_, pair) => sides[side][pair * GENES + gene]!)
      const genes = Array.from({ length: GENES }, (_, gene) => gene)
      const effects = genes.flatMap((gene) =>
        Object.values(geneEffect(column(0, gene), column(1, gene), PSEUDOCOUNT, DELTA)),
      )
      return {
        effects: { values: effects, tolerance: 5e-5, scale: 1 },
        largest: { values: genes.map((gene) => Math.max(...column(1, gene))), tolerance: 0 },
      }
    },
  }
}

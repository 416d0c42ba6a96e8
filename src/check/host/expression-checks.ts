import { GeneScales } from '../../analysis/expression/gene-scales.js'
import { PairScales } from '../../analysis/expression/pair-scales.js'
import { ScaleSums } from '../../analysis/expression/scale-sums.js'
import type { CpuDevice } from '../../device/cpu/cpu-device.js'
import { CpuTensor, padded } from '../../device/cpu/cpu-tensor.js'
import { HostSpace } from '../../device/host-space.js'
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
  effectsCheck(true),
  largestCheck(),
]

function byGene(values: Float32Array): Float32Array {
  const rows = values.length / GENES
  return values.map((_, i) => values[(i % rows) * GENES + Math.floor(i / rows)]!)
}

/** Decoded scales as genes × rows, from rows × genes. */
function withScales<T>(device: CpuDevice, values: Float32Array, work: (scales: CpuTensor) => T): T {
  const scales = device.tensor(GENES, values.length / GENES, byGene(values)) as CpuTensor
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

/** @param ordered whether scales of the second group are of more draws, of which each pair has one */
function effectsCheck(ordered = false): HostCheck {
  const draws = new Draws(970)
  const first = scales(draws, PAIRS)
  const nDraws = ordered ? PAIRS + 60 : PAIRS
  const second = scales(draws, nDraws)
  const order = Int32Array.from({ length: PAIRS }, (_, pair) =>
    ordered ? pair + Math.floor(pair / 12) : pair,
  )
  const genes = Array.from({ length: GENES }, (_, gene) => gene)
  return {
    name: `pair effects: ${GENES} genes in ${PAIRS} pairs${ordered ? `, of ${nDraws} draws` : ''}`,
    async run(device) {
      const space = new HostSpace(device.host.arena)
      const shared = ordered
        ? { scales: new GeneScales(device.host, space, GENES, nDraws), order }
        : undefined
      const pairs = new PairScales(device.host, GENES, PAIRS, shared)
      try {
        withScales(device, first, (mean) => pairs.put(0, mean, PAIRS, 0, 0))
        withScales(device, second, (mean) =>
          shared ? shared.scales.put(mean, nDraws, 0, 0) : pairs.put(1, mean, PAIRS, 0, 0),
        )
        const effects = pairs.effects(0, PSEUDOCOUNT, DELTA)
        return {
          effects: Float32Array.from(effects.flatMap((effect) => Object.values(effect))),
          largest: pairs.largest(1, Int32Array.from(genes)),
        }
      } finally {
        pairs.release()
        space.release()
      }
    },
    expected() {
      const column = (gene: number) => [
        Array.from({ length: PAIRS }, (_, pair) => first[pair * GENES + gene]!),
        Array.from(order, (draw) => second[draw * GENES + gene]!),
      ]
      const effects = genes.flatMap((gene) => {
        const [one, other] = column(gene)
        return Object.values(geneEffect(one!, other!, PSEUDOCOUNT, DELTA))
      })
      return {
        effects: { values: effects, tolerance: 5e-5, scale: 1 },
        largest: { values: genes.map((gene) => Math.max(...column(gene)[1]!)), tolerance: 0 },
      }
    },
  }
}

/** As it is sought where scales of all genes are never there together. */
function largestCheck(): HostCheck {
  const rows = 37
  const values = scales(new Draws(980), rows)
  const genes = Array.from({ length: GENES }, (_, gene) => gene)
  return {
    name: `largest scales of ${GENES} genes in ${rows} rows`,
    async run({ host }) {
      const space = new HostSpace(host.arena)
      try {
        const mean = new CpuTensor(GENES, rows, space.take(GENES * padded(rows)))
        mean.write(host.arena, byGene(values))
        const largest = space.take(padded(GENES))
        host.call('raiseLargest', { rows, genes: GENES, mean, width: mean.stride, largest })
        return { largest: host.arena.floats.slice(largest, largest + GENES) }
      } finally {
        space.release()
      }
    },
    expected() {
      const largest = genes.map((gene) =>
        Math.max(...Array.from({ length: rows }, (_, row) => values[row * GENES + gene]!)),
      )
      return { largest: { values: largest, tolerance: 0 } }
    },
  }
}

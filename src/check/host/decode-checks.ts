import { writeAddress } from '../../device/cpu/addresses.js'
import type { CpuDevice } from '../../device/cpu/cpu-device.js'
import { type CpuTensor, padded, ROW_UNIT } from '../../device/cpu/cpu-tensor.js'
import type { DecoderArguments } from '../../device/cpu/kernel-arguments.js'
import { LotDecoder } from '../../device/cpu/lot-decoder.js'
import type { Tensor } from '../../device/device.js'
import { HostSpace } from '../../device/host-space.js'
import { Draws } from '../oracle/draws.js'
import { at, filled, type Matrix, matrix, multiply, transpose } from '../oracle/matrix.js'
import type { HostCheck } from './host-check.js'

/** Two lots of rows, the last one not full, and two blocks of genes. */
const [ROWS, GENES, HIDDEN] = [80, 203, 37]
/** Groups of sixteen cells, of which each row unit is of one. */
const GROUPS = [2, 0, 2, 2, 1]

/** Means of hidden units gene by gene, and their sums over the draws of cells. */
export const decodeChecks = (): HostCheck[] => [
  meansCheck(false),
  meansCheck(true),
  sumsCheck(),
  sumsCheck(Int32Array.of(202, 0, 5)),
  turnedCheck(),
]

/** What is decoded: large logits too, which only a softmax from its maximum survives. */
function setting(drawnSizes: boolean) {
  const draws = new Draws(950)
  const hidden = draws.normals(ROWS * HIDDEN, 2)
  const weight = draws.normals(GENES * HIDDEN, 1.5)
  const bias = draws.normals(GENES, 3)
  const size = draws.uniforms(ROWS, 1, 3000)
  return { hidden, weight, bias, size: drawnSizes ? size.map(Math.log) : size }
}

function withDecoder<T>(
  device: CpuDevice,
  drawnSizes: boolean,
  work: (decoder: DecoderArguments, space: HostSpace) => T,
): T {
  const { hidden, weight, bias, size } = setting(drawnSizes)
  const tensors = [
    device.tensor(ROWS, HIDDEN, hidden),
    device.tensor(GENES, HIDDEN, weight),
    device.tensor(1, GENES, bias),
    device.tensor(ROWS, 1, size),
  ] as [CpuTensor, Tensor, Tensor, Tensor]
  const lots = new LotDecoder(device.host, GENES, HIDDEN)
  const space = new HostSpace(device.host.arena)
  try {
    const decoder = lots.arguments({
      rows: ROWS,
      hidden: tensors[0],
      weight: tensors[1],
      bias: tensors[2],
      logSize: drawnSizes ? tensors[3] : undefined,
      size: drawnSizes ? 0 : space.floats(size),
    })
    return work(decoder, space)
  } finally {
    space.release()
    lots.release()
    device.release(...tensors)
  }
}

/** Rows × genes. */
function expectedMeans(drawnSizes: boolean): Matrix {
  const { hidden, weight, bias, size } = setting(drawnSizes)
  const products = multiply(matrix(ROWS, HIDDEN, hidden), transpose(matrix(GENES, HIDDEN, weight)))
  const logits = filled(ROWS, GENES, (row, gene) => at(products, row, gene) + bias[gene]!)
  return filled(ROWS, GENES, (row, gene) => {
    let sum = 0
    for (let other = 0; other < GENES; other++)
      sum += Math.exp(at(logits, row, other) - at(logits, row, gene))
    return (drawnSizes ? Math.exp(size[row]!) : size[row]!) / sum
  })
}

/** Of logits some tens large, whose rounding shows in the means. */
const TOLERANCE = 1e-4

function meansCheck(drawnSizes: boolean): HostCheck {
  return {
    name: `decode genes: ${drawnSizes ? 'drawn' : 'observed'} sizes`,
    run: async (device) =>
      withDecoder(device, drawnSizes, (decoder, space) => {
        const meanWidth = padded(ROWS) + ROW_UNIT
        const mean = space.take(GENES * meanWidth)
        device.host.call('decodeGenes', { decoder, mean, meanWidth })
        const { floats } = device.host.arena
        const means = Float32Array.from(
          { length: GENES * ROWS },
          (_, i) => floats[mean + Math.floor(i / ROWS) * meanWidth + (i % ROWS)]!,
        )
        return { means }
      }),
    expected() {
      const { values } = transpose(expectedMeans(drawnSizes))
      return { means: { values, tolerance: TOLERANCE, scale: values.map((x) => Math.max(x, 1e-3)) } }
    },
  }
}

/** @param chosen genes that are summed; all when left out */
function sumsCheck(chosen?: Int32Array): HostCheck {
  const factors = new Draws(951).uniforms(ROWS)
  const genes = chosen ?? Int32Array.from({ length: GENES }, (_, gene) => gene)
  const words = 3 * genes.length * ROW_UNIT
  return {
    name: `decoded sums: ${genes.length} of ${GENES} genes`,
    run: async (device) =>
      withDecoder(device, false, (decoder, space) => {
        const { arena, call } = device.host
        const mean = device.tensor(GENES, ROWS) as CpuTensor
        const given = {
          genes: genes.length,
          chosen: chosen ? space.ints(chosen) : 0,
          groups: space.ints(GROUPS),
          factor: space.floats(factors),
        }
        const [decoded, added] = [space.take(words), space.take(words)]
        // the first lot and the second one meet in a group
        call('addDecoded', { decoder, together: 2 * ROWS, ...given, sums: decoded })
        call('decodeGenes', { decoder, mean: mean.offset, meanWidth: mean.stride })
        call('addGroups', { rows: ROWS, mean, width: mean.stride, ...given, sums: added })
        device.release(mean)
        const sums = (from: number) => arena.floats.slice(from, from + words)
        return { decoded: sums(decoded), added: sums(added) }
      }),
    expected() {
      const means = expectedMeans(false)
      const values = new Float64Array(words)
      for (let row = 0; row < ROWS; row++)
        for (const [k, gene] of genes.entries()) {
          const group = GROUPS[Math.floor(row / ROW_UNIT)]!
          values[(group * genes.length + k) * ROW_UNIT + (row % ROW_UNIT)]! +=
            factors[row]! * at(means, row, gene)
        }
      const sums = { values, tolerance: TOLERANCE, scale: values.map((x) => Math.max(x, 1e-3)) }
      return { decoded: sums, added: sums }
    },
  }
}

/** Sums of groups as rows of cells, the last group not full: in the kernels' memory, and where it lies elsewhere. */
function turnedCheck(): HostCheck {
  const [cells, genes, outputWidth] = [37, 21, 23]
  const sums = new Draws(952).normals(padded(cells) * genes)
  return {
    name: `turned groups: ${cells} cells`,
    async run({ host }) {
      const { arena, addressOf } = host
      const space = new HostSpace(arena)
      try {
        const output = space.take(cells * outputWidth)
        const given = { cells, genes, sums: space.floats(sums), outputWidth }
        host.call('turnGroups', { ...given, output, address: 0 })
        const inside = arena.floats.slice(output, output + cells * outputWidth)
        const outside = new Float32Array(cells * outputWidth)
        if (addressOf) {
          const address = space.take(2)
          writeAddress(arena.ints, address, addressOf(outside))
          host.call('turnGroups', { ...given, output: 0, address })
        } else outside.set(inside)
        return { inside, outside }
      } finally {
        space.release()
      }
    },
    expected() {
      const values = Array.from({ length: cells * outputWidth }, (_, i) => {
        const [cell, gene] = [Math.floor(i / outputWidth), i % outputWidth]
        return gene < genes
          ? sums[(Math.floor(cell / ROW_UNIT) * genes + gene) * ROW_UNIT + (cell % ROW_UNIT)]!
          : 0
      })
      const rows = { values, tolerance: 0 }
      return { inside: rows, outside: rows }
    },
  }
}

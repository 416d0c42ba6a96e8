import { BLOCK, VectorBlocks } from '../../analysis/spectrum/vector-blocks.js'
import { HostSpace } from '../../device/host-space.js'
import { Draws } from '../oracle/draws.js'
import { type Columns, graphTimesVectors, productsOf, sumOfVectors } from '../oracle/vector-blocks.js'
import type { HostCheck } from './host-check.js'

const BLOCKS = 3
/** Of sums in float64 that are handed over as float32. */
const TOLERANCE = 2e-7

/** Blocks of vectors in double precision, of which eigenvectors of a graph are made: of more rows than kernels keep near, in whole tiles and not. */
export const blockChecks = (): HostCheck[] => [304, 301].map(vectorBlocksCheck)

function vectorBlocksCheck(rows: number): HostCheck {
  const draws = new Draws(990)
  const normals = (columns: number, length = rows): Columns => ({
    values: Float64Array.from({ length: length * columns }, () => draws.normal()),
    columns,
  })
  // a row without entries among them
  const entries = Array.from({ length: rows - 1 }, (_, row) =>
    Array.from({ length: row % 7 }, () => ({ row, column: draws.below(rows), value: draws.normal() })),
  ).flat()
  const starts = new Int32Array(rows + 1)
  for (const { row } of entries) starts[row + 1]!++
  for (let row = 0; row < rows; row++) starts[row + 1]! += starts[row]!
  const graph = {
    ...{ n: rows, starts, targets: Int32Array.from(entries, ({ column }) => column) },
    entries: Float64Array.from(entries, ({ value }) => value),
  }
  const given = Array.from({ length: BLOCKS }, () => normals(BLOCK))
  const factors = normals(BLOCK, BLOCKS * BLOCK)
  const factor = 0.75
  return {
    name: `blocks of vectors: ${BLOCKS} of ${rows} rows`,
    async run({ host }) {
      const space = new HostSpace(host.arena)
      try {
        const blocks = new VectorBlocks(host, space, graph, BLOCKS + 1)
        for (const [b, { values }] of given.entries()) blocks.vectors(b).set(values)
        const products = blocks.products(0, BLOCKS, 1)
        blocks.add(0, BLOCKS, factors.values, BLOCKS, 2)
        const sums = Float32Array.from(blocks.vectors(BLOCKS))
        blocks.multiply(0, 1, factor, 1)
        return {
          products: Float32Array.from(products),
          sums,
          multiplied: Float32Array.from(blocks.vectors(1)),
        }
      } finally {
        space.release()
      }
    },
    expected() {
      const [first, second, third] = given as [Columns, Columns, Columns]
      const all: Columns = {
        values: Float64Array.from({ length: rows * BLOCKS * BLOCK }, (_, at) => {
          const [row, column] = [Math.floor(at / (BLOCKS * BLOCK)), at % (BLOCKS * BLOCK)]
          return given[Math.floor(column / BLOCK)]!.values[row * BLOCK + (column % BLOCK)]!
        }),
        columns: BLOCKS * BLOCK,
      }
      return {
        products: { values: productsOf(all, second), tolerance: TOLERANCE },
        sums: { values: sumOfVectors(all, factors, third), tolerance: TOLERANCE },
        multiplied: { values: graphTimesVectors(entries, first, factor, second), tolerance: TOLERANCE },
      }
    },
  }
}

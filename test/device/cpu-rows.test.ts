import { describe, expect, it } from 'vitest'
import { availableBuilds } from '../../src/device/cpu/builds.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { CellRow, CountSource } from '../../src/device/device.js'

const GENES = 40
const CELLS = 37

/** Cell after cell, from none to all of the genes, with counts that tell every place apart. */
const ROWS: readonly CellRow[] = Array.from({ length: CELLS }, (_, cell) => {
  const genes = Array.from({ length: GENES }, (_, gene) => gene).filter(
    (gene) => (gene * 7 + cell * 3) % 36 < cell,
  )
  return { genes: Int32Array.from(genes), counts: Float32Array.from(genes, (gene) => 1 + gene + 100 * cell) }
})

/** The rows as views, at odd places, of two buffers that all cells share. */
function sharedBuffers(): readonly CellRow[] {
  const entries = ROWS.reduce((n, { genes }) => n + genes.length, 0)
  const genes = new Int32Array(entries + 1)
  const counts = new Float32Array(entries + 3)
  let at = 0
  return ROWS.map((row) => {
    const end = at + row.genes.length
    genes.set(row.genes, at + 1)
    counts.set(row.counts, at + 3)
    const views = { genes: genes.subarray(at + 1, end + 1), counts: counts.subarray(at + 3, end + 3) }
    at = end
    return views
  })
}

const copied = (row: CellRow): CellRow => ({ genes: row.genes.slice(), counts: row.counts.slice() })
const shared = sharedBuffers()

const SOURCES: Record<string, CountSource['load']> = {
  'in buffers of their own': (cells) => Array.from(cells, (cell) => ROWS[cell]!),
  'in shared buffers': (cells) => Array.from(cells, (cell) => shared[cell]!),
  'made for the minibatch alone': (cells) => Array.from(cells, (cell) => copied(ROWS[cell]!)),
  fetched: async (cells) => Array.from(cells, (cell) => copied(ROWS[cell]!)),
}

const builds = availableBuilds()

describe.each([builds[0]!, builds.at(-1)!])('rows on %s', (kernels) => {
  it.each(Object.entries(SOURCES))('come as they are, %s', async (_, load) => {
    const device = await createCpuDevice({ threads: 3, kernels })
    try {
      const source = {
        nCells: CELLS,
        nGenes: GENES,
        counts: { nCells: CELLS, nGenes: GENES, load },
        categorical: [new Int32Array(CELLS)],
        continuous: [],
        size: new Float32Array(CELLS).fill(1),
      }
      const batch = await device.minibatch(source, CELLS)
      const output = device.tensor(CELLS, GENES)
      const one = Float32Array.from({ length: GENES * GENES }, (_, i) => (i % (GENES + 1) === 0 ? 1 : 0))
      const [weight] = device.parameters([{ name: 'one', rows: GENES, columns: GENES, values: one }])
      // in turn, so that nothing is left over from another: many of the counts not zero, few, and many again
      for (const [first, end] of [
        [5, CELLS],
        [0, 12],
        [0, CELLS],
        [2, 9],
      ] as const) {
        const cells = Int32Array.from({ length: end - first }, (_, i) => end - 1 - i)
        await device.load(batch, cells)
        device.gather(batch, cells)
        device.kernels.sparseLinear({
          batch,
          weight: weight!,
          covariates: { categories: [0], continuous: 0 },
          output,
        })
        const found = await device.read(output)
        for (const [i, cell] of cells.entries()) {
          const expected = new Float32Array(GENES)
          const { genes, counts } = ROWS[cell]!
          for (const [k, gene] of genes.entries()) expected[gene] = Math.log1p(counts[k]!)
          const errors = expected.map((x, gene) => Math.abs(x - found[i * GENES + gene]!))
          expect(Math.max(...errors)).toBeLessThan(1e-5)
        }
      }
    } finally {
      await device.dispose()
    }
  })
})

import { describe, expect, it } from 'vitest'
import { countsInMemory } from '../../src/cells/counts-in-memory.js'
import { availableBuilds } from '../../src/device/cpu/builds.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { CellRow, CellSource } from '../../src/device/device.js'
import { MISSING } from '../../src/numeric/missing.js'
import { PackedRow, packRow } from '../../src/numeric/packed-row.js'
import { trainOptions } from '../../src/train/options.js'
import { Trainer } from '../../src/train/trainer.js'
import { bits, smallCells, smallNetwork } from '../train/small-cells.js'

const N_GENES = 60
const cells = smallCells(200, N_GENES)
const rows = (await cells.counts.load(Int32Array.from({ length: 200 }, (_, cell) => cell))).map(
  ({ genes, counts }) => ({ genes, counts }),
)

/** Every gene of a cell has a count. */
const filled = ({ genes, counts }: CellRow): CellRow => {
  const all = new Float32Array(N_GENES).fill(2)
  for (const [k, gene] of genes.entries()) all[gene] = counts[k]!
  return { genes: Int32Array.from(all.keys()), counts: all }
}

const changed = (of: (count: number, k: number, cell: number) => number) => (row: CellRow, cell: number) => ({
  ...row,
  counts: row.counts.map((count, k) => of(count, k, cell)),
})

interface Form {
  of: (row: CellRow, cell: number) => CellRow
  missing?: boolean
  nGenes?: number
}

/** What counts may be like, of every cell's row. */
const FORMS: Record<string, Form> = {
  few: { of: (row) => row },
  'of far genes': {
    of: ({ genes, counts }) => ({ genes: genes.map((gene) => 600 * gene), counts }),
    nGenes: 600 * N_GENES,
  },
  many: { of: filled },
  'large ones and fractions': {
    of: changed((count, k, cell) =>
      cell % 3 ? count + 20_000 * (k % 3) : k % 5 === 0 ? count + 70_000 : count + 0.25,
    ),
  },
  'large ones among many': {
    of: (row, cell) => changed((count, k) => (cell % 3 || k % 9 ? count : 1e5))(filled(row), cell),
  },
  'missing ones': {
    of: changed((count, k, cell) => ((k + cell) % 11 === 0 ? MISSING : count)),
    missing: true,
  },
}

const sourceOf = (
  row: (cell: number) => CellRow,
  { missing = false, nGenes = N_GENES }: Form,
): CellSource => ({
  ...cells,
  nGenes,
  counts: countsInMemory(200, nGenes, row, missing),
})

/** Where no C compiler is, there are no native kernels. */
const KERNELS = (['native', 'wasm'] as const).filter((kernels) =>
  availableBuilds().some((build) => build.startsWith(kernels)),
)

async function trained(source: CellSource, kernels: 'native' | 'wasm'): Promise<Record<string, string>> {
  const device = await createCpuDevice({ threads: 2, kernels })
  try {
    const network = smallNetwork(device, source)
    const options = trainOptions({ maxEpochs: 1, batchSize: 64, earlyStopping: false, seed: 5 })
    await new Trainer(network, source, options).run()
    return bits(await network.state())
  } finally {
    await device.dispose()
  }
}

describe.each(KERNELS)('rows in words, %s kernels', (kernels) => {
  it.each(Object.entries(FORMS))('train the same bits, %s', async (_, form) => {
    const { of } = form
    const plain = await trained(
      sourceOf((cell) => of(rows[cell]!, cell), form),
      kernels,
    )
    const packed = (cell: number) => packRow(of(rows[cell]!, cell))
    expect(packed(0)).toBeInstanceOf(PackedRow)
    expect(await trained(sourceOf(packed, form), kernels)).toEqual(plain)
    const half = (cell: number) => (cell % 2 ? packed(cell) : of(rows[cell]!, cell))
    expect(await trained(sourceOf(half, form), kernels)).toEqual(plain)
  })
})

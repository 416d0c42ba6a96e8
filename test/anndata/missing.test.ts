import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkCounts } from '../../src/anndata/counts/check-counts.js'
import { toCsr } from '../../src/anndata/counts/csr-arrays.js'
import { takeCounts } from '../../src/anndata/counts/take-counts.js'
import type { Group } from '../../src/anndata/hdf5/hdf5.js'
import { readAnnData } from '../../src/anndata/read.js'
import { readCounts } from '../../src/anndata/read-any.js'
import { readElements } from '../../src/anndata/read-file.js'
import { writeAnnData } from '../../src/anndata/write/anndata.js'
import { writeElements } from '../../src/anndata/write/elements.js'
import { makeFile, ROWS, refusalOf, rowsOf, temporaryFolder, writeDense, writeSparse } from './fixtures.js'

const folder = temporaryFolder()
const NAN = Number.NaN

/** 1 where a count of ROWS was observed: a gap over a count and one over a zero, a cell and a gene with none. */
const MASK = [
  [1, 0, 0, 1],
  [0, 0, 0, 0],
  [1, 0, 0, 1],
  [1, 1, 0, 1],
  [0, 1, 0, 1],
]
/** What is known of ROWS under the mask, −1 where nothing is. */
const KNOWN = ROWS.map((row, i) => row.map((value, j) => (MASK[i]![j] ? value : -1)))
const GAPS = KNOWN.map((row) => row.map((value) => (value < 0 ? NAN : value)))
/** Values that no counts are, under the mask. */
const GARBAGE = KNOWN.map((row, i) =>
  row.map((value, j) => (value < 0 ? [NAN, -1, 0.5, Number.POSITIVE_INFINITY, 1e9][(i + j) % 5]! : value)),
)

/** Rows as a CSR or CSC group, NaN stored like any value. */
function writeAs(parent: Group, name: string, form: 'csr' | 'csc', rows: number[][]): void {
  const lines = form === 'csr' ? rows : rows[0]!.map((_, j) => rows.map((row) => row[j]!))
  const stored = lines.map((line) => line.flatMap((value, at) => (value === 0 ? [] : [[value, at] as const])))
  let end = 0
  writeSparse(parent, name, `${form}_matrix`, [rows.length, rows[0]!.length], {
    data: Float32Array.from(stored.flat(), ([value]) => value),
    indices: Int32Array.from(stored.flat(), ([, at]) => at),
    indptr: Int32Array.from([[], ...stored], (line) => {
      end += line.length
      return end
    }),
  })
}

/** A file with gaps as NaN, counts with garbage in them, and masks in every form. */
async function file(name: string, more: (layers: Group) => void = () => {}): Promise<string> {
  return makeFile(join(folder, `${name}.h5ad`), 5, 4, (root) => {
    writeDense(root, 'X', GAPS)
    const layers = root.get('layers') as Group
    for (const form of ['csr', 'csc'] as const) {
      writeAs(layers, `gaps ${form}`, form, GAPS)
      writeAs(layers, `garbage ${form}`, form, GARBAGE)
      writeAs(layers, `mask ${form}`, form, MASK)
    }
    writeDense(layers, 'gaps wide', GAPS, Float64Array)
    writeDense(layers, 'garbage', GARBAGE)
    writeDense(layers, 'whole', ROWS)
    writeDense(layers, 'mask', MASK, Int8Array)
    writeDense(
      layers,
      'ones',
      MASK.map((row) => row.map(() => 1)),
    )
    // unsorted, and with an explicit zero
    writeSparse(layers, 'mask loose', 'csr_matrix', [5, 4], {
      data: Float64Array.of(1, 1, 0, 1, 1, 1, 1, 1, 1, 1),
      indices: Int32Array.of(3, 0, 1, 3, 0, 3, 0, 1, 3, 1),
      indptr: Int32Array.of(0, 2, 3, 5, 8, 10),
    })
    more(layers)
  })
}

describe('counts that are missing', async () => {
  const path = await file('all')

  test.each([undefined, 'gaps csr', 'gaps csc', 'gaps wide'])('are the NaN of %s', async (layer) => {
    const adata = await readAnnData(path, { missing: 'nan', ...(layer !== undefined && { layer }) })
    expect(rowsOf(adata.counts)).toEqual(KNOWN)
    expect(adata.counts.missing).toBe(true)
    expect(Array.from(adata.counts.cellTotals())).toEqual([1, 0, 7, 7, 2])
    expect(adata.values).toEqual({ min: expect.any(Number), max: 7 })
    expect(adata.maskSource).toBeUndefined()
    await checkCounts(adata)
  })

  test.each(['mask', 'mask csr', 'mask csc', 'mask loose'])(
    'are what %s leaves out, whatever stands there',
    async (maskLayer) => {
      for (const layer of ['garbage', 'garbage csr', 'garbage csc', 'whole']) {
        const adata = await readAnnData(path, { layer, maskLayer })
        expect(rowsOf(adata.counts)).toEqual(KNOWN)
        expect(adata.counts.missing).toBe(true)
        expect(adata.maskSource).toBe(`layers/${maskLayer}`)
        await checkCounts(adata)
      }
    },
  )

  test('are entries of their own, genes ascending', async () => {
    const { counts } = await readAnnData(path, { layer: 'garbage csc', maskLayer: 'mask' })
    const { genes, counts: values } = counts.row(0)
    expect([Array.from(genes), Array.from(values)]).toEqual([
      [1, 2, 3],
      [-1, -1, 1],
    ])
    // observed zeros stay out of the rows
    expect(Array.from(counts.row(3).genes)).toEqual([2, 3])
  })

  test('are those of NaN and mask together', async () => {
    const both = await readAnnData(path, { missing: 'nan', maskLayer: 'ones' })
    expect(rowsOf(both.counts)).toEqual(KNOWN)
    const { counts } = await readAnnData(path, { layer: 'whole', missing: 'nan', maskLayer: 'mask' })
    expect(rowsOf(counts)).toEqual(KNOWN)
  })

  test('are none under a mask of ones and without NaN', async () => {
    const plain = await readAnnData(path, { layer: 'whole' })
    for (const options of [{ maskLayer: 'ones' }, { missing: 'nan' }] as const) {
      const { counts } = await readAnnData(path, { layer: 'whole', ...options })
      expect(counts.missing).toBe(false)
      expect(counts.blocks).toEqual(plain.counts.blocks)
    }
  })

  test('go with cells and genes in the order asked for', async () => {
    const only = { cells: ['c4', 2, 'c0'], genes: ['g3', 'g1', 0] }
    const expected = [4, 2, 0].map((i) => [3, 1, 0].map((j) => KNOWN[i]![j]!))
    for (const options of [
      { missing: 'nan' },
      { layer: 'gaps csc', missing: 'nan' },
      { layer: 'garbage csr', maskLayer: 'mask csc' },
    ] as const) {
      const { counts } = await readAnnData(path, { ...options, ...only })
      expect(rowsOf(counts)).toEqual(expected)
      expect(counts.missing).toBe(true)
    }
    const { counts } = await readAnnData(path, { missing: 'nan' })
    const taken = takeCounts(counts, Int32Array.of(4, 2, 0), Int32Array.of(3, 1, 0))
    expect([rowsOf(taken), taken.missing]).toEqual([expected, true])
  })

  test('are found in more cells than a block has', async () => {
    const n = 5000
    const rows = Array.from({ length: n }, (_, i) => [i % 3, 1, i % 7 ? 2 : NAN])
    const many = await makeFile(join(folder, 'many.h5ad'), n, 3, (root) => {
      writeDense(root, 'X', rows)
      const mask = rows.map((row) => row.map((value) => (Number.isNaN(value) ? 0 : 1)))
      writeAs(root.get('layers') as Group, 'mask', 'csr', mask)
    })
    const expected = rows.map((row) => row.map((value) => (Number.isNaN(value) ? -1 : value)))
    expect(rowsOf((await readAnnData(many, { missing: 'nan' })).counts)).toEqual(expected)
    expect(rowsOf((await readAnnData(many, { maskLayer: 'mask' })).counts)).toEqual(expected)
  })

  test('are NaN again in files and in plain arrays', async () => {
    const { counts, obsNames, varNames } = await readAnnData(path, { missing: 'nan' })
    const again = join(folder, 'again.h5ad')
    await writeAnnData(again, { counts, layers: { copy: counts }, obs: {}, obsNames, varNames })
    for (const options of [{}, { layer: 'copy' }]) {
      const stored = await readAnnData(again, options)
      expect(rowsOf(stored.counts)).toEqual(GAPS)
      expect(rowsOf((await readAnnData(again, { ...options, missing: 'nan' })).counts)).toEqual(KNOWN)
    }
    expect(Array.from(toCsr(counts).data).filter(Number.isNaN)).toHaveLength(11)
    expect(rowsOf(counts)).toEqual(KNOWN)
  })

  test('may come from a mask of booleans, and from zarr', async () => {
    const elements = await readElements(path)
    const bool = {
      kind: 'array',
      dtype: 'bool',
      shape: [5, 4],
      values: Uint8Array.from(MASK.flat()),
    } as const
    elements.layers.set('bool', bool)
    const { path: _path, warnings: _warnings, ...contents } = elements
    const { writeZarr } = await import('../../src/anndata/zarr/write.js')
    await writeElements(join(folder, 'bool.h5ad'), contents)
    await writeZarr(join(folder, 'bool.zarr'), contents)
    for (const name of ['bool.h5ad', 'bool.zarr']) {
      const options = { layer: 'garbage', maskLayer: 'bool' } as const
      expect(rowsOf((await readCounts(join(folder, name), options)).counts)).toEqual(KNOWN)
    }
  })
})

describe('what is refused', async () => {
  const path = await file('refused', (layers) => {
    const with_ = (value: number) =>
      MASK.map((row, i) => row.map((one, j) => (i === 3 && j === 1 ? value : one)))
    writeDense(layers, 'half', with_(0.5))
    writeDense(layers, 'two', with_(2))
    writeDense(layers, 'nan', with_(NAN))
    writeDense(layers, 'narrow', [[1], [1], [1], [1], [1]])
    const odd = (value: number) =>
      KNOWN.map((row, i) => row.map((count, j) => (i === 2 && j === 3 ? value : count)))
    writeDense(layers, 'negative', odd(-2))
    writeDense(layers, 'infinite', odd(Number.POSITIVE_INFINITY))
    writeDense(layers, 'gap', odd(NAN))
  })
  const refused = (options: object) => refusalOf(readAnnData(path, options), folder)

  test('a mask of other values, another shape, or none', async () => {
    expect(await refused({ maskLayer: 'half' })).toBe(
      'bad-input: "refused.h5ad": the mask layers/half holds 0.5 for cell "c3" and gene "g1". A mask is 1 where a count was observed and 0 where it is missing.',
    )
    expect(await refused({ maskLayer: 'two' })).toContain('the mask layers/two holds 2 for cell "c3"')
    expect(await refused({ maskLayer: 'nan' })).toContain('the mask layers/nan holds NaN for cell "c3"')
    // named by what was asked for
    expect(await refused({ maskLayer: 'two', cells: ['c3', 'c0'], genes: ['g1'] })).toContain(
      'for cell "c3" and gene "g1"',
    )
    expect(await refused({ maskLayer: 'narrow' })).toBe(
      'bad-input: "refused.h5ad": layers/narrow has 5 × 1 values for 5 cells and 4 genes.',
    )
    expect(await refused({ maskLayer: 'maks' })).toContain(
      'has no layer "maks". Its layers, nearest first: mask',
    )
    expect(await refused({ missing: 'NaN' })).toBe('usage: missing must be "nan", not "NaN".')
  })

  test('values under no mask that are no counts', async () => {
    const verdict = async (options: object) =>
      refusalOf(checkCounts(await readAnnData(path, options)), folder)
    expect(await verdict({ layer: 'negative', maskLayer: 'mask' })).toContain(
      'the value of cell "c2" and gene "g3" is -2, below zero',
    )
    // −1 stands for missing within, and is no count in a file
    expect(await verdict({ layer: 'negative', missing: 'nan' })).toContain(
      'the value of cell "c0" and gene "g1" is -1, below zero',
    )
    const infinite = await verdict({ layer: 'infinite', maskLayer: 'mask', missing: 'nan' })
    expect(infinite).toContain('the value of cell "c2" and gene "g3" is Infinity, not a finite number')
    expect(infinite).not.toContain('--missing')
    const gap = await verdict({ layer: 'gap', maskLayer: 'mask' })
    expect(gap).toContain('the value of cell "c2" and gene "g3" is NaN, not a finite number')
    expect(gap).toContain(
      'Where NaN stands for counts that were not measured, --missing nan leaves them out.',
    )
    // a mask is not what holds the counts
    const only = await makeFile(join(folder, 'only.h5ad'), 5, 4, (root) => {
      writeDense(
        root,
        'X',
        ROWS.map((row) => row.map((value) => value + 0.5)),
      )
      writeDense(root.get('layers') as Group, 'mask', MASK)
    })
    expect(await refusalOf(checkCounts(await readAnnData(only, { maskLayer: 'mask' })))).toContain(
      'No other matrix of this file holds counts',
    )
  })

  test('the options where a format has no missing counts', async () => {
    const mtx = join(folder, 'tenx.h5')
    const { counts, obsNames, varNames, ...rest } = await readAnnData(path, { layer: 'whole' })
    const { writeTenX } = await import('../../src/anndata/tenx/write.js')
    await writeTenX(mtx, { ...rest, counts, obsNames, varNames }, {})
    expect(await refusalOf(readCounts(mtx, { missing: 'nan' }), folder)).toContain(
      'is a 10x matrix, to which --missing does not apply.',
    )
    expect(await refusalOf(readCounts(mtx, { maskLayer: 'mask' }), folder)).toContain(
      'is a 10x matrix, to which --mask-layer does not apply.',
    )
  })
})

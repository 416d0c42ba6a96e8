import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkCounts } from '../../src/anndata/counts/check-counts.js'
import type { Group } from '../../src/anndata/hdf5/hdf5.js'
import { readAnnData } from '../../src/anndata/read.js'
import { setEncoding, writeArray, writeDataFrame } from '../../src/anndata/write/parts.js'
import { ScvaeError } from '../../src/errors.js'
import { DATA, makeFile, names, ROWS, rowsOf, temporaryFolder, writeDense, writeSparse } from './fixtures.js'

const folder = temporaryFolder()

async function verdict(path: string, read = {}, options = {}): Promise<string> {
  try {
    await checkCounts(await readAnnData(path, read), options)
    return 'counts'
  } catch (error) {
    if (!(error instanceof ScvaeError)) throw error
    return `${error.kind}: ${error.message} ${error.hint}`.replaceAll(`${folder}/`, '')
  }
}

/** ROWS with one value replaced, as X; further layers are filled by `more`. */
function withValue(
  name: string,
  value: number,
  more: (file: Group) => void = () => undefined,
): Promise<string> {
  const rows = ROWS.map((row) => [...row])
  rows[2]![3] = value
  return makeFile(join(folder, `${name}.h5ad`), 5, 4, (file) => {
    writeDense(file, 'X', rows, Float64Array)
    more(file)
  })
}

describe('one value among many', () => {
  test('counts pass', async () => {
    expect(await verdict(await withValue('good', 3))).toBe('counts')
  })

  test('negative, NaN, infinite and fractional values are named with cell and gene', async () => {
    expect(await verdict(await withValue('negative', -1))).toMatchInlineSnapshot(
      `"bad-input: "negative.h5ad": X holds no counts: the value of cell "c2" and gene "g3" is -1, below zero. No other matrix of this file holds counts: scvae needs raw counts."`,
    )
    expect(await verdict(await withValue('nan', Number.NaN))).toMatchInlineSnapshot(
      `"bad-input: "nan.h5ad": X holds no counts: the value of cell "c2" and gene "g3" is NaN, not a finite number. No other matrix of this file holds counts: scvae needs raw counts. Where NaN stands for counts that were not measured, --missing nan leaves them out."`,
    )
    expect(await verdict(await withValue('inf', Number.POSITIVE_INFINITY))).toMatchInlineSnapshot(
      `"bad-input: "inf.h5ad": X holds no counts: the value of cell "c2" and gene "g3" is Infinity, not a finite number. No other matrix of this file holds counts: scvae needs raw counts."`,
    )
    expect(await verdict(await withValue('half', 30.5))).toMatchInlineSnapshot(
      `"bad-input: "half.h5ad": X holds no counts: the value of cell "c2" and gene "g3" is 30.5, not an integer. No other matrix of this file holds counts: scvae needs raw counts; --allow-noninteger takes estimated counts, as SMART-seq gives them."`,
    )
  })

  test('a value that is not far from an integer, but further than float arithmetic takes one', async () => {
    expect(await verdict(await withValue('close', 100.001))).toContain('is 100.001, not an integer')
    expect(await verdict(await withValue('close2', 200_000.002))).toContain('not an integer')
  })

  test.each([
    [2.9999999998, 3],
    [100.0000001, 100],
    // the float32 beside 3, and beside 16,777,215 / 8
    [2.999999761581421, 3],
    [2097151.75, undefined],
    [1e-10, 0],
    [-1e-10, 0],
  ])('%d is off by what float arithmetic leaves: rounded to %d', async (value, rounded) => {
    const adata = await readAnnData(await withValue(`near${value}`, value))
    if (rounded === undefined) return expect(checkCounts(adata)).rejects.toThrow('not an integer')
    expect(await checkCounts(adata)).toEqual([
      `Some counts in X are off an integer by what float arithmetic leaves, and are rounded: the value of cell "c2" and gene "g3" was ${value}.`,
    ])
    const rows = ROWS.map((row) => [...row])
    rows[2]![3] = rounded
    expect(rowsOf(adata.counts)).toEqual(rows)
    expect(adata.counts.nonzeros).toBe(rows.flat().filter(Boolean).length)
    // as estimated counts they stay what they are
    const asTheyAre = await readAnnData(await withValue(`kept${value}`, value))
    expect(await checkCounts(asTheyAre, { allowNoninteger: value > 0 })).toHaveLength(value < 0 ? 1 : 0)
  })

  test('counts above 2^24, which float32 does not tell apart', async () => {
    expect(await verdict(await withValue('most', 2 ** 24))).toBe('counts')
    expect(await verdict(await withValue('more', 2 ** 24 + 1))).toContain('gene "g3" is 16777217, more than')
    expect(await verdict(await withValue('more2', 2 ** 40), {}, { allowNoninteger: true })).toContain(
      `a[:, a.var_names != 'g3'].write_h5ad('mended.h5ad')`,
    )
  })

  test('a file without cells, or without genes', async () => {
    const [rows, columns] = [Float64Array.of(), [0, 4]]
    const path = await makeFile(join(folder, 'no-cells.h5ad'), 0, 4, (file) => {
      writeArray(file, 'X', rows, columns)
    })
    expect(await verdict(path)).toContain('bad-input: "no-cells.h5ad" has no cells: it is 0 × 4.')
    const empty = { data: new Float32Array(0), indices: new Int32Array(0), indptr: new Int32Array(6) }
    const path2 = await makeFile(join(folder, 'no-genes.h5ad'), 5, 0, (file) => {
      writeSparse(file, 'X', 'csr_matrix', [5, 0], empty)
    })
    expect(await verdict(path2)).toContain('has no genes: it is 5 × 0.')
  })

  test('allowNoninteger takes fractions, never negatives or NaN', async () => {
    const options = { allowNoninteger: true }
    expect(await verdict(await withValue('half2', 30.5), {}, options)).toBe('counts')
    expect(await verdict(await withValue('negative2', -0.5), {}, options)).toContain('below zero')
    expect(await verdict(await withValue('nan2', Number.NaN), {}, options)).toContain('not a finite number')
    expect(await verdict(await withValue('bad2', 1), {}, { allowNonInteger: true })).toBe(
      'usage: checkCounts has no option "allowNonInteger". Its options, nearest first: allowNoninteger.',
    )
  })
})

test('the first offending entry is found in CSR and CSC', async () => {
  const parts = {
    data: Float32Array.of(1, 2, 0.5, 3, 0.25),
    indices: Int32Array.of(0, 2, 1, 0, 2),
    indptr: Int32Array.of(0, 0, 2, 5),
  }
  const path = await makeFile(join(folder, 'sparse.h5ad'), 3, 3, (file) => {
    writeSparse(file, 'X', 'csr_matrix', [3, 3], parts)
    writeSparse(file.get('layers') as Group, 'csc', 'csc_matrix', [3, 3], parts)
  })
  expect(await verdict(path)).toContain('the value of cell "c2" and gene "g1" is 0.5')
  expect(await verdict(path, { layer: 'csc' })).toContain('the value of cell "c1" and gene "g2" is 0.5')
})

describe('the matrix to use instead', () => {
  test('a layer of counts before raw before another layer', async () => {
    const raw = (file: Group) => {
      const group = file.create_group('raw')
      setEncoding(group, 'raw', '0.1.0')
      writeDense(group, 'X', ROWS)
      writeDataFrame(group, 'var', names('g', 4), [])
    }
    const layer = (name: string) => (file: Group) => writeDense(file.get('layers') as Group, name, ROWS)
    const all = await withValue('all', 0.5, (file) => {
      for (const fill of [layer('ambient'), layer('raw_counts'), raw]) fill(file)
    })
    expect(await verdict(all)).toContain('layers/raw_counts holds counts: use --layer raw_counts.')
    const some = await withValue('some', 0.5, (file) => {
      for (const fill of [layer('ambient'), raw]) fill(file)
    })
    expect(await verdict(some)).toContain('raw/X holds counts: use --use-raw.')
    const one = await withValue('one', 0.5, layer('my layer'))
    expect(await verdict(one)).toContain("layers/my layer holds counts: use --layer 'my layer'.")
  })

  test('X, when a layer was asked for', async () => {
    const path = await makeFile(join(folder, 'x.h5ad'), 5, 4, (file) => {
      writeDense(file, 'X', ROWS)
      writeDense(
        file.get('layers') as Group,
        'log',
        ROWS.map((row) => row.map(Math.log1p)),
      )
    })
    expect(await verdict(path, { layer: 'log' })).toMatchInlineSnapshot(
      `"bad-input: "x.h5ad": layers/log holds no counts: the value of cell "c0" and gene "g1" is 1.386, not an integer, and all values are below 20: they look log-transformed. X holds counts: leave out --layer and --use-raw."`,
    )
  })

  test('a layer that holds none, or cannot be read, is not proposed', async () => {
    const path = await withValue('neither', 0.5, (file) => {
      const layers = file.get('layers') as Group
      writeDense(layers, 'scaled', [...ROWS.slice(1), [-1, 0, 0, 0]])
      writeDense(
        layers,
        'zeros',
        ROWS.map((row) => row.map(() => 0)),
      )
      setEncoding(layers.create_group('future'), 'coo_matrix', '0.1.0')
    })
    expect(await verdict(path)).toContain('No other matrix of this file holds counts')
  })
})

describe.skipIf(!DATA)('real files', () => {
  test('log-normalised values that look like counts are refused', async () => {
    const said = await verdict(join(DATA!, 'edge/looks-like-counts.h5ad'))
    expect(said).toContain('all values are below 20: they look log-transformed')
    expect(said).toContain('No other matrix of this file holds counts')
    expect(await verdict(join(DATA!, 'edge/looks-like-counts.h5ad'), { layer: 'spliced' })).toContain(
      'not an integer',
    )
  })

  test('the layer of counts is named', async () => {
    expect(await verdict(join(DATA!, 'edge/every-encoding.h5ad'))).toContain('use --layer counts.')
    expect(await verdict(join(DATA!, 'edge/same-matrix-csr.h5ad'))).toContain('below zero')
  })
})

import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { checkCounts } from '../../src/anndata/counts/check-counts.js'
import { withH5File } from '../../src/anndata/hdf5/hdf5.js'
import { inspectCounts } from '../../src/anndata/inspect-any.js'
import { type CountsOptions, detectFormat, readCounts } from '../../src/anndata/read-any.js'
import { DATA, makeFile, names, ROWS, refusalOf, rowsOf, temporaryFolder, writeDense } from './fixtures.js'

const folder = temporaryFolder()
const at = (name: string) => join(folder, name)

const GENES = names('g', 4)
const CELLS = names('c', 5)
const lines = (values: readonly string[]) => values.map((value) => `${value}\n`).join('')

function mtxFolder(name: string, entries: readonly string[]): void {
  mkdirSync(at(name))
  const header = `%%MatrixMarket matrix coordinate real general\n4 5 ${entries.length}\n`
  writeFileSync(join(at(name), 'matrix.mtx'), header + lines(entries))
  writeFileSync(join(at(name), 'genes.tsv'), lines(GENES))
  writeFileSync(join(at(name), 'barcodes.tsv'), lines(CELLS))
}

beforeAll(async () => {
  await makeFile(at('a.h5ad'), 5, 4, (file) => writeDense(file, 'X', ROWS))
  const entries = ROWS.flatMap((row, cell) =>
    row.flatMap((value, gene) => (value ? [`${gene + 1} ${cell + 1} ${value}`] : [])),
  )
  mtxFolder('mtx', entries)
  mtxFolder('halves', ['1 1 0.5'])
  await withH5File(at('x.h5'), 'w', (file) => {
    const group = file.create_group('hg')
    const sparse = entries.map((entry) => entry.split(' ').map(Number))
    group.create_dataset({ name: 'data', data: Uint16Array.from(sparse, (entry) => entry[2]!) })
    group.create_dataset({ name: 'indices', data: Int32Array.from(sparse, (entry) => entry[0]! - 1) })
    group.create_dataset({ name: 'indptr', data: Int32Array.of(0, 2, 2, 4, 5, 8) })
    group.create_dataset({ name: 'shape', data: Int32Array.of(4, 5) })
    for (const [name, data] of [
      ['barcodes', CELLS],
      ['genes', GENES],
      ['gene_names', GENES],
    ] as const) {
      group.create_dataset({ name, data: [...data], shape: [data.length], dtype: 'S4' })
    }
  })
  await withH5File(at('l.loom'), 'w', (file) => {
    const turned = Float32Array.from(GENES.flatMap((_, gene) => ROWS.map((row) => row[gene]!)))
    file.create_dataset({ name: 'matrix', data: turned.map((value) => value / 2), shape: [4, 5] })
    file.create_group('layers').create_dataset({ name: 'counts', data: turned, shape: [4, 5] })
    const rows = file.create_group('row_attrs')
    rows.create_dataset({ name: 'Gene', data: GENES, shape: [4], dtype: 'S' })
    const columns = file.create_group('col_attrs')
    columns.create_dataset({ name: 'CellID', data: CELLS, shape: [5], dtype: 'S' })
    columns.create_dataset({ name: 'age', data: Int32Array.of(1, 2, 1, 2, 1) })
  })
})

const refusal = (promise: Promise<unknown>) => refusalOf(promise, folder)

describe('readCounts', () => {
  test.each([
    ['a.h5ad', 'h5ad', {}],
    ['mtx', 'mtx', {}],
    ['mtx/matrix.mtx', 'mtx', {}],
    ['x.h5', '10x-h5', { genome: 'hg' }],
    ['l.loom', 'loom', { layer: 'counts' }],
  ] as const)('reads %s as %s', async (name, format, options) => {
    expect(await detectFormat(at(name))).toBe(format)
    const adata = await readCounts(at(name), options)
    expect(rowsOf(adata.counts)).toEqual(ROWS)
    expect(adata.obsNames).toEqual(CELLS)
    expect(adata.varNames).toEqual(GENES)
    expect(adata.path).toBe(at(name))
  })

  test('goes by what is in a file, not by its name', async () => {
    copyFileSync(at('l.loom'), at('l.h5ad'))
    copyFileSync(at('a.h5ad'), at('a.h5'))
    expect(await detectFormat(at('l.h5ad'))).toBe('loom')
    expect(await detectFormat(at('a.h5'))).toBe('h5ad')
  })

  test('refuses options that do not apply', async () => {
    const cases: [name: string, options: CountsOptions][] = [
      ['a.h5ad', { genome: 'hg' }],
      ['a.h5ad', { featureType: 'Peaks' }],
      ['mtx', { layer: 'counts' }],
      ['mtx', { genome: 'hg' }],
      ['x.h5', { useRaw: true }],
      ['x.h5', { obs: [] }],
      ['l.loom', { useRaw: true }],
      ['l.loom', { featureType: 'Peaks' }],
    ]
    const said: string[] = []
    for (const [name, options] of cases) said.push(await refusal(readCounts(at(name), options)))
    expect(said).toMatchInlineSnapshot(`
      [
        "usage: "a.h5ad" is an AnnData file, to which --genome does not apply. What applies: --layer, --use-raw, --feature-type, --modality, obs.",
        "bad-input: "a.h5ad" does not say of which type its features are. Leave out --feature-type: its var has no column feature_types, feature_type, modality.",
        "usage: "mtx" is a 10x matrix in text form, to which --layer does not apply. What applies: --feature-type, --transpose, --features, --barcodes.",
        "usage: "mtx" is a 10x matrix in text form, to which --genome does not apply. What applies: --feature-type, --transpose, --features, --barcodes.",
        "usage: "x.h5" is a 10x matrix, to which --use-raw does not apply. What applies: --genome, --feature-type.",
        "usage: "x.h5" is a 10x matrix, to which obs does not apply. What applies: --genome, --feature-type.",
        "usage: "l.loom" is a loom file, to which --use-raw does not apply. What applies: --layer, obs.",
        "usage: "l.loom" is a loom file, to which --feature-type does not apply. What applies: --layer, obs.",
      ]
    `)
    expect(await refusal(readCounts(at('a.h5ad'), { layr: 'x' } as CountsOptions))).toMatchInlineSnapshot(
      `"usage: readCounts has no option "layr". Its options, nearest first: layer, obs, useRaw, maskLayer, genes, genome, features, missing, modality, barcodes, transpose, featureType."`,
    )
    // what is not asked for is no option
    expect((await readCounts(at('mtx'), { useRaw: false })).nCells).toBe(5)
  })

  test('refuses what is of no format', async () => {
    expect(await refusal(readCounts(at('none')))).toMatchInlineSnapshot(
      `"bad-input: There is no file "none"."`,
    )
    mkdirSync(at('nothing'))
    expect(await refusal(readCounts(at('nothing')))).toMatchInlineSnapshot(
      `"bad-input: The folder "nothing" has no matrix.mtx (.gz or not). Nor is it a zarr store, which has a zarr.json or .zgroup."`,
    )
    writeFileSync(at('text.txt'), 'text')
    expect(await refusal(readCounts(at('text.txt')))).toMatchInlineSnapshot(
      `"bad-input: "text.txt" is not an HDF5 file, so not an .h5ad file. A table with a line for each cell becomes one by: python -c "import anndata; anndata.io.read_text('text.txt', delimiter='\\t', first_column_names=True).write_h5ad('text.h5ad')" (.T before .write_h5ad for one with a line for each gene)."`,
    )
  })

  test('counts are judged as those of AnnData', async () => {
    expect(await refusal(readCounts(at('halves')).then((adata) => checkCounts(adata)))).toMatchInlineSnapshot(
      `"bad-input: "halves": X holds no counts: the value of cell "c0" and gene "g0" is 0.5, not an integer, and all values are below 20: they look log-transformed. No other matrix of this file holds counts: scvae needs raw counts; --allow-noninteger takes estimated counts, as SMART-seq gives them."`,
    )
    expect(await refusal(readCounts(at('l.loom')).then((adata) => checkCounts(adata)))).toMatchInlineSnapshot(
      `"bad-input: "l.loom": X holds no counts: the value of cell "c2" and gene "g0" is 2.5, not an integer, and all values are below 20: they look log-transformed. layers/counts holds counts: use --layer counts."`,
    )
  })
})

describe('inspectCounts', () => {
  test.each(['a.h5ad', 'mtx', 'x.h5'])('%s', async (name) => {
    const summary = await inspectCounts(at(name))
    expect(summary).toMatchObject({ nCells: 5, nGenes: 4, countsSource: 'X', warnings: [] })
    expect(summary.sources).toMatchObject([
      { name: 'X', flag: 'no flag', nonzeros: 8, holdsCounts: true, max: 7 },
    ])
  })

  test('how matrices are stored', async () => {
    const form = async (name: string) =>
      (await inspectCounts(at(name))).sources.map(({ encoding, dtype }) => `${encoding} ${dtype}`)
    expect(await form('mtx')).toEqual(['coordinate real'])
    expect(await form('x.h5')).toEqual(['csc_matrix uint16'])
    expect(await form('l.loom')).toEqual(['array float32', 'array float32'])
  })

  test('layers and columns of a loom file', async () => {
    const { sources, countsSource, obs } = await inspectCounts(at('l.loom'))
    expect(sources).toMatchObject([
      { name: 'X', holdsCounts: false, min: 0, max: 3.5 },
      { name: 'layers/counts', flag: '--layer counts', holdsCounts: true, nonzeros: 8, max: 7 },
    ])
    expect(countsSource).toBe('layers/counts')
    expect(obs).toEqual([{ name: 'age', dtype: 'int32', distinct: 2, missing: 0 }])
  })

  test('an option that does not apply', async () => {
    expect(await refusal(inspectCounts(at('a.h5ad'), { genome: 'hg' }))).toMatchInlineSnapshot(
      `"usage: "a.h5ad" is an AnnData file, to which --genome does not apply. What applies: --layer, --use-raw, --feature-type, --modality, obs."`,
    )
  })
})

describe.runIf(DATA)('real files', () => {
  test.each([
    ['10x-v2.h5', '10x-h5'],
    ['10x-v2-two-genomes.h5', '10x-h5'],
    ['10x-v3.h5', '10x-h5'],
    ['10x-v3-mtx', 'mtx'],
    ['10x-v2-mtx', 'mtx'],
    ['wrong-entry-count.mtx', 'mtx'],
    ['every-encoding.h5ad', 'h5ad'],
    ['anndata-0.5-compound.h5ad', 'h5ad'],
    ['pbmc68k-reduced-v3.zarr.zip', 'zarr'],
  ])('%s is %s', async (name, format) => {
    expect(await detectFormat(join(DATA!, 'edge', name))).toBe(format)
  })
})

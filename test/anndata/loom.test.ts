import { join } from 'node:path'
import type { Dataset } from 'h5wasm/node'
import { describe, expect, test } from 'vitest'
import { type Group, withH5File } from '../../src/anndata/hdf5/hdf5.js'
import { type LoomOptions, readLoom } from '../../src/anndata/loom/loom.js'
import type { AnnData } from '../../src/anndata/read.js'
import { withStore } from '../../src/anndata/store/open-store.js'
import type { WritableArray } from '../../src/anndata/write/parts.js'
import { names, ROWS, refusalOf, rowsOf, temporaryFolder } from './fixtures.js'

const folder = temporaryFolder()

function read(path: string, options: LoomOptions = {}): Promise<AnnData> {
  return withStore(path, (store) => readLoom(store, options))
}

const refusal = (path: string, options: object = {}) => refusalOf(read(path, options), folder)

type Attribute = string[] | WritableArray | { data: WritableArray; shape: number[] }

interface Loom {
  matrix?: number[][]
  as?: new (values: number[]) => WritableArray
  chunks?: number[]
  layers?: Record<string, number[][]>
  rows?: Record<string, Attribute>
  columns?: Record<string, Attribute>
}

/** Cells × genes turned into what a loom file holds. */
function genesByCells(rows: number[][]): number[][] {
  return rows[0]!.map((_, gene) => rows.map((row) => row[gene]!))
}

function writeMatrix(
  group: Group,
  name: string,
  rows: number[][],
  { as = Float32Array, chunks }: Loom,
): Dataset {
  const turned = genesByCells(rows)
  return group.create_dataset({
    name,
    data: new as(turned.flat()),
    shape: [turned.length, rows.length],
    ...(chunks && { chunks, compression: 'gzip' as const }),
  })
}

function writeAttributes(group: Group, attributes: Record<string, Attribute>): void {
  for (const [name, values] of Object.entries(attributes)) {
    if (Array.isArray(values))
      group.create_dataset({ name, data: values, shape: [values.length], dtype: 'S' })
    else if (ArrayBuffer.isView(values)) group.create_dataset({ name, data: values })
    else group.create_dataset({ name, ...values })
  }
}

async function loom(name: string, loom: Loom = {}): Promise<string> {
  const path = join(folder, name)
  const { matrix = ROWS, layers = {} } = loom
  const { rows = { Gene: names('g', 4) }, columns = { CellID: names('c', 5) } } = loom
  await withH5File(path, 'w', (file) => {
    writeMatrix(file, 'matrix', matrix, loom)
    const group = file.create_group('layers')
    for (const [layer, values] of Object.entries(layers)) writeMatrix(group, layer, values, loom)
    writeAttributes(file.create_group('row_attrs'), rows)
    writeAttributes(file.create_group('col_attrs'), columns)
  })
  return path
}

describe('matrices', () => {
  test('genes × cells become cells × genes', async () => {
    const path = await loom('plain.loom')
    const adata = await read(path)
    expect(rowsOf(adata.counts)).toEqual(ROWS)
    expect(adata).toMatchObject({ path, nCells: 5, nGenes: 4, countsSource: 'X', obsm: {}, warnings: [] })
    expect(adata.obsNames).toEqual(names('c', 5))
    expect(adata.varNames).toEqual(names('g', 4))
    expect(adata.values).toEqual({ min: 0, max: 7 })
  })

  test.each([
    ['int8', Int8Array],
    ['uint16', Uint16Array],
    ['int32', Int32Array],
    ['float64', Float64Array],
  ] as const)('of %s in gzip chunks', async (name, as) => {
    const adata = await read(await loom(`${name}.loom`, { as, chunks: [2, 3] }))
    expect(rowsOf(adata.counts)).toEqual(ROWS)
    expect(adata.counts.row(4).genes).toEqual(Int32Array.of(0, 1, 3))
  })

  test('more cells than a block, more genes than a slice', async () => {
    const nCells = 5000
    const nGenes = 1200
    const data = new Float32Array(nGenes * nCells)
    for (let gene = 0; gene < nGenes; gene++) {
      for (let cell = gene % 7; cell < nCells; cell += 7) data[gene * nCells + cell] = 1 + ((gene * cell) % 5)
    }
    // 24 MB, read 16 at a time
    expect(data.byteLength).toBeGreaterThan(16 * 1024 * 1024)
    const path = join(folder, 'large.loom')
    await withH5File(path, 'w', (file) => {
      file.create_dataset({ name: 'matrix', data, shape: [nGenes, nCells] })
      writeAttributes(file.create_group('row_attrs'), { Gene: names('g', nGenes) })
      writeAttributes(file.create_group('col_attrs'), { CellID: names('c', nCells) })
    })
    const { counts } = await read(path)
    expect(counts.nonzeros).toBe(data.reduce((n, value) => n + (value === 0 ? 0 : 1), 0))
    for (let cell = 0; cell < nCells; cell += 97) {
      const row = counts.row(cell)
      const genes = Array.from({ length: nGenes }, (_, gene) => gene).filter((gene) => gene % 7 === cell % 7)
      expect(Array.from(row.genes)).toEqual(genes)
      expect(Array.from(row.counts)).toEqual(genes.map((gene) => 1 + ((gene * cell) % 5)))
    }
  })

  test('odd values with their places', async () => {
    const rows = ROWS.map((row) => [...row])
    rows[3]![1] = 0.5
    rows[2]![3] = -1
    const { values } = await read(await loom('odd.loom', { matrix: rows }))
    expect(values.nonInteger).toEqual({ cell: 3, gene: 1, value: 0.5 })
    expect(values.negative).toEqual({ cell: 2, gene: 3, value: -1 })
  })

  test('layers', async () => {
    const spliced = ROWS.map((row) => row.map((value) => value * 2))
    const path = await loom('layers.loom', { layers: { spliced, unspliced: ROWS } })
    const adata = await read(path, { layer: 'spliced' })
    expect(rowsOf(adata.counts)).toEqual(spliced)
    expect(adata.countsSource).toBe('layers/spliced')
    expect(await refusal(path, { layer: 'splced' })).toMatchInlineSnapshot(
      `"bad-input: "layers.loom" has no layer "splced". Its layers, nearest first: spliced, unspliced."`,
    )
    expect(await refusal(await loom('none.loom'), { layer: 'spliced' })).toMatchInlineSnapshot(
      `"bad-input: "none.loom" has no layer "spliced". It has no layers at all."`,
    )
  })
})

describe('attributes', () => {
  const columns = {
    CellID: names('c', 5),
    Age: Float64Array.of(1, 2, 3, 4, 5),
    Clusters: Int32Array.of(0, 1, 0, 1, 2),
    Tissue: ['α', '&#945;', 'a&b', '&#9999999;', ''],
    PCA: { data: new Float32Array(10), shape: [5, 2] },
    TSNE: { data: new Float32Array(10), shape: [5, 2] },
  }

  test('become tables; those of several dimensions are left out', async () => {
    const adata = await read(
      await loom('attributes.loom', { columns, rows: { Gene: names('g', 4), Accession: names('E', 4) } }),
    )
    expect(adata.obs.schema.fields.map((field) => `${field.name} ${field.type}`).sort()).toEqual([
      'Age Float64',
      'Clusters Int32',
      'Tissue Utf8',
    ])
    expect(Array.from(adata.obs.getChild('Age')!)).toEqual([1, 2, 3, 4, 5])
    expect(Array.from(adata.obs.getChild('Tissue')!)).toEqual(['α', 'α', 'a&b', '&#9999999;', ''])
    expect(adata.var.schema.fields.map((field) => field.name)).toEqual(['gene_ids'])
    expect(adata.warnings).toEqual(['Attributes of several dimensions are left out: PCA, TSNE (col_attrs).'])
  })

  test('only those that are asked for', async () => {
    const path = await loom('only.loom', { columns })
    const adata = await read(path, { obs: ['Age'] })
    expect(adata.obs.schema.fields.map((field) => field.name)).toEqual(['Age'])
    expect(adata.warnings).toEqual([])
    expect(await refusal(path, { obs: ['Agee'] })).toMatchInlineSnapshot(
      `"bad-input: "only.loom" has no obs column "Agee". Its obs columns, nearest first: Age, TSNE, PCA, Tissue, Clusters."`,
    )
  })

  test('other names of names', async () => {
    const adata = await read(
      await loom('names.loom', {
        columns: { obs_names: Int32Array.of(7, 7, 1, 2, 3) },
        rows: { Accession: names('E', 4) },
      }),
    )
    expect(adata.obsNames).toEqual(['7', '7', '1', '2', '3'])
    expect(adata.varNames).toEqual(names('E', 4))
    expect(adata.warnings).toEqual(['1 cell name repeats another ("7" is the first).'])
  })

  test.each([
    ['kb-python', 'barcode', 'target_name'],
    ['velocyto', 'CellID', 'Gene'],
    ['anndata', 'obs_names', 'var_names'],
    ['a converter', 'cell_names', 'gene_names'],
    ['another spelling', 'Barcodes', 'gene.name'],
    ['no known name, but all differ', 'unit', 'label'],
  ])('names as %s writes them', async (tool, cell, gene) => {
    const genes = names('g', 4)
    const path = await loom(`${tool}.loom`, {
      columns: { [cell]: names('c', 5), Tissue: Array(5).fill('α') },
      rows: { [gene]: genes, Chromosome: ['1', '1', '2', '2'] },
    })
    const adata = await read(path)
    expect(adata.obsNames).toEqual(names('c', 5))
    expect(adata.varNames).toEqual(genes)
    const columns = adata.var.schema.fields.map((field) => field.name).sort()
    const told = tool.startsWith('no known')
    expect(columns).toEqual(told ? ['Chromosome', 'label'] : ['Chromosome'])
    expect(adata.warnings).toEqual(
      told
        ? [
            'col_attrs has no CellID or obs_names: the cell names are those of "unit", which all differ.',
            'row_attrs has no Gene or var_names: the gene names are those of "label", which all differ.',
          ]
        : [],
    )
  })

  test('an id beside the symbol keeps its name where a column has it already', async () => {
    const rows = { Gene: names('g', 4), Accession: names('E', 4), gene_ids: names('I', 4) }
    const adata = await read(await loom('ids.loom', { columns: { CellID: names('c', 5) }, rows }))
    expect(Array.from(adata.var.getChild('gene_ids')!)).toEqual(names('I', 4))
    expect(Array.from(adata.var.getChild('Accession')!)).toEqual(names('E', 4))
  })

  test('no names, and an attribute of another length', async () => {
    const adata = await read(await loom('nameless.loom', { columns: { x: ['a'] }, rows: {} }))
    expect(adata.obsNames).toEqual(['0', '1', '2', '3', '4'])
    expect(adata.varNames).toEqual(['0', '1', '2', '3'])
    expect(adata.warnings.map((warning) => warning.replaceAll(`${folder}/`, ''))).toMatchInlineSnapshot(`
      [
        "The attribute "x" is left out. "nameless.loom": col_attrs/x has 1 values where the matrix has 5.",
        "col_attrs has no CellID or obs_names: cell names are numbers.",
        "row_attrs has no Gene or var_names: gene names are numbers.",
      ]
    `)
    expect(await refusal(await loom('short.loom', { columns: { CellID: ['a'] } }))).toMatchInlineSnapshot(
      `"bad-input: "short.loom": col_attrs/CellID has 1 values where the matrix has 5."`,
    )
  })
})

test('other files and options', async () => {
  const path = join(folder, 'other.h5')
  await withH5File(path, 'w', (file) => {
    file.create_dataset({ name: 'matrix', data: new Float32Array(4), shape: [2, 2] })
  })
  expect(await refusal(path)).toMatchInlineSnapshot(
    `"bad-input: "other.h5" lacks the parts of a loom file (matrix, row_attrs, col_attrs)."`,
  )
  expect(await refusal(path, { genome: 'hg' })).toMatchInlineSnapshot(
    `"usage: readLoom has no option "genome". Its options, nearest first: obs, layer."`,
  )
  const flat = join(folder, 'flat.loom')
  await withH5File(flat, 'w', (file) => {
    file.create_dataset({ name: 'matrix', data: new Float32Array(4) })
    for (const name of ['row_attrs', 'col_attrs']) file.create_group(name)
  })
  expect(await refusal(flat)).toMatchInlineSnapshot(
    `"bad-input: "flat.loom": matrix has 1 dimensions, not two."`,
  )
})

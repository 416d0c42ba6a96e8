import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Group, withH5File } from '../../src/anndata/hdf5/hdf5.js'
import type { AnnData } from '../../src/anndata/read.js'
import { detectFormat, readCounts } from '../../src/anndata/read-any.js'
import { withStore } from '../../src/anndata/store/open-store.js'
import type { FeatureOptions } from '../../src/anndata/tenx/features.js'
import { readMtxFolder } from '../../src/anndata/tenx/mtx.js'
import { readTenX } from '../../src/anndata/tenx/tenx.js'
import { DATA, names, ROWS, refusalOf, rowsOf, temporaryFolder } from './fixtures.js'

const folder = temporaryFolder()
const edge = (name: string) => join(DATA!, 'edge', name)

function read(path: string, options: FeatureOptions = {}): Promise<AnnData> {
  return withStore(path, (store) => readTenX(store, options))
}

const refusal = (path: string, options: object = {}) => refusalOf(read(path, options), folder, DATA)

function columnOf(adata: AnnData, name: string): string[] {
  return Array.from(adata.var.getChild(name)!, String)
}

interface Parts {
  shape?: number[]
  data?: number[]
  indices?: number[]
  indptr?: number[]
  barcodes?: string[]
}

/** The parts of `ROWS`, entries of a cell in descending order of genes. */
function partsOf(rows: number[][]): Required<Parts> {
  const parts: Required<Parts> = {
    shape: [rows[0]!.length, rows.length],
    data: [],
    indices: [],
    indptr: [0],
    barcodes: names('c', rows.length),
  }
  for (const row of rows) {
    for (const gene of [...row.keys()].reverse()) {
      if (row[gene] === 0) continue
      parts.indices.push(gene)
      parts.data.push(row[gene]!)
    }
    parts.indptr.push(parts.indices.length)
  }
  return parts
}

function writeMatrix(group: Group, changes: Parts = {}): void {
  const { shape, data, indices, indptr, barcodes } = { ...partsOf(ROWS), ...changes }
  group.create_dataset({ name: 'shape', data: Int32Array.from(shape) })
  group.create_dataset({ name: 'data', data: Int32Array.from(data) })
  group.create_dataset({ name: 'indices', data: BigInt64Array.from(indices, BigInt) })
  group.create_dataset({ name: 'indptr', data: BigInt64Array.from(indptr, BigInt) })
  writeText(group, 'barcodes', barcodes)
}

function writeText(group: Group, name: string, values: readonly string[]): void {
  group.create_dataset({ name, data: [...values], shape: [values.length], dtype: 'S20' })
}

async function version3(
  name: string,
  changes: Parts & { features?: Record<string, string[]> } = {},
): Promise<string> {
  const path = join(folder, name)
  const { features, ...parts } = changes
  await withH5File(path, 'w', (file) => {
    const group = file.create_group('matrix')
    writeMatrix(group, parts)
    const columns = {
      name: names('g', 4),
      id: names('ENSG', 4),
      feature_type: ['Gene Expression', 'Peaks', 'Gene Expression', 'Peaks'],
      genome: ['hg', 'hg', 'mm', 'mm'],
      ...features,
    }
    const inner = group.create_group('features')
    for (const [key, values] of Object.entries(columns)) writeText(inner, key, values)
  })
  return path
}

async function version2(name: string, genomes: readonly string[], parts: Parts = {}): Promise<string> {
  const path = join(folder, name)
  await withH5File(path, 'w', (file) => {
    for (const genome of genomes) {
      const group = file.create_group(genome)
      writeMatrix(group, parts)
      writeText(group, 'genes', names(`${genome}_ENSG`, 4))
      writeText(group, 'gene_names', names(`${genome}_g`, 4))
    }
  })
  return path
}

describe('CellRanger 3 and later', () => {
  test('gene expression unless told otherwise', async () => {
    const path = await version3('v3.h5')
    const adata = await read(path)
    expect(adata).toMatchObject({ path, nCells: 5, nGenes: 2, countsSource: 'X', obsm: {} })
    expect(adata.varNames).toEqual(['g0', 'g2'])
    expect(adata.obsNames).toEqual(names('c', 5))
    expect(rowsOf(adata.counts)).toEqual(ROWS.map((row) => [row[0], row[2]]))
    expect(adata.values).toEqual({ min: 1, max: 5 })
    expect(adata.warnings).toEqual(['Features other than Gene Expression are left out (2 Peaks).'])
    expect(adata.obs.numRows).toBe(5)
    expect(adata.var.schema.fields.map((field) => field.name)).toEqual([
      'gene_ids',
      'feature_types',
      'genome',
    ])
    expect(columnOf(adata, 'gene_ids')).toEqual(['ENSG0', 'ENSG2'])
    expect(columnOf(adata, 'genome')).toEqual(['hg', 'mm'])
  })

  test('a feature type and a genome', async () => {
    const path = await version3('v3-choice.h5')
    const peaks = await read(path, { featureType: 'Peaks' })
    expect(rowsOf(peaks.counts)).toEqual(ROWS.map((row) => [row[1], row[3]]))
    expect((await read(path, { featureType: 'Peaks', genome: 'mm' })).varNames).toEqual(['g3'])
    expect((await read(path, { genome: 'hg' })).varNames).toEqual(['g0'])
    expect(await refusal(path, { genome: 'rn' })).toMatchInlineSnapshot(
      `"bad-input: "v3-choice.h5" has no genome "rn". Its genomes, nearest first: hg, mm."`,
    )
    expect(await refusal(path, { featureType: 'Genes' })).toMatchInlineSnapshot(
      `"bad-input: "v3-choice.h5" has no features of the type "Genes". Its feature types, nearest first: Peaks, Gene Expression."`,
    )
  })

  test('further feature columns, and what is no column', async () => {
    const path = await version3('v3-columns.h5', {
      features: {
        feature_type: Array(4).fill('Gene Expression'),
        pattern: names('p', 4),
        _all_tag_keys: ['genome'],
      },
    })
    const adata = await read(path)
    expect(rowsOf(adata.counts)).toEqual(ROWS)
    expect(columnOf(adata, 'pattern')).toEqual(names('p', 4))
    expect(adata.warnings).toEqual([])
    const odd = await read(await version3('v3-odd.h5', { features: { read: ['one'] } }))
    expect(odd.warnings).toContain('The feature column "read" is left out: it is not one text a feature.')
  })

  test('entries of one gene are added up, zeros fall away', async () => {
    const parts = { data: [1, 2, 0, 4], indices: [0, 0, 2, 2], indptr: [0, 3, 3, 3, 3, 4] }
    const { counts } = await read(await version3('v3-twice.h5', parts))
    expect(counts.nonzeros).toBe(2)
    expect(counts.row(0)).toEqual({ genes: Int32Array.of(0), counts: Float32Array.of(3) })
  })
})

describe('CellRanger 1 and 2', () => {
  test('one genome', async () => {
    const adata = await read(await version2('v2.h5', ['hg19']))
    expect(rowsOf(adata.counts)).toEqual(ROWS)
    expect(adata.varNames).toEqual(names('hg19_g', 4))
    expect(columnOf(adata, 'gene_ids')).toEqual(names('hg19_ENSG', 4))
    expect(adata.var.schema.fields).toHaveLength(1)
    expect(adata.warnings).toEqual([])
  })

  test('several genomes', async () => {
    const path = await version2('v2-two.h5', ['hg19', 'mm10'])
    expect((await read(path, { genome: 'mm10' })).varNames[0]).toBe('mm10_g0')
    expect(await refusal(path)).toMatchInlineSnapshot(
      `"bad-input: "v2-two.h5" holds a matrix for each of 2 genomes. Choose one with --genome: hg19, mm10."`,
    )
    expect(await refusal(path, { genome: 'mm9' })).toMatchInlineSnapshot(
      `"bad-input: "v2-two.h5" has no genome "mm9". Its genomes, nearest first: mm10, hg19."`,
    )
    expect(await refusal(path, { genome: 'mm10', featureType: 'Peaks' })).toMatchInlineSnapshot(
      `"bad-input: "v2-two.h5" does not say of which type its features are. CellRanger 1 and 2 knew genes only: leave out --feature-type."`,
    )
  })
})

describe('files of other tools', () => {
  const numbers = (group: Group, name: string) =>
    group.create_dataset({ name, data: Float64Array.of(0.5, 0.25), shape: [2] })

  test('CellBender 0.3 adds groups', async () => {
    const path = await version3('cellbender.h5')
    await withH5File(path, 'a', (file) => {
      for (const name of ['metadata', 'droplet_latents', 'global_latents']) {
        numbers(file.create_group(name), 'values')
      }
      writeText(file.get('metadata') as Group, 'barcodes_analyzed', ['a'])
    })
    expect(await detectFormat(path)).toBe('10x-h5')
    const adata = await read(path, { featureType: 'Gene Expression' })
    expect(adata.obsNames).toEqual(names('c', 5))
    expect((await readCounts(path)).counts.nonzeros).toBe(adata.counts.nonzeros)
  })

  test('CellBender 0.2 adds to the matrix itself', async () => {
    const path = await version3('cellbender2.h5')
    await withH5File(path, 'a', (file) => {
      const group = file.get('matrix') as Group
      for (const name of ['latent_cell_probability', 'ambient_expression']) numbers(group, name)
    })
    const plain = await read(await version3('without.h5'))
    const adata = await read(path)
    expect(rowsOf(adata.counts)).toEqual(rowsOf(plain.counts))
    expect(adata.warnings).toEqual(plain.warnings)
  })

  test('DropletUtils: float64 counts, an unknown genome, a name of its own for the group', async () => {
    const path = join(folder, 'dropletutils.h5')
    await withH5File(path, 'w', (file) => {
      const group = file.create_group('unknown')
      const { shape, data, indices, indptr, barcodes } = partsOf(ROWS)
      group.create_dataset({ name: 'shape', data: Int32Array.from(shape) })
      group.create_dataset({ name: 'data', data: Float64Array.from(data) })
      group.create_dataset({ name: 'indices', data: Int32Array.from(indices) })
      group.create_dataset({ name: 'indptr', data: Int32Array.from(indptr) })
      writeText(group, 'barcodes', barcodes)
      writeText(group, 'genes', names('E', 4))
      writeText(group, 'gene_names', names('g', 4))
    })
    const adata = await readCounts(path)
    expect(rowsOf(adata.counts)).toEqual(ROWS)
    expect(adata.varNames).toEqual(names('g', 4))
  })
})

test('damaged files', async () => {
  const damages: [what: string, changes: Parts & { features?: Record<string, string[]> }][] = [
    ['a feature too far', { indices: [4, 1, 3, 0, 3, 3, 1, 0] }],
    ['a negative feature', { indices: [-1, 1, 3, 0, 3, 3, 1, 0] }],
    ['fewer indices', { indices: [1, 2] }],
    ['a short indptr', { indptr: [0, 8] }],
    ['indptr that descends', { indptr: [0, 2, 1, 4, 5, 8] }],
    ['indptr that ends early', { indptr: [0, 2, 2, 4, 5, 7] }],
    ['indptr that starts late', { indptr: [1, 2, 2, 4, 5, 8] }],
    ['another shape', { shape: [5, 5] }],
    ['a shape of three', { shape: [4, 5, 1] }],
    ['fewer barcodes', { barcodes: ['a'] }],
    ['fewer ids', { features: { id: ['a'] } }],
    ['fewer names', { features: { name: ['a'] } }],
  ]
  const said: string[] = []
  for (const [what, changes] of damages) {
    said.push(`${what} → ${await refusal(await version3('damaged.h5', changes))}`)
  }
  expect(said).toMatchInlineSnapshot(`
    [
      "a feature too far → bad-input: "damaged.h5": matrix is a damaged 10x matrix: feature position 4 of 4. Copy or download the file again.",
      "a negative feature → bad-input: "damaged.h5": matrix is a damaged 10x matrix: feature position -1 of 4. Copy or download the file again.",
      "fewer indices → bad-input: "damaged.h5": matrix is a damaged 10x matrix: it has 2 indices for 8 values. Copy or download the file again.",
      "a short indptr → bad-input: "damaged.h5": matrix is a damaged 10x matrix: indptr has 2 values for 5 barcodes. Copy or download the file again.",
      "indptr that descends → bad-input: "damaged.h5": matrix is a damaged 10x matrix: indptr does not ascend. Copy or download the file again.",
      "indptr that ends early → bad-input: "damaged.h5": matrix is a damaged 10x matrix: indptr runs from 0 to 7 for 8 values. Copy or download the file again.",
      "indptr that starts late → bad-input: "damaged.h5": matrix is a damaged 10x matrix: indptr runs from 1 to 8 for 8 values. Copy or download the file again.",
      "another shape → bad-input: "damaged.h5": matrix is a damaged 10x matrix: its shape is 5 × 5 for 4 features and 5 barcodes. Copy or download the file again.",
      "a shape of three → bad-input: "damaged.h5": matrix is a damaged 10x matrix: its shape is 4 × 5 × 1 for 4 features and 5 barcodes. Copy or download the file again.",
      "fewer barcodes → bad-input: "damaged.h5": matrix is a damaged 10x matrix: its shape is 4 × 5 for 4 features and 1 barcodes. Copy or download the file again.",
      "fewer ids → bad-input: "damaged.h5": matrix/features/id has 1 values for 4 names. The file is damaged: copy or download it again.",
      "fewer names → bad-input: "damaged.h5": matrix/features/id has 4 values for 1 names. The file is damaged: copy or download it again.",
    ]
  `)
})

test('other files and options', async () => {
  const path = join(folder, 'other.h5')
  await withH5File(path, 'w', (file) => {
    file.create_group('matrix')
  })
  expect(await refusal(path)).toMatchInlineSnapshot(
    `"bad-input: "other.h5" has no group with the parts of a 10x matrix (barcodes, data, indices, indptr, shape)."`,
  )
  expect(await refusal(path, { layer: 'counts' })).toMatchInlineSnapshot(
    `"usage: readTenX has no option "layer". Its options, nearest first: genome, featureType."`,
  )
})

describe.runIf(DATA)('real files', () => {
  test('CellRanger 3 equals its folder', async () => {
    const file = await read(edge('10x-v3.h5'))
    const text = await readMtxFolder(edge('10x-v3-mtx'))
    expect(file.counts.nonzeros).toBe(23866)
    expect(file.obsNames).toEqual(text.obsNames)
    expect(file.varNames).toEqual(text.varNames)
    expect(file.values).toEqual(text.values)
    for (let cell = 0; cell < file.nCells; cell++) {
      expect(file.counts.row(cell)).toEqual(text.counts.row(cell))
    }
    for (const name of ['gene_ids', 'feature_types'])
      expect(columnOf(file, name)).toEqual(columnOf(text, name))
    expect(new Set(columnOf(file, 'genome'))).toEqual(new Set(['GRCh38_chr21']))
  })

  test('CellRanger 2', async () => {
    const adata = await read(edge('10x-v2.h5'))
    expect([adata.nCells, adata.nGenes, adata.counts.nonzeros]).toEqual([12, 343, 12])
    const text = await readMtxFolder(edge('10x-v2-mtx'))
    expect(adata.obsNames).toEqual(text.obsNames)
    expect(rowsOf(adata.counts)).toEqual(rowsOf(text.counts))
  })

  test('CellRanger 2 with two genomes', async () => {
    expect(await refusal(edge('10x-v2-two-genomes.h5'))).toMatchInlineSnapshot(
      `"bad-input: "edge/10x-v2-two-genomes.h5" holds a matrix for each of 2 genomes. Choose one with --genome: another_genome, hg19_chr21."`,
    )
    const adata = await read(edge('10x-v2-two-genomes.h5'), { genome: 'another_genome' })
    expect(adata.counts.cellTotals().reduce((sum, total) => sum + total, 0)).toBe(13)
    expect(adata.varNames[0]).toBe('gene_0')
  })
})

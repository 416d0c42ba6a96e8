import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { inspectCounts } from '../../src/anndata/inspect-any.js'
import { type MtxOptions, readMtx } from '../../src/anndata/tenx/mtx.js'
import { DATA, names, ROWS, refusalOf, rowsOf, temporaryFolder } from './fixtures.js'

const root = temporaryFolder()
let folders = 0

function folderOf(files: Record<string, string>): string {
  const folder = join(root, `folder${folders++}`)
  mkdirSync(folder)
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), name.endsWith('.gz') ? gzipSync(text) : text)
  }
  return folder
}

const lines = (values: readonly string[]) => values.map((value) => `${value}\n`).join('')
const CELLS = names('c', 5)
const GENES = names('g', 4)
const BARCODES = lines(CELLS)
const FEATURES = lines(GENES.map((name) => `E${name}\t${name}\tGene Expression`))
const IDS = lines(GENES.map((name) => `E${name}`))
const SYMBOLS = lines(GENES)

/** Rows as a Matrix Market file, cells × genes. */
function byCells(rows: readonly (readonly number[])[], field = 'integer'): string {
  const entries = rows.flatMap((row, i) =>
    row.flatMap((value, j) => (value ? [`${i + 1} ${j + 1} ${value}`] : [])),
  )
  const size = `${rows.length} ${rows[0]!.length} ${entries.length}`
  return lines([`%%MatrixMarket matrix coordinate ${field} general`, '%', size, ...entries])
}

function turned(rows: readonly (readonly number[])[]): number[][] {
  return rows[0]!.map((_, j) => rows.map((row) => row[j]!))
}

const byGenes = (rows: readonly (readonly number[])[], field?: string) => byCells(turned(rows), field)

const refusal = async (path: string, options: MtxOptions = {}) =>
  (await refusalOf(readMtx(path, options), root)).replaceAll(/folder\d+/g, 'folder')

/** Reads a folder, or a file of it, whose counts, cells and genes are the ones of this file's fixtures. */
async function readsRight(path: string, options: MtxOptions = {}) {
  const { adata, origin } = await readMtx(path, options)
  expect(rowsOf(adata.counts)).toEqual(ROWS)
  expect(adata.obsNames).toEqual(CELLS)
  expect(adata.varNames.map((name) => name.replace('E', ''))).toEqual(GENES)
  return {
    adata,
    origin,
    warnings: adata.warnings.map((warning) => warning.replaceAll(`${dirname(path)}/`, '')),
  }
}

const PARSE_GENES = lines(['gene_id,gene_name,genome', ...GENES.map((name) => `E${name},${name},hg38`)])
const PARSE_CELLS = lines([
  'bc_wells,sample,tscp_count,note',
  ...CELLS.map((name, i) => `${name},"s,${i % 2}",${i * 10},`),
])

describe('tools', () => {
  test.each<[tool: string, rows: string, files: Record<string, string>]>([
    [
      'kb-python',
      'cells',
      {
        'cells_x_genes.mtx': byCells(ROWS, 'real'),
        'cells_x_genes.genes.txt': IDS,
        'cells_x_genes.genes.names.txt': SYMBOLS,
        'cells_x_genes.barcodes.txt': BARCODES,
      },
    ],
    [
      'kb-python',
      'cells',
      { 'spliced.mtx': byCells(ROWS), 'spliced.genes.txt': IDS, 'spliced.barcodes.txt': BARCODES },
    ],
    [
      'kb-python',
      'cells',
      {
        'GSM1_cells_x_genes.mature.mtx.gz': byCells(ROWS),
        'GSM1_cells_x_genes.genes.txt.gz': IDS,
        'GSM1_cells_x_genes.barcodes.txt.gz': BARCODES,
      },
    ],
    [
      'alevin-fry',
      'cells',
      { 'quants_mat.mtx': byCells(ROWS), 'quants_mat_rows.txt': BARCODES, 'quants_mat_cols.txt': IDS },
    ],
    [
      'Parse Biosciences',
      'cells',
      { 'count_matrix.mtx': byCells(ROWS), 'all_genes.csv': PARSE_GENES, 'cell_metadata.csv': PARSE_CELLS },
    ],
    [
      'Parse Biosciences',
      'cells',
      { 'DGE.mtx.gz': byCells(ROWS), 'genes.csv': PARSE_GENES, 'cell_metadata.csv.gz': PARSE_CELLS },
    ],
    [
      'STARsolo',
      'genes',
      {
        'UniqueAndMult-Rescue.mtx': byGenes(ROWS, 'float'),
        'features.tsv': FEATURES,
        'barcodes.tsv': BARCODES,
      },
    ],
    [
      '10x',
      'genes',
      { 'matrix.mtx.gz': byGenes(ROWS), 'genes.tsv.gz': FEATURES, 'barcodes.tsv.gz': BARCODES },
    ],
    [
      'names beside it',
      'genes',
      {
        'liver.mtx': byGenes(ROWS),
        'liver_gene_names.txt': SYMBOLS,
        'liver_cells.csv': `cell,x\n${BARCODES}`,
      },
    ],
  ])('%s: rows are %s', async (tool, rows, files) => {
    const path = folderOf(files)
    const { origin, warnings } = await readsRight(path)
    expect(origin).toMatchObject({ dialect: tool, rows })
    expect(warnings).toEqual([])
    const matrix = Object.keys(files)[0]!
    await readsRight(join(path, matrix))
    expect((await inspectCounts(path)).origin).toEqual(origin)
  })

  test('ids and symbols of kb-python', async () => {
    const { adata } = await readsRight(
      folderOf({
        'cells_x_genes.mtx': byCells(ROWS),
        'cells_x_genes.genes.txt': IDS,
        // a gene without a symbol has an empty line
        'cells_x_genes.genes.names.txt': 'g0\n\ng2\ng3\n',
        'cells_x_genes.barcodes.txt': BARCODES,
      }),
    )
    expect(adata.varNames).toEqual(['g0', 'Eg1', 'g2', 'g3'])
    expect(Array.from(adata.var.getChild('gene_ids')!)).toEqual(['Eg0', 'Eg1', 'Eg2', 'Eg3'])
  })

  test("columns of Parse Biosciences' cells are obs", async () => {
    const { adata } = await readsRight(
      folderOf({ 'DGE.mtx': byCells(ROWS), 'all_genes.csv': PARSE_GENES, 'cell_metadata.csv': PARSE_CELLS }),
    )
    expect(adata.obs.schema.fields.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'sample Utf8',
      'tscp_count Int32',
      'note Utf8',
    ])
    expect(Array.from(adata.obs.getChild('sample')!)).toEqual(['s,0', 's,1', 's,0', 's,1', 's,0'])
    expect(Array.from(adata.obs.getChild('tscp_count')!)).toEqual([0, 10, 20, 30, 40])
    expect(Array.from(adata.var.getChild('genome')!)).toEqual(Array(4).fill('hg38'))
  })

  test("alevin-fry's USA mode adds spliced and ambiguous counts", async () => {
    const genes = ['HLA-A', 'g-U', 'x', 'y']
    const zeros = ROWS.map((row) => row.map(() => 0))
    const usa = (spliced: number[][], unspliced: number[][], ambiguous: number[][]) =>
      byCells(spliced.map((row, i) => [...row, ...unspliced[i]!, ...ambiguous[i]!]))
    const columns = lines([genes, genes.map((gene) => `${gene}-U`), genes.map((gene) => `${gene}-A`)].flat())
    const read = async (matrix: string) =>
      readMtx(
        folderOf({
          'quants_mat.mtx': matrix,
          'quants_mat_rows.txt': BARCODES,
          'quants_mat_cols.txt': columns,
        }),
      )
    const { adata } = await read(usa(ROWS, ROWS, ROWS))
    expect(rowsOf(adata.counts)).toEqual(ROWS.map((row) => row.map((value) => 2 * value)))
    expect(adata.varNames).toEqual(genes)
    expect(adata.warnings).toEqual([
      "The counts are of alevin-fry's USA mode: spliced and ambiguous ones are added up, unspliced ones left out.",
    ])
    expect(rowsOf((await read(usa(zeros, ROWS, zeros))).adata.counts)).toEqual(zeros)
    expect(rowsOf((await read(usa(zeros, zeros, ROWS))).adata.counts)).toEqual(ROWS)
  })

  test("alevin-fry's table of ids and symbols names genes, also from the folder above", async () => {
    const ids = ['E1', 'E2.3', 'E3', 'E4']
    const table = 'E3\tsymbol3\nE1\tsymbol1\nE9\tother\nE2.3\t\n'
    const usa = ROWS.map((row) => [...row, ...row.map(() => 0), ...row.map(() => 0)])
    const columns = [ids, ids.map((id) => `${id}-U`), ids.map((id) => `${id}-A`)].flat()
    const files = { 'quants_mat_rows.txt': BARCODES, 'gene_id_to_name.tsv': table }
    const plain = folderOf({ ...files, 'quants_mat.mtx': byCells(ROWS), 'quants_mat_cols.txt': lines(ids) })
    const above = folderOf({
      'alevin/quants_mat.mtx': byCells(usa),
      'alevin/quants_mat_cols.txt': lines(columns),
      'alevin/quants_mat_rows.txt': BARCODES,
      'gene_id_to_name.tsv': table,
    })
    for (const path of [plain, join(above, 'alevin')]) {
      const { adata } = await readMtx(path)
      expect(adata.varNames).toEqual(['symbol1', 'E2.3', 'symbol3', 'E4'])
      expect(Array.from(adata.var.getChild('gene_ids')!)).toEqual(ids)
      expect(rowsOf(adata.counts)).toEqual(ROWS)
    }
  })

  test('cells × genes in files that are named as those of 10x', async () => {
    const path = folderOf({
      'matrix.mtx.gz': byCells(ROWS),
      'features.tsv.gz': FEATURES,
      'barcodes.tsv.gz': BARCODES,
    })
    const { origin, warnings } = await readsRight(path)
    expect(origin.rows).toBe('cells')
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(
      /^The rows of ".*matrix\.mtx\.gz" are cells, by the number of its names; 10x writes genes/,
    )
  })

  test('a third column of genes.tsv that is no type is left aside', async () => {
    const genes = lines(GENES.map((name, i) => `E${name}\t${name}\t${i % 2 ? 'lncRNA' : 'protein_coding'}`))
    const { adata } = await readsRight(
      folderOf({ 'matrix.mtx': byGenes(ROWS), 'genes.tsv': genes, 'barcodes.tsv': BARCODES }),
    )
    expect(adata.var.schema.fields.map(({ name }) => name)).toEqual(['gene_ids'])
  })
})

describe("the sample's name", () => {
  test.each([
    ['GSM1_', '_s1'],
    ['GSM1.', ''],
    ['', '-s1'],
  ])('before and after: %s…%s', async (before, after) => {
    const named = (name: string, ending: string) => `${before}${name}${after}.${ending}`
    const path = folderOf({
      [named('matrix', 'mtx')]: byGenes(ROWS),
      [named('features', 'tsv')]: FEATURES,
      [named('barcodes', 'tsv.gz')]: BARCODES,
    })
    expect((await readsRight(path)).warnings).toEqual([])
  })

  test('one file of genes for a series', async () => {
    const path = folderOf({
      'GSE9_features.tsv.gz': FEATURES,
      'GSM1_a_matrix.mtx.gz': byGenes(ROWS),
      'GSM1_a_barcodes.tsv.gz': BARCODES,
      'GSM2_b_matrix.mtx.gz': byGenes([[1, 2, 3, 4]]),
      'GSM2_b_barcodes.tsv.gz': 'other\n',
    })
    const { warnings, origin } = await readsRight(join(path, 'GSM1_a_matrix.mtx.gz'))
    expect(origin.barcodes).toBe(join(path, 'GSM1_a_barcodes.tsv.gz'))
    expect(warnings).toEqual(
      [
        'The genes of "GSM1_a_matrix.mtx.gz" are named by GSE9_features.tsv.gz, the only such file beside it.',
      ].map((text) =>
        text.replace('"GSM1', `"${path.split('/').at(-1)}/GSM1`).replace(`${path.split('/').at(-1)}/`, ''),
      ),
    )
    expect((await readMtx(join(path, 'GSM2_b_matrix.mtx.gz'))).adata.obsNames).toEqual(['other'])
  })

  test("another sample's files are not taken", async () => {
    const path = folderOf({
      'GSM1_matrix.mtx': byGenes(ROWS),
      'GSM1_barcodes.tsv': BARCODES,
      'GSM2_matrix.mtx': byGenes(ROWS),
      'GSM2_barcodes.tsv': BARCODES,
      'GSM2_features.tsv': FEATURES,
    })
    expect(await refusal(join(path, 'GSM1_matrix.mtx'))).toMatch(
      /there is no GSM1_features\.tsv or GSM1_genes\.tsv/,
    )
    const features = join(path, 'GSM2_features.tsv')
    await readsRight(join(path, 'GSM1_matrix.mtx'), { features })
  })
})

describe('what is told', () => {
  test('files of names of any form', async () => {
    const path = folderOf({
      'a/counts.mtx': byCells(ROWS),
      'b/my genes.csv': PARSE_GENES,
      'b/my cells.txt': `"","x"\n${CELLS.map((name, i) => `"${i + 1}"\t"${name}"\n`).join('')}`.replace(
        ',',
        '\t',
      ),
    })
    const options = { features: join(path, 'b/my genes.csv'), barcodes: join(path, 'b/my cells.txt') }
    const { origin } = await readsRight(join(path, 'a/counts.mtx'), options)
    expect(origin).toMatchObject({ dialect: 'none', rows: 'cells', ...options })
  })

  test('a square matrix whose dialect nobody knows', async () => {
    const square = [
      [0, 1],
      [2, 0],
    ]
    const path = join(
      folderOf({ 'm.mtx': byCells(square), 'm_genes.txt': 'a\nb\n', 'm_cells.txt': 'c\nd\n' }),
      'm.mtx',
    )
    expect(await refusal(path)).toMatch(
      /^bad-input: .* fit both ways: .* Give --transpose where rows are cells, --no-tr/,
    )
    expect(rowsOf((await readMtx(path, { transpose: true })).adata.counts)).toEqual(square)
    expect(rowsOf((await readMtx(path, { transpose: false })).adata.counts)).toEqual(turned(square))
  })

  test('the dialect says what a square matrix is', async () => {
    const square = [
      [0, 1],
      [2, 0],
    ]
    const kb = {
      'quants_mat.mtx': byCells(square),
      'quants_mat_rows.txt': 'c\nd\n',
      'quants_mat_cols.txt': 'a\nb\n',
    }
    expect(rowsOf((await readMtx(folderOf(kb))).adata.counts)).toEqual(square)
  })

  test('rows that the names contradict', async () => {
    const path = folderOf({ 'matrix.mtx': byGenes(ROWS), 'features.tsv': FEATURES, 'barcodes.tsv': BARCODES })
    expect(await refusal(path, { transpose: true })).toMatchInlineSnapshot(
      `"bad-input: "folder/matrix.mtx" is 4 × 5: by the number of names in "folder/features.tsv", its rows are genes, not cells. Leave out --transpose."`,
    )
    await readsRight(path, { transpose: false })
  })

  test('a file that is not there, and one of another matrix', async () => {
    const path = folderOf({ 'matrix.mtx': byGenes(ROWS), 'features.tsv': FEATURES, 'barcodes.tsv': BARCODES })
    expect(await refusal(path, { features: join(path, 'none.tsv') })).toMatchInlineSnapshot(
      `"bad-input: There is no file "folder/none.tsv"."`,
    )
    writeFileSync(join(path, 'short.tsv'), 'a\nb\n')
    expect(await refusal(path, { features: join(path, 'short.tsv') })).toMatchInlineSnapshot(
      `"bad-input: "folder/matrix.mtx" is 4 × 5, but "folder/short.tsv" names 2 genes and "folder/barcodes.tsv" 5 cells. The three files must come from one matrix."`,
    )
  })
})

describe('several matrices in a folder', () => {
  test('the main one is taken, and the others are named', async () => {
    const path = folderOf({
      'matrix.mtx': byGenes(ROWS),
      'UniqueAndMult-EM.mtx': byGenes([[1, 2, 3, 4]]),
      'features.tsv': FEATURES,
      'barcodes.tsv': BARCODES,
    })
    const { warnings } = await readsRight(path)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(
      /several matrices: matrix\.mtx is taken; to take UniqueAndMult-EM\.mtx, give its path\.$/,
    )
  })

  test('none is the main one', async () => {
    const velocyto = ['spliced', 'unspliced', 'ambiguous'].map((name) => [`${name}.mtx`, byGenes(ROWS)])
    const path = folderOf({
      ...Object.fromEntries(velocyto),
      'features.tsv': FEATURES,
      'barcodes.tsv': BARCODES,
    })
    expect(await refusal(path)).toMatchInlineSnapshot(
      `"bad-input: "folder" has several matrices: ambiguous.mtx, spliced.mtx, unspliced.mtx. Give the path of one of them."`,
    )
    expect((await readsRight(join(path, 'unspliced.mtx'))).origin.dialect).toBe('STARsolo')
  })

  test('several files that could name the genes', async () => {
    const path = folderOf({
      'GSM1_s1_matrix.mtx': byGenes(ROWS),
      'GSM1_features.tsv': FEATURES,
      's1_features.tsv': FEATURES,
      'barcodes.tsv': BARCODES,
    })
    expect(await refusal(path)).toMatchInlineSnapshot(
      `"bad-input: Several files could name the genes of "folder/GSM1_s1_matrix.mtx": GSM1_features.tsv, s1_features.tsv. Say which with --features FILE."`,
    )
  })
})

describe.runIf(DATA)('given cases', () => {
  const at = (name: string) => join(DATA!, 'cases', name)
  test.each([
    ['kb', 'kb-python'],
    ['geo2', '10x'],
    ['dupsym', '10x'],
    ['star_em/UniqueAndMult-EM.mtx', 'STARsolo'],
  ])('%s', async (name, dialect) => {
    const { adata, origin } = await readMtx(at(name))
    expect([adata.nCells, adata.nGenes, origin.dialect]).toEqual([150, 40, dialect])
    const reference = (await readMtx(at('tenx_ref'))).adata
    if (name === 'kb' || name === 'geo2') {
      for (let cell = 0; cell < 150; cell++)
        expect(adata.counts.row(cell)).toEqual(reference.counts.row(cell))
      expect(adata.varNames).toEqual(reference.varNames)
    }
  })
})

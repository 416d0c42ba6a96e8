import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { AnnData } from '../../src/anndata/read.js'
import { readMtxFolder } from '../../src/anndata/tenx/mtx.js'
import { DATA, names, ROWS, refusalOf, rowsOf, temporaryFolder } from './fixtures.js'

const root = temporaryFolder()
let folders = 0

/** A folder of the given files; those whose name ends in .gz are packed. */
function folderOf(files: Record<string, string>): string {
  const folder = join(root, `folder${folders++}`)
  mkdirSync(folder)
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, name), name.endsWith('.gz') ? gzipSync(text) : text)
  }
  return folder
}

const BANNER = '%%MatrixMarket matrix coordinate integer general\n'
const lines = (values: readonly string[]) => values.map((value) => `${value}\n`).join('')
const BARCODES = lines(names('c', 5))
const GENES = lines(names('g', 4).map((name) => `ENS${name}\t${name}`))
const FEATURES = lines(names('g', 4).map((name) => `ENS${name}\t${name}\tGene Expression`))

/** Entries of `ROWS` as genes × cells, cell by cell. */
const ENTRIES = ROWS.flatMap((row, cell) =>
  row.flatMap((value, gene) => (value ? [`${gene + 1} ${cell + 1} ${value}`] : [])),
)
const MATRIX = mtx(ENTRIES)

function mtx(entries: readonly string[], size = `4 5 ${entries.length}`, banner = BANNER): string {
  return `${banner}%made by a test\n${size}\n${lines(entries)}`
}

async function refusal(path: string, options = {}): Promise<string> {
  const text = await refusalOf(readMtxFolder(path, options), root, DATA)
  return text.replaceAll(/folder\d+/g, 'folder')
}

function refusalOfMatrix(matrix: string): Promise<string> {
  return refusal(folderOf({ 'matrix.mtx': matrix, 'genes.tsv': GENES, 'barcodes.tsv': BARCODES }))
}

function columnOf(adata: AnnData, name: string): string[] {
  return Array.from(adata.var.getChild(name)!, String)
}

describe('the two forms', () => {
  test('CellRanger 1 and 2', async () => {
    const path = folderOf({ 'matrix.mtx': MATRIX, 'genes.tsv': GENES, 'barcodes.tsv': BARCODES })
    const adata = await readMtxFolder(path)
    expect(rowsOf(adata.counts)).toEqual(ROWS)
    expect(adata).toMatchObject({ path, nCells: 5, nGenes: 4, countsSource: 'X', obsm: {}, warnings: [] })
    expect(adata.obsNames).toEqual(names('c', 5))
    expect(adata.varNames).toEqual(names('g', 4))
    expect(adata.values).toEqual({ min: 1, max: 7 })
    expect(adata.obs.numRows).toBe(5)
    expect(adata.var.schema.fields.map((field) => field.name)).toEqual(['gene_ids'])
    expect(columnOf(adata, 'gene_ids')).toEqual(['ENSg0', 'ENSg1', 'ENSg2', 'ENSg3'])
  })

  test('CellRanger 3 and later', async () => {
    const adata = await readMtxFolder(
      folderOf({ 'matrix.mtx.gz': MATRIX, 'features.tsv.gz': FEATURES, 'barcodes.tsv.gz': BARCODES }),
    )
    expect(rowsOf(adata.counts)).toEqual(ROWS)
    expect(adata.var.schema.fields.map((field) => field.name)).toEqual(['gene_ids', 'feature_types'])
    expect(columnOf(adata, 'feature_types')).toEqual(Array(4).fill('Gene Expression'))
  })

  test.each([
    ['matrix.mtx.gz', 'features.tsv', 'barcodes.tsv.gz'],
    ['matrix.mtx', 'features.tsv.gz', 'barcodes.tsv'],
    ['matrix.mtx', 'genes.tsv.gz', 'barcodes.tsv.gz'],
  ])('%s with %s and %s', async (matrix, features, barcodes) => {
    const path = folderOf({ [matrix]: MATRIX, [features]: FEATURES, [barcodes]: BARCODES })
    expect(rowsOf((await readMtxFolder(path)).counts)).toEqual(ROWS)
    expect(rowsOf((await readMtxFolder(join(path, matrix))).counts)).toEqual(ROWS)
  })

  test('a prefix, by folder and by file', async () => {
    const files = (prefix: string, text: string) => ({
      [`${prefix}matrix.mtx.gz`]: text,
      [`${prefix}features.tsv.gz`]: FEATURES,
      [`${prefix}barcodes.tsv.gz`]: BARCODES,
    })
    const one = folderOf(files('GSM1_', MATRIX))
    expect(rowsOf((await readMtxFolder(one)).counts)).toEqual(ROWS)
    const two = folderOf({ ...files('GSM1_', MATRIX), ...files('GSM2_', mtx(['1 1 9'])) })
    expect((await readMtxFolder(join(two, 'GSM2_matrix.mtx.gz'))).counts.nonzeros).toBe(1)
    expect(await refusal(two)).toMatchInlineSnapshot(
      `"bad-input: "folder" has several matrices: GSM1_matrix.mtx.gz, GSM2_matrix.mtx.gz. Give the path of one of them."`,
    )
  })

  test('a packed file without its ending', async () => {
    const path = folderOf({ 'genes.tsv': GENES, 'barcodes.tsv': BARCODES })
    writeFileSync(join(path, 'matrix.mtx'), gzipSync(MATRIX))
    expect(rowsOf((await readMtxFolder(path)).counts)).toEqual(ROWS)
  })

  test('a matrix alone is refused until it is told what its rows are', async () => {
    const path = join(folderOf({ 'counts.mtx': MATRIX }), 'counts.mtx')
    expect(await refusal(path)).toMatchInlineSnapshot(
      `"bad-input: Beside "folder/counts.mtx" there is no features.tsv and barcodes.tsv (.gz or not): nothing says which side of its 4 × 5 is genes. Give --features FILE and --barcodes FILE; or, with numbers for names, --transpose where rows are cells and --no-transpose where rows are genes."`,
    )
    const adata = await readMtxFolder(path, { transpose: false })
    expect(rowsOf(adata.counts)).toEqual(ROWS)
    expect(adata.varNames).toEqual(['0', '1', '2', '3'])
    expect(adata.warnings).toEqual([`No file names the genes and cells of "${path}": they are numbers.`])
    const turned = await readMtxFolder(path, { transpose: true })
    expect(rowsOf(turned.counts)).toEqual([0, 1, 2, 3].map((gene) => ROWS.map((row) => row[gene])))
    expect(turned.obsNames).toEqual(['0', '1', '2', '3'])
  })
})

describe('matrices', () => {
  const read = async (matrix: string, features = FEATURES, barcodes = BARCODES) =>
    readMtxFolder(folderOf({ 'matrix.mtx': matrix, 'features.tsv': features, 'barcodes.tsv': barcodes }))

  test('cells × genes, in both orders of entries', async () => {
    const turned = ENTRIES.map((entry) => entry.replace(/^(\d+) (\d+)/, '$2 $1'))
    const byGene = [...turned].sort((a, b) => Number(a.split(' ')[1]) - Number(b.split(' ')[1]))
    for (const entries of [turned, byGene]) {
      const adata = await read(mtx(entries, `5 4 ${entries.length}`))
      expect(rowsOf(adata.counts)).toEqual(ROWS)
    }
  })

  test('as many cells as genes are taken as genes × cells', async () => {
    const four = lines(names('c', 4))
    const adata = await read(mtx(['1 2 5'], '4 4 1'), FEATURES, four)
    expect(adata.counts.row(1)).toEqual({ genes: Int32Array.of(0), counts: Float32Array.of(5) })
  })

  test('entries in any order', async () => {
    const adata = await read(mtx([...ENTRIES].reverse()))
    expect(rowsOf(adata.counts)).toEqual(ROWS)
    expect(adata.counts.row(4).genes).toEqual(Int32Array.of(0, 1, 3))
    expect(adata.values).toEqual({ min: 1, max: 7 })
  })

  test.each([
    ['in order', ['2 1 3', '2 1 4', '4 1 0', '1 3 0', '3 3 2']],
    ['out of order', ['3 3 2', '2 1 3', '4 1 0', '1 3 0', '2 1 4']],
  ])('duplicate entries are added up and zeros fall away, %s', async (_, entries) => {
    const { counts, values } = await read(mtx(entries))
    expect(counts.nonzeros).toBe(2)
    expect(counts.row(0)).toEqual({ genes: Int32Array.of(1), counts: Float32Array.of(7) })
    expect(counts.row(2)).toEqual({ genes: Int32Array.of(2), counts: Float32Array.of(2) })
    expect(values).toEqual({ min: 0, max: 4 })
  })

  test('real and pattern', async () => {
    const real = mtx(
      ['1 1 1.5', '2 1 -2e-3', '3 2 .25', '4 5 +12345678901234567890'],
      '4 5 4',
      BANNER.replace('integer', 'real'),
    )
    const { counts, values } = await read(real)
    expect(counts.row(0).counts).toEqual(Float32Array.of(1.5, -2e-3))
    expect(counts.row(4).counts).toEqual(Float32Array.of(12345678901234567000))
    expect(values).toEqual({
      min: -2e-3,
      max: 12345678901234567000,
      negative: { cell: 0, gene: 1, value: -2e-3 },
      nonInteger: { cell: 0, gene: 0, value: 1.5 },
      tooLarge: { cell: 4, gene: 3, value: 12345678901234567000 },
    })
    const pattern = await read(mtx(['1 1', '4 5'], '4 5 2', BANNER.replace('integer', 'pattern')))
    expect(pattern.counts.cellTotals()).toEqual(Float64Array.of(1, 0, 0, 0, 1))
  })

  test('odd values out of order keep their places', async () => {
    const { values } = await read(mtx(['3 5 2.5', '2 1 -1'], '4 5 2', BANNER.replace('integer', 'real')))
    expect(values.nonInteger).toEqual({ cell: 4, gene: 2, value: 2.5 })
    expect(values.negative).toEqual({ cell: 0, gene: 1, value: -1 })
  })

  test('tabs, blanks, empty lines, comments between, CRLF, no newline at the end', async () => {
    const text = `%%matrixmarket  Matrix Coordinate INTEGER General\r\n%\r\n\r\n 4\t5  3 \r\n1\t1 2\r\n\r\n%x\r\n  2 1   3 \r\n4 5 1`
    const adata = await read(
      text,
      FEATURES.replaceAll('\n', '\r\n'),
      `${BARCODES.replaceAll('\n', '\r\n')}\r\n`,
    )
    expect(adata.counts.cellTotals()).toEqual(Float64Array.of(5, 0, 0, 0, 1))
    expect(adata.obsNames).toEqual(names('c', 5))
  })

  test('no entry', async () => {
    const adata = await read(mtx([]))
    expect(adata.counts).toMatchObject({ nCells: 5, nonzeros: 0 })
    expect(adata.values).toEqual({ min: Number.NaN, max: Number.NaN })
  })

  test.each([['in order'], ['out of order']])('many cells and megabytes of text, %s', async (order) => {
    const nCells = 9000
    const entries: string[] = []
    const total = new Float64Array(nCells)
    for (let cell = 0; cell < nCells; cell++) {
      for (let k = 0; k < 30; k++) {
        const value = ((cell * 31 + k * 17) % 900) + 1
        entries.push(`${((k * 61 + cell) % 2000) + 1} ${cell + 1} ${value}`)
        total[cell]! += value
      }
    }
    if (order === 'out of order') entries.push(entries.shift()!)
    const text = mtx(entries, `2000 ${nCells} ${entries.length}`)
    expect(text.length).toBeGreaterThan(3e6)
    const features = lines(names('g', 2000))
    const adata = await readMtxFolder(
      folderOf({ 'matrix.mtx.gz': text, 'genes.tsv': features, 'barcodes.tsv': lines(names('c', nCells)) }),
    )
    expect(adata.counts.nonzeros).toBe(entries.length)
    expect(adata.counts.cellTotals()).toEqual(total)
    for (const cell of [0, 4095, 4096, 8999]) {
      const { genes } = adata.counts.row(cell)
      expect(genes).toEqual(Int32Array.from({ length: 30 }, (_, k) => (k * 61 + cell) % 2000).sort())
    }
  })
})

describe('features', () => {
  const types = ['Gene Expression', 'Antibody Capture', 'Gene Expression', 'Antibody Capture']
  const features = (of: readonly string[]) => lines(of.map((type, i) => `E${i}\tg${i}\t${type}`))
  const folder = (of: readonly string[], matrix = MATRIX) =>
    folderOf({ 'matrix.mtx': matrix, 'features.tsv': features(of), 'barcodes.tsv': BARCODES })

  test('gene expression unless told otherwise', async () => {
    const adata = await readMtxFolder(folder(types))
    expect(adata.varNames).toEqual(['g0', 'g2'])
    expect(columnOf(adata, 'gene_ids')).toEqual(['E0', 'E2'])
    expect(rowsOf(adata.counts)).toEqual(ROWS.map((row) => [row[0], row[2]]))
    expect(adata.values).toEqual({ min: 1, max: 5 })
    expect(adata.warnings).toEqual(['Features other than Gene Expression are left out (2 Antibody Capture).'])
  })

  test('another type, entries out of order', async () => {
    const adata = await readMtxFolder(folder(types, mtx([...ENTRIES].reverse())), {
      featureType: 'Antibody Capture',
    })
    expect(adata.varNames).toEqual(['g1', 'g3'])
    expect(rowsOf(adata.counts)).toEqual(ROWS.map((row) => [row[1], row[3]]))
    expect(adata.warnings).toEqual([])
  })

  test('one type alone, whatever it is', async () => {
    expect((await readMtxFolder(folder(Array(4).fill('Peaks')))).nGenes).toBe(4)
  })

  test('a type that is not there', async () => {
    expect(await refusal(folder(types), { featureType: 'Peaks' })).toMatchInlineSnapshot(
      `"bad-input: "folder" has no features of the type "Peaks". Its feature types, nearest first: Gene Expression, Antibody Capture."`,
    )
    expect(await refusal(folder(['a', 'a', 'b', 'b']))).toMatchInlineSnapshot(
      `"bad-input: "folder" has features of several types, none of them Gene Expression. Choose one with --feature-type: a, b."`,
    )
    const old = folderOf({ 'matrix.mtx': MATRIX, 'genes.tsv': GENES, 'barcodes.tsv': BARCODES })
    expect(await refusal(old, { featureType: 'Peaks' })).toMatchInlineSnapshot(
      `"bad-input: "folder" does not say of which type its features are. CellRanger 1 and 2 knew genes only: leave out --feature-type."`,
    )
  })

  test('names: the id for a missing symbol, quotes of R, repeats reported', async () => {
    const genes = '"E0"\t"g"\n"E1"\t""\n"E2"\t"g"\n"E3"\t"h"\n'
    const adata = await readMtxFolder(
      folderOf({ 'matrix.mtx': MATRIX, 'genes.tsv': genes, 'barcodes.tsv': lines(Array(5).fill('c\tx')) }),
    )
    expect(adata.varNames).toEqual(['g', 'E1', 'g', 'h'])
    expect(adata.obsNames).toEqual(Array(5).fill('c'))
    expect(adata.warnings).toEqual([
      '4 cell names repeat another ("c" is the first).',
      '1 gene name repeats another ("g" is the first).',
    ])
  })
})

describe('refused', () => {
  const matrices: [what: string, matrix: string][] = [
    ['too few entries', mtx(ENTRIES.slice(1), `4 5 ${ENTRIES.length}`)],
    ['too many entries', mtx(ENTRIES, '4 5 2')],
    ['row 0', mtx(['0 1 1'])],
    ['a row too far', mtx([...ENTRIES, '5 1 1'])],
    ['a column too far', mtx(['1 6 1'])],
    ['a row of many digits', mtx([`${'9'.repeat(400)} 1 1`])],
    ['a negative row', mtx(['-1 1 1'])],
    ['a word for a number', mtx(['1 1 one'])],
    ['NaN', mtx(['1 1 NaN'])],
    ['a number and a letter', mtx(['1 1 3x'])],
    ['no value', mtx(['1 1'])],
    ['four numbers', mtx(['1 1 1 1'])],
    ['a value in a pattern', mtx(['1 1 1'], '4 5 1', BANNER.replace('integer', 'pattern'))],
    ['an empty file', ''],
    ['no size line', BANNER],
    ['an entry in place of the size line', `${BANNER}1 1 1 1\n`],
    ['words in place of the size line', `${BANNER}rows columns entries\n`],
    ['a size that is not in the names', mtx(ENTRIES, `4 6 ${ENTRIES.length}`)],
    ['other text', 'gene,cell\n'],
    ['the dense form', BANNER.replace('coordinate', 'array')],
    ['complex', BANNER.replace('integer', 'complex')],
    ['symmetric', BANNER.replace('general', 'symmetric')],
    ['a line without an end', `${BANNER}${'x'.repeat(2_500_000)}`],
  ]

  test('matrices', async () => {
    const said: string[] = []
    for (const [what, matrix] of matrices) said.push(`${what} → ${await refusalOfMatrix(matrix)}`)
    expect(said).toMatchInlineSnapshot(`
      [
        "too few entries → bad-input: "folder/matrix.mtx" has 7 entries where its size line promises 8. It may have been cut short: copy or download it again.",
        "too many entries → bad-input: "folder/matrix.mtx" has 8 entries where its size line promises 2. It is damaged.",
        "row 0 → bad-input: "folder/matrix.mtx", line 4: row 0 and column 1 are outside the 4 × 5 of the size line.",
        "a row too far → bad-input: "folder/matrix.mtx", line 12: row 5 and column 1 are outside the 4 × 5 of the size line.",
        "a column too far → bad-input: "folder/matrix.mtx", line 4: row 1 and column 6 are outside the 4 × 5 of the size line.",
        "a row of many digits → bad-input: "folder/matrix.mtx", line 4: row Infinity and column 1 are outside the 4 × 5 of the size line.",
        "a negative row → bad-input: "folder/matrix.mtx", line 4: "-1 1 1" is not row, column and a number.",
        "a word for a number → bad-input: "folder/matrix.mtx", line 4: "1 1 one" is not row, column and a number.",
        "NaN → bad-input: "folder/matrix.mtx", line 4: "1 1 NaN" is not row, column and a number.",
        "a number and a letter → bad-input: "folder/matrix.mtx", line 4: "1 1 3x" is not row, column and a number.",
        "no value → bad-input: "folder/matrix.mtx", line 4: "1 1" is not row, column and a number.",
        "four numbers → bad-input: "folder/matrix.mtx", line 4: "1 1 1 1" is not row, column and a number.",
        "a value in a pattern → bad-input: "folder/matrix.mtx", line 4: "1 1 1" is not row and column.",
        "an empty file → bad-input: The file "folder/matrix.mtx" is empty.",
        "no size line → bad-input: "folder/matrix.mtx" ends before its size line.",
        "an entry in place of the size line → bad-input: "folder/matrix.mtx", line 2: "1 1 1 1" is no size line (rows, columns, entries).",
        "words in place of the size line → bad-input: "folder/matrix.mtx", line 2: "rows columns entries" is no size line (rows, columns, entries).",
        "a size that is not in the names → bad-input: "folder/matrix.mtx" is 4 × 6, but "folder/genes.tsv" names 4 genes and "folder/barcodes.tsv" 5 cells. The three files must come from one matrix.",
        "other text → bad-input: "folder/matrix.mtx" does not start with "%%MatrixMarket matrix", so it is no mtx file.",
        "the dense form → bad-input: "folder/matrix.mtx" is a Matrix Market file of the form "array integer general", which scvae does not read. It reads coordinate integer, real and pattern general.",
        "complex → bad-input: "folder/matrix.mtx" is a Matrix Market file of the form "coordinate complex general", which scvae does not read. It reads coordinate integer, real and pattern general.",
        "symmetric → bad-input: "folder/matrix.mtx" is a Matrix Market file of the form "coordinate integer symmetric", which scvae does not read. It reads coordinate integer, real and pattern general.",
        "a line without an end → bad-input: "folder/matrix.mtx" has a line of more than a megabyte, so it is no table of text.",
      ]
    `)
  })

  test('gzip that is cut short or damaged', async () => {
    const noise = mtx(Array.from({ length: 5000 }, (_, i) => `1 1 ${(i * 7919) % 10007}`))
    const packed = gzipSync(noise)
    const path = folderOf({ 'genes.tsv': GENES, 'barcodes.tsv': BARCODES })
    const said = (bytes: Uint8Array) => {
      writeFileSync(join(path, 'matrix.mtx.gz'), bytes)
      return refusal(path)
    }
    expect(await said(packed.subarray(0, packed.length / 2))).toMatchInlineSnapshot(
      `"bad-input: "folder/matrix.mtx.gz" is cut short: its gzip stream has no end. Copy or download it again."`,
    )
    expect(await said(packed.subarray(0, packed.length - 3))).toMatchInlineSnapshot(
      `"bad-input: "folder/matrix.mtx.gz" is cut short: its gzip stream has no end. Copy or download it again."`,
    )
    const damaged = Buffer.from(packed)
    damaged.fill(0xff, 200, 260)
    expect(await said(damaged)).toMatchInlineSnapshot(
      `"bad-input: "folder/matrix.mtx.gz" is damaged: it cannot be unpacked by gunzip. Copy or download it again."`,
    )
  })

  test('files that are missing', async () => {
    expect(await refusal(join(root, 'none'))).toMatchInlineSnapshot(
      `"bad-input: There is no file or folder "none"."`,
    )
    const empty = folderOf({})
    expect(await refusal(empty)).toMatchInlineSnapshot(
      `"bad-input: The folder "folder" has no matrix.mtx (.gz or not). Nor is it a zarr store, which has a zarr.json or .zgroup."`,
    )
    expect(await refusal(folderOf({ 'matrix.mtx': MATRIX }))).toMatchInlineSnapshot(
      `"bad-input: Beside "folder/matrix.mtx" there is no features.tsv and barcodes.tsv (.gz or not): nothing says which side of its 4 × 5 is genes. Give --features FILE and --barcodes FILE; or, with numbers for names, --transpose where rows are cells and --no-transpose where rows are genes."`,
    )
    expect(await refusal(folderOf({ 'matrix.mtx': MATRIX, 'genes.tsv': GENES }))).toMatchInlineSnapshot(
      `"bad-input: Beside "folder/matrix.mtx" there is no barcodes.tsv (.gz or not). It names the cells: copy it there too, or give another with --barcodes FILE."`,
    )
    const noFeatures = folderOf({ 'a_matrix.mtx': MATRIX, 'a_barcodes.tsv': BARCODES })
    expect(await refusal(join(noFeatures, 'a_matrix.mtx'))).toMatchInlineSnapshot(
      `"bad-input: Beside "folder/a_matrix.mtx" there is no a_features.tsv or a_genes.tsv (.gz or not). It names the genes: copy it there too, or give another with --features FILE."`,
    )
    mkdirSync(join(empty, 'hg19'))
    writeFileSync(join(empty, 'hg19', 'matrix.mtx'), MATRIX)
    expect(await refusal(empty)).toMatchInlineSnapshot(
      `"bad-input: The folder "folder" has no matrix.mtx (.gz or not). Folders in it have one: hg19."`,
    )
  })

  test('lines of genes with different columns', async () => {
    const path = folderOf({
      'matrix.mtx': MATRIX,
      'features.tsv': FEATURES.replace('g2\tGene Expression', 'g2'),
      'barcodes.tsv': BARCODES,
    })
    expect(await refusal(path)).toMatchInlineSnapshot(
      `"bad-input: "folder/features.tsv", line 3: there are fewer columns than in other lines."`,
    )
  })

  test('an option that it does not have', async () => {
    expect(await refusal(root, { layer: 'counts' })).toMatchInlineSnapshot(
      `"usage: readMtxFolder has no option "layer". Its options, nearest first: features, barcodes, transpose, featureType."`,
    )
  })

  test('a size line of billions, with no names to hold it', async () => {
    const path = join(folderOf({ 'big.mtx': mtx([], '2000000000 2000000000 0') }), 'big.mtx')
    expect(await refusal(path, { transpose: true })).toMatchInlineSnapshot(
      `"bad-input: "folder/big.mtx" is 2000000000 × 2000000000 with no names beside it. Give --features FILE and --barcodes FILE."`,
    )
  })
})

describe.runIf(DATA)('real folders', () => {
  const edge = (name: string) => join(DATA!, 'edge', name)

  test('CellRanger 3', async () => {
    const adata = await readMtxFolder(edge('10x-v3-mtx'))
    expect([adata.nCells, adata.nGenes, adata.counts.nonzeros]).toEqual([1107, 507, 23866])
    // the file's own lines, taken apart in another way
    const text = gunzipSync(readFileSync(edge('10x-v3-mtx/matrix.mtx.gz'))).toString()
    const expected = new Map<string, number>()
    for (const line of text.split('\n').slice(3, -1)) {
      const [gene, cell, value] = line.split(' ').map(Number) as [number, number, number]
      expected.set(`${cell - 1} ${gene - 1}`, value)
    }
    const found = new Map<string, number>()
    for (let cell = 0; cell < adata.nCells; cell++) {
      const { genes, counts } = adata.counts.row(cell)
      for (const [k, gene] of genes.entries()) found.set(`${cell} ${gene}`, counts[k]!)
    }
    expect(found).toEqual(expected)
  })

  test('CellRanger 2', async () => {
    const adata = await readMtxFolder(edge('10x-v2-mtx'))
    expect([adata.nCells, adata.nGenes, adata.counts.nonzeros]).toEqual([12, 343, 12])
    expect(adata.varNames.slice(0, 2)).toEqual(['DSCAM', 'MIR99AHG'])
  })

  test('a wrong number of entries', async () => {
    expect(await refusal(edge('wrong-entry-count.mtx'))).toMatchInlineSnapshot(
      `"bad-input: "edge/wrong-entry-count.mtx" has 4329 entries where its size line promises 4352. It may have been cut short: copy or download it again."`,
    )
  })
})

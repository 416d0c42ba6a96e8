import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { crc32, gzipSync } from 'node:zlib'
import { categoriesToArrow, numbersToArrow, stringsToArrow } from '../../dist/src/anndata/frame/arrow-data.js'
import { arrowTable } from '../../dist/src/anndata/frame/arrow-table.js'
import { withH5File } from '../../dist/src/anndata/hdf5/hdf5.js'
import { writeElements } from '../../dist/src/anndata/write/elements.js'
import { writeZarr } from '../../dist/src/anndata/zarr/write.js'
import { Random } from '../../dist/src/numeric/random.js'

const CELLS = 30
const GENES = 20
/** Larger files of a folder are left out: a flipped byte would rarely hit what matters. */
const LARGEST = 2_500_000

/**
 * A file (or folder of files) to spoil.
 *
 * @typedef {{ name: string, files: { path: string, bytes: Buffer }[] }} Sample
 */

/**
 * Small files of each format, and with a folder those in it too.
 *
 * @param {string} [folder]
 * @returns {Promise<Sample[]>}
 */
export async function makeSamples(folder) {
  const own = mkdtempSync(join(tmpdir(), 'scvae-fuzz-samples-'))
  try {
    await writeOwn(own)
    return [...samplesOf(own), ...(folder ? samplesOf(folder) : [])]
  } finally {
    rmSync(own, { recursive: true, force: true })
  }
}

function samplesOf(folder) {
  return readdirSync(folder)
    .sort()
    .map((name) => ({ name, files: filesOf(join(folder, name), folder) }))
    .filter(({ files }) => files.reduce((sum, { bytes }) => sum + bytes.length, 0) <= LARGEST)
}

function filesOf(path, root) {
  if (statSync(path).isDirectory())
    return readdirSync(path).flatMap((name) => filesOf(join(path, name), root))
  return [{ path: relative(root, path), bytes: readFileSync(path) }]
}

/** Puts a sample's files into a folder and gives the path to read. */
export function layOut({ name, files }, folder) {
  for (const { path, bytes } of files) {
    const target = join(folder, path)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, bytes)
  }
  return join(folder, name)
}

async function writeOwn(folder) {
  const elements = someElements()
  await writeElements(join(folder, 'own.h5ad'), elements)
  const store = join(folder, 'own.zarr')
  await writeZarr(store, elements)
  writeFileSync(join(folder, 'own-packed.zarr.zip'), zipOf(filesOf(store, store)))
  await writeTenX(join(folder, 'own-10x.h5'))
  await writeLoom(join(folder, 'own.loom'))
  await writeCompound(join(folder, 'own-compound.h5ad'))
  writeMtx(join(folder, 'own-mtx'), (text) => Buffer.from(text), '')
  writeMtx(join(folder, 'own-mtx-gz'), gzipSync, '.gz')
  writeDialects(folder)
}

/** A zip of files as they are, without compression. */
function zipOf(files) {
  const entries = files.map(({ path, bytes }) => {
    const name = Buffer.from(path)
    // what the local header and the directory have in common, from the version needed to the length of the extra field
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt32LE(crc32(bytes), 10)
    common.writeUInt32LE(bytes.length, 14)
    common.writeUInt32LE(bytes.length, 18)
    common.writeUInt16LE(name.length, 22)
    return { name, common, bytes }
  })
  const offsets = []
  let end = 0
  for (const { name, bytes } of entries) {
    offsets.push(end)
    end += 30 + name.length + bytes.length
  }
  const local = entries.flatMap(({ name, common, bytes }) => [Buffer.from('PK\x03\x04'), common, name, bytes])
  const directory = Buffer.concat(
    entries.flatMap(({ name, common }, i) => {
      const rest = Buffer.alloc(14)
      rest.writeUInt32LE(offsets[i], 10)
      return [Buffer.from('PK\x01\x02\x14\x00'), common, rest, name]
    }),
  )
  const last = Buffer.alloc(22)
  last.write('PK\x05\x06', 'latin1')
  last.writeUInt16LE(entries.length, 8)
  last.writeUInt16LE(entries.length, 10)
  last.writeUInt32LE(directory.length, 12)
  last.writeUInt32LE(end, 16)
  return Buffer.concat([...local, directory, last])
}

function someElements() {
  const random = new Random(11)
  const cells = Array.from({ length: CELLS }, (_, i) => `cell${i}`)
  const genes = Array.from({ length: GENES }, (_, i) => `gene${i}`)
  const dense = (rows, columns, dtype = 'float32') => ({
    kind: 'array',
    dtype,
    shape: [rows, columns],
    values: Float32Array.from({ length: rows * columns }, () => Math.floor(4 * random.next())),
  })
  const sparse = (rows, columns, format) => {
    const { data, indices, indptr } = sparseParts(random, rows, columns, format)
    return {
      ...{ kind: 'sparse', format, dtype: 'float32', shape: [rows, columns] },
      pointers: Float64Array.from(indptr),
      indices: Int32Array.from(indices),
      values: Float32Array.from(data),
    }
  }
  const flags = Uint8Array.from({ length: CELLS }, (_, i) => i % 3)
  const columns = [
    [
      'text',
      stringsToArrow(
        cells.map((name) => `of ${name}`),
        undefined,
      ),
    ],
    ['nullable text', stringsToArrow(cells, flags)],
    ['integer', numbersToArrow(Int32Array.from(flags), 'int32', undefined)],
    ['nullable', numbersToArrow(Int32Array.from(flags), 'int32', flags)],
    ['flag', numbersToArrow(flags, 'bool', undefined)],
    ['fraction', numbersToArrow(Float64Array.from(flags, Math.sqrt), 'float64', undefined)],
    [
      'category',
      categoriesToArrow(
        Int32Array.from(flags, (flag) => flag - 1),
        stringsToArrow(['A', 'B'], undefined),
        true,
      ),
    ],
  ]
  const obs = { kind: 'frame', names: cells, table: arrowTable(columns, CELLS) }
  const variables = { kind: 'frame', names: genes, table: arrowTable([], GENES) }
  const scalar = (dtype, value) => ({ kind: 'scalar', dtype, value })
  return {
    nCells: CELLS,
    nGenes: GENES,
    x: sparse(CELLS, GENES, 'csr'),
    obs,
    var: variables,
    layers: new Map([
      ['csc', sparse(CELLS, GENES, 'csc')],
      ['dense', dense(CELLS, GENES)],
    ]),
    obsm: new Map([
      ['X_pca', dense(CELLS, 3)],
      ['frame', obs],
    ]),
    varm: new Map(),
    obsp: new Map([['graph', sparse(CELLS, CELLS, 'csr')]]),
    varp: new Map(),
    uns: {
      kind: 'dict',
      entries: new Map([
        ['text', scalar('string', 'words')],
        ['number', scalar('int64', 3)],
        ['nothing', scalar('null', null)],
        ['words', { kind: 'strings', shape: [2], values: ['a', 'b'] }],
        [
          'records',
          {
            kind: 'records',
            length: 2,
            fields: [
              { name: 'n', dtype: 'int32', values: Int32Array.of(1, 2) },
              { name: 's', dtype: 'string', values: ['x', 'y'] },
            ],
          },
        ],
        ['nested', { kind: 'dict', entries: new Map([['half', dense(2, 2, 'float16')]]) }],
      ]),
    },
    raw: { x: sparse(CELLS, GENES, 'csr'), var: variables, varm: new Map() },
  }
}

function sparseParts(random, rows, columns, format) {
  const [outer, inner] = format === 'csr' ? [rows, columns] : [columns, rows]
  const parts = { data: [], indices: [], indptr: [0] }
  for (let i = 0; i < outer; i++) {
    for (let j = 0; j < inner; j++) {
      if (random.next() < 0.7) continue
      parts.data.push(1 + Math.floor(4 * random.next()))
      parts.indices.push(j)
    }
    parts.indptr.push(parts.data.length)
  }
  return parts
}

async function writeTenX(path) {
  const { data, indices, indptr } = sparseParts(new Random(12), CELLS, GENES, 'csr')
  await withH5File(path, 'w', (file) => {
    const matrix = file.create_group('matrix')
    const create = (parent, name, values, dtype) =>
      parent.create_dataset({ name, data: values, shape: [values.length], ...(dtype ? { dtype } : {}) })
    create(matrix, 'data', Int32Array.from(data))
    create(matrix, 'indices', BigInt64Array.from(indices, BigInt))
    create(matrix, 'indptr', BigInt64Array.from(indptr, BigInt))
    create(matrix, 'shape', Int32Array.of(GENES, CELLS))
    create(
      matrix,
      'barcodes',
      Array.from({ length: CELLS }, (_, i) => `AAAC${i}-1`),
      'S8',
    )
    const features = matrix.create_group('features')
    const each = (text) => Array.from({ length: GENES }, (_, i) => text(i))
    create(
      features,
      'id',
      each((i) => `ENSG${i}`),
      'S8',
    )
    create(
      features,
      'name',
      each((i) => `G${i}`),
      'S8',
    )
    create(
      features,
      'feature_type',
      each((i) => (i < 15 ? 'Gene Expression' : 'Antibody Capture')),
      'S16',
    )
    create(
      features,
      'genome',
      each(() => 'GRCh38'),
      'S8',
    )
  })
}

async function writeLoom(path) {
  const random = new Random(13)
  await withH5File(path, 'w', (file) => {
    const values = Float32Array.from({ length: GENES * CELLS }, () => Math.floor(3 * random.next()))
    file.create_dataset({
      ...{ name: 'matrix', data: values, shape: [GENES, CELLS] },
      ...{ maxshape: [null, null], chunks: [GENES, 8], compression: 'gzip' },
    })
    const names = (length, prefix) => Array.from({ length }, (_, i) => `${prefix}${i}`)
    const columns = file.create_group('col_attrs')
    columns.create_dataset({ name: 'CellID', data: names(CELLS, 'cell') })
    file.create_group('row_attrs').create_dataset({ name: 'Gene', data: names(GENES, 'gene') })
    for (const name of ['layers', 'col_graphs', 'row_graphs', 'attrs']) file.create_group(name)
    file.get('attrs').create_dataset({ name: 'LOOM_SPEC_VERSION', data: '3.0.0' })
  })
}

/** As AnnData 0.6 wrote it: compound obs and var, dense X, levels of a category in uns. */
async function writeCompound(path) {
  await withH5File(path, 'w', (file) => {
    const frame = (name, length, prefix) => {
      const rows = Array.from({ length }, (_, i) => i)
      const fields = new Map([
        ['index', rows.map((i) => `${prefix}${i}`)],
        ['n_counts', Float32Array.from(rows)],
        ['louvain', Int8Array.from(rows, (i) => i % 2)],
      ])
      const dtype = [...fields.keys()].map((field, i) => [field, ['S8', '<f', '<b'][i]])
      file.create_dataset({ name, data: fields, shape: [length], dtype })
    }
    frame('obs', CELLS, 'cell')
    frame('var', GENES, 'gene')
    file.create_dataset({ name: 'X', data: new Float32Array(CELLS * GENES).fill(2), shape: [CELLS, GENES] })
    const uns = file.create_group('uns')
    uns.create_dataset({ name: 'louvain_categories', data: ['0', '1'], shape: [2], dtype: 'S1' })
  })
}

function writeMtx(folder, pack, suffix) {
  writeTables(folder, pack, suffix, {
    'matrix.mtx': mtxLines(({ gene, cell, value }) => [gene, cell, value], [GENES, CELLS]),
    'barcodes.tsv': BARCODES,
    'features.tsv': Array.from({ length: GENES }, (_, i) => `ENSG${i}\tG${i}\tGene Expression`),
  })
}

const BARCODES = Array.from({ length: CELLS }, (_, i) => `AAAC${i}-1`)

/** Folders as other tools write them: cells × genes, tables with headers, words around the names. */
function writeDialects(folder) {
  const asText = (text) => Buffer.from(text)
  const genes = (text) => Array.from({ length: GENES }, (_, i) => text(i))
  const cellsByGenes = mtxLines(({ gene, cell, value }) => [cell, gene, value], [CELLS, GENES])
  writeTables(join(folder, 'own-kb'), asText, '', {
    'cells_x_genes.mtx': cellsByGenes,
    'cells_x_genes.barcodes.txt': BARCODES,
    'cells_x_genes.genes.txt': genes((i) => `ENSG${i}`),
    'cells_x_genes.genes.names.txt': genes((i) => `G${i}`),
  })
  writeTables(join(folder, 'own-fry'), asText, '', {
    'quants_mat.mtx': mtxLines(({ gene, cell, value }) => [cell, gene, value], [CELLS, 3 * GENES]),
    'quants_mat_rows.txt': BARCODES,
    'quants_mat_cols.txt': ['', '-U', '-A'].flatMap((status) => genes((i) => `G${i}${status}`)),
  })
  writeTables(join(folder, 'own-parse'), gzipSync, '.gz', {
    'count_matrix.mtx': cellsByGenes,
    'all_genes.csv': ['gene_id,gene_name,genome', ...genes((i) => `ENSG${i},G${i},hg38`)],
    'cell_metadata.csv': [
      'bc_wells,sample,tscp_count',
      ...BARCODES.map((name, i) => `${name},"s,${i % 2}",${i}`),
    ],
  })
  writeTables(join(folder, 'own-geo'), asText, '', {
    'GSM1_UniqueAndMult-EM_s1.mtx': mtxLines(
      ({ gene, cell, value }) => [gene, cell, value / 8],
      [GENES, CELLS],
      'float',
    ),
    'GSM1_barcodes_s1.tsv': BARCODES,
    'GSE1_features.tsv': genes((i) => `ENSG${i}\tG${i}`),
  })
}

function mtxLines(place, [rows, columns], field = 'integer') {
  const { data, indices, indptr } = sparseParts(new Random(14), CELLS, GENES, 'csr')
  const entries = data.map((value, k) => {
    const cell = indptr.findIndex((start) => start > k)
    return place({ gene: indices[k] + 1, cell, value }).join(' ')
  })
  const head = [`%%MatrixMarket matrix coordinate ${field} general`, '%', `${rows} ${columns} ${data.length}`]
  return [...head, ...entries]
}

function writeTables(folder, pack, suffix, tables) {
  mkdirSync(folder)
  for (const [name, lines] of Object.entries(tables)) {
    writeFileSync(join(folder, `${name}${suffix}`), pack(`${lines.join('\n')}\n`))
  }
}

/**
 * A sample with bytes flipped, overwritten, cut out, repeated or cut off, by a seed.
 *
 * @param {readonly Sample[]} samples
 * @param {number} seed
 * @returns {{ sample: Sample, what: string }}
 */
export function spoil(samples, seed) {
  const random = new Random(seed)
  const below = (n) => Math.floor(random.next() * n)
  const sample = samples[below(samples.length)]
  const which = below(sample.files.length)
  const chosen = sample.files[which]
  let bytes = Buffer.from(chosen.bytes)
  const steps = []
  for (let k = 1 + below(2); k > 0; k--) {
    const [what, changed] = change(bytes, below)
    steps.push(what)
    bytes = changed
  }
  const files = sample.files.map((file, i) => (i === which ? { path: file.path, bytes } : file))
  return { sample: { name: sample.name, files }, what: `${chosen.path}: ${steps.join(', ')}` }
}

const INTERESTING = [0x00, 0x01, 0x7f, 0x80, 0xff]

function change(bytes, below) {
  const length = bytes.length
  if (length === 0) return ['empty', bytes]
  // the first KB says what all the rest is
  const at = below(2) === 0 ? below(Math.min(length, 4096)) : below(length)
  const run = Math.min(length - at, 1 + below(below(4) === 0 ? 512 : 16))
  switch (below(7)) {
    case 0:
    case 1: {
      const flips = Array.from({ length: 1 + below(8) }, () => [below(length), 1 << below(8)])
      for (const [position, bit] of flips) bytes[position] ^= bit
      return [`${flips.length} bits flipped`, bytes]
    }
    case 2:
      bytes[at] = INTERESTING[below(INTERESTING.length)]
      return [`byte ${at} set`, bytes]
    case 3:
      for (let i = 0; i < run; i++) bytes[at + i] = below(256)
      return [`${run} bytes at ${at} overwritten`, bytes]
    case 4:
      return [
        `${run} bytes at ${at} cut out`,
        Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + run)]),
      ]
    case 5:
      return [
        `${run} bytes at ${at} repeated`,
        Buffer.concat([bytes.subarray(0, at + run), bytes.subarray(at)]),
      ]
    default: {
      const end = below(length)
      return [`cut at ${end}`, bytes.subarray(0, end)]
    }
  }
}

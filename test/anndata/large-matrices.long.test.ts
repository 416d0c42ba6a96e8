import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { type Group, type H5File, withH5File } from '../../src/anndata/hdf5/hdf5.js'
import { readAnnData } from '../../src/anndata/read.js'
import { readCounts } from '../../src/anndata/read-any.js'
import { SlicedArray } from '../../src/anndata/slices/sliced-array.js'
import { openStore } from '../../src/anndata/store/open-store.js'
import { setEncoding } from '../../src/anndata/write/parts.js'
import { makeFile, names, temporaryFolder } from './fixtures.js'

// matrices of more than the 16 MB from which other threads decode, each the same in another form

const CELLS = 4500
const GENES = 1100
/** Every third entry is zero, one is negative and a later one is no integer. */
const ODD = { negative: { cell: 17, gene: 1001 }, nonInteger: { cell: 4321, gene: 5 } }

function value(cell: number, gene: number): number {
  if (cell === ODD.negative.cell && gene === ODD.negative.gene) return -2
  if (cell === ODD.nonInteger.cell && gene === ODD.nonInteger.gene) return 0.5
  return (cell + gene) % 7 === 0 ? 0 : 1 + ((3 * cell + gene) % 5)
}

const folder = temporaryFolder()
const path = (form: string) => join(folder, form === 'loom' ? 'matrix.loom' : `${form}.h5ad`)

beforeAll(async () => {
  const dense = new Float32Array(CELLS * GENES)
  for (let cell = 0, k = 0; cell < CELLS; cell++) {
    for (let gene = 0; gene < GENES; gene++) dense[k++] = value(cell, gene)
  }
  await makeFile(path('dense'), CELLS, GENES, (file) => {
    create(file, 'X', dense, [CELLS, GENES], [100, 300])
    setEncoding(file.get('X') as Group, 'array', '0.2.0')
  })
  for (const form of ['csr', 'csc'] as const) {
    await makeFile(path(form), CELLS, GENES, (file) => writeSparse(file, form))
  }
  await withH5File(path('loom'), 'w', (file) => {
    const turned = new Float32Array(CELLS * GENES)
    for (let gene = 0, k = 0; gene < GENES; gene++) {
      for (let cell = 0; cell < CELLS; cell++) turned[k++] = dense[cell * GENES + gene]!
    }
    create(file, 'matrix', turned, [GENES, CELLS], [64, 64])
    file.create_group('col_attrs').create_dataset({ name: 'CellID', data: names('c', CELLS) })
    file.create_group('row_attrs').create_dataset({ name: 'Gene', data: names('g', GENES) })
  })
}, 60_000)

function create(
  parent: Group,
  name: string,
  data: Float32Array | Int32Array,
  shape: number[],
  chunks: number[],
) {
  parent.create_dataset({ name, data, shape, chunks, compression: 'gzip', compression_opts: 1 })
}

function writeSparse(file: H5File, form: 'csr' | 'csc') {
  const [outer, inner] = form === 'csr' ? [CELLS, GENES] : [GENES, CELLS]
  const indptr = new Int32Array(outer + 1)
  const indices = new Int32Array(CELLS * GENES)
  const data = new Float32Array(CELLS * GENES)
  let n = 0
  for (let i = 0; i < outer; i++) {
    for (let j = 0; j < inner; j++) {
      const stored = form === 'csr' ? value(i, j) : value(j, i)
      if (stored === 0) continue
      indices[n] = j
      data[n++] = stored
    }
    indptr[i + 1] = n
  }
  const group = file.create_group('X')
  setEncoding(group, `${form}_matrix`, '0.1.0')
  group.create_attribute('shape', BigInt64Array.of(BigInt(CELLS), BigInt(GENES)))
  create(group, 'indices', indices.subarray(0, n), [n], [21_973])
  create(group, 'data', data.subarray(0, n), [n], [10_001])
  group.create_dataset({ name: 'indptr', data: indptr })
}

test('all of them are decoded in other threads', async () => {
  const arrays = {
    csr: ['X/data', 'X/indices'],
    csc: ['X/data', 'X/indices'],
    dense: ['X'],
    loom: ['matrix'],
  }
  for (const [form, paths] of Object.entries(arrays)) {
    const store = await openStore(path(form))
    for (const name of paths) {
      const array = await store.root.child(name)
      if (array?.kind !== 'array') throw new Error(`${form} has no ${name}`)
      expect(new SlicedArray(array, path(form)).layout, `${form}: ${name}`).toBeDefined()
    }
    await store.close()
  }
})

test.each(['csr', 'csc', 'dense', 'loom'])('%s', async (form) => {
  const { counts, values } = await readCounts(path(form))
  expect(counts.blocks.map(({ firstCell, nCells }) => [firstCell, nCells])).toEqual([
    [0, 4096],
    [4096, CELLS - 4096],
  ])
  let wrong = 0
  for (let cell = 0; cell < CELLS; cell++) {
    const row = counts.row(cell)
    let k = 0
    for (let gene = 0; gene < GENES; gene++) {
      const wanted = value(cell, gene)
      if (wanted === 0) continue
      if (row.genes[k] !== gene || row.counts[k] !== wanted) wrong++
      k++
    }
    if (k !== row.genes.length) wrong++
  }
  expect(wrong).toBe(0)
  expect(values).toEqual({
    min: -2,
    max: 5,
    negative: { ...ODD.negative, value: -2 },
    nonInteger: { ...ODD.nonInteger, value: 0.5 },
  })
})

test.each(['csr', 'csc', 'dense'])('some cells and genes of %s', async (form) => {
  const { counts } = await readAnnData(path(form), { cells: [4400, 3], genes: [7, 1000] })
  expect(Array.from({ length: 2 }, (_, i) => Array.from(counts.row(i).counts))).toEqual(
    [4400, 3].map((cell) => [7, 1000].map((gene) => value(cell, gene)).filter((stored) => stored !== 0)),
  )
})

test.each(['csr', 'csc', 'dense', 'loom'])('a damaged chunk of %s is named as ever', async (form) => {
  const name = { dense: 'X', loom: 'matrix' }[form] ?? 'X/data'
  const store = await openStore(path(form))
  const array = await store.root.child(name)
  if (array?.kind !== 'array') throw new Error(`no ${name}`)
  const { addresses } = array.chunkLayout!()!
  await store.close()
  const bytes = readFileSync(path(form))
  bytes.fill(0xff, addresses[30]! + 3, addresses[30]! + 40)
  const spoilt = path(form).replace('.', '-spoilt.')
  writeFileSync(spoilt, bytes)
  await expect(readCounts(spoilt)).rejects.toMatchObject({
    kind: 'bad-input',
    message: `"${spoilt}": ${name} could not be read; the file is damaged.`,
  })
})

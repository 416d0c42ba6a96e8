import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Group } from '../../src/anndata/hdf5/hdf5.js'
import { readAnnData } from '../../src/anndata/read.js'
import {
  setColumnOrder,
  writeArray,
  writeCategorical,
  writeDataFrame,
  writeStrings,
} from '../../src/anndata/write/parts.js'
import { makeFile, names, ROWS, rowsOf, temporaryFolder, writeDense, writeSparse } from './fixtures.js'

const folder = temporaryFolder()
const rowsAt = (rows: number[], columns: number[]) =>
  rows.map((row) => columns.map((column) => ROWS[row]![column]!))

/** ROWS as X (dense), CSR and CSC, with unsorted indices, an explicit zero and a value in two parts. */
async function file(name: string): Promise<string> {
  return makeFile(join(folder, `${name}.h5ad`), 5, 4, (root) => {
    writeDense(root, 'X', ROWS)
    const layers = root.get('layers') as Group
    writeSparse(layers, 'csr', 'csr_matrix', [5, 4], {
      data: Float32Array.of(1, 3, 2, 5, 7, 0, 1, 1, 0.5, 0.5),
      indices: Int32Array.of(3, 1, 3, 0, 3, 0, 3, 0, 1, 1),
      indptr: Int32Array.of(0, 2, 2, 4, 6, 10),
    })
    writeSparse(layers, 'csc', 'csc_matrix', [5, 4], {
      data: Float32Array.of(1, 5, 3, 1, 1, 2, 7, 1),
      indices: Int32Array.of(4, 2, 0, 4, 0, 2, 3, 4),
      indptr: Int32Array.of(0, 2, 4, 4, 8),
    })
    const obs = root.get('obs') as Group
    setColumnOrder(obs, ['batch', 'text', 'n'])
    writeCategorical(obs, 'batch', { kind: 'category', codes: [0, 1, -1, 1, 0], categories: ['x', 'y'] })
    writeStrings(obs, 'text', names('t', 5))
    writeArray(obs, 'n', Float64Array.of(0.5, 1.5, 2.5, 3.5, 4.5))
  })
}

describe.each([undefined, 'csr', 'csc'])('some cells and genes of %s', (layer) => {
  const source = layer === undefined ? {} : { layer }

  test('by name and by position, in the order asked for', async () => {
    const path = await file(`some-${layer}`)
    const adata = await readAnnData(path, { ...source, cells: ['c4', 2, 'c0'], genes: ['g3', 'g1', 0] })
    expect(rowsOf(adata.counts)).toEqual(rowsAt([4, 2, 0], [3, 1, 0]))
    expect([adata.nCells, adata.nGenes]).toEqual([3, 3])
    expect(adata.obsNames).toEqual(['c4', 'c2', 'c0'])
    expect(adata.varNames).toEqual(['g3', 'g1', 'g0'])
    const column = (name: string) => Array.from(adata.obs.getChild(name)!)
    expect([column('batch'), column('text'), column('n')]).toEqual([
      ['x', null, 'x'],
      ['t4', 't2', 't0'],
      [4.5, 2.5, 0.5],
    ])
    for (let cell = 0; cell < 3; cell++) {
      const { genes } = adata.counts.row(cell)
      expect(genes).toEqual(genes.slice().sort())
    }
  })

  test('only cells, only genes, none', async () => {
    const path = await file(`only-${layer}`)
    const all = [0, 1, 2, 3]
    expect(rowsOf((await readAnnData(path, { ...source, cells: [1, 3] })).counts)).toEqual(
      rowsAt([1, 3], all),
    )
    const { counts } = await readAnnData(path, { ...source, genes: ['g2', 'g3'] })
    expect(rowsOf(counts)).toEqual(rowsAt([0, 1, 2, 3, 4], [2, 3]))
    const none = await readAnnData(path, { ...source, cells: [] })
    expect([none.counts.nCells, none.obs.numRows, none.nGenes]).toEqual([0, 0, 4])
  })
})

test('an odd value is named by its place among what was asked for', async () => {
  const path = await makeFile(join(folder, 'odd.h5ad'), 5, 4, (root) => {
    writeDense(
      root,
      'X',
      ROWS.map((row, i) => row.map((value, j) => (i === 3 && j === 3 ? -0.5 : value))),
    )
  })
  const place = { cell: 1, gene: 0, value: -0.5 }
  const { values } = await readAnnData(path, { cells: ['c4', 'c3'], genes: ['g3'] })
  expect(values).toEqual({ min: -0.5, max: 1, negative: place, nonInteger: place })
  expect((await readAnnData(path, { cells: ['c4', 'c0'] })).values).toEqual({ min: 1, max: 3 })
})

test('more cells than a block, far apart', async () => {
  const n = 9001
  const rows = Array.from({ length: n }, (_, i) => [i % 3, 0, (i * 7) % 5])
  const path = await makeFile(join(folder, 'many.h5ad'), n, 3, (root) =>
    writeDense(root, 'X', rows, Uint8Array),
  )
  const cells = Array.from({ length: 5000 }, (_, i) => (i * 7) % n)
  const { counts } = await readAnnData(path, { cells })
  expect(counts.blocks.map((block) => block.nCells)).toEqual([4096, 904])
  expect(rowsOf(counts)).toEqual(cells.map((cell) => rows[cell]))
})

test('what is not there, and what is there twice', async () => {
  const path = await file('unknown')
  await expect(readAnnData(path, { genes: ['g9'] })).rejects.toMatchObject({
    kind: 'bad-input',
    message: `"${path}" has no gene "g9".`,
    hint: 'Its genes, nearest first: g0, g1, g2, g3.',
  })
  await expect(readAnnData(path, { cells: [5] })).rejects.toThrow('has no cell at position 5: it has 5.')
  await expect(readAnnData(path, { cells: ['c1', 1] })).rejects.toMatchObject({ kind: 'usage' })
  const twice = await makeFile(join(folder, 'twice.h5ad'), 5, 4, (root) => writeDense(root, 'X', ROWS))
  const { withH5File } = await import('../../src/anndata/hdf5/hdf5.js')
  const repeats = join(folder, 'repeats.h5ad')
  await withH5File(repeats, 'w', (root) => {
    writeDataFrame(root, 'obs', ['a', 'b', 'a', 'c', 'd'], [])
    writeDataFrame(root, 'var', names('g', 4), [])
    writeDense(root, 'X', ROWS)
  })
  expect((await readAnnData(twice, { cells: ['c1'] })).warnings).toEqual([])
  await expect(readAnnData(repeats, { cells: ['a'] })).rejects.toThrow('has more than one cell named "a"')
  expect((await readAnnData(repeats, { cells: ['b', 2] })).obsNames).toEqual(['b', 'a'])
})

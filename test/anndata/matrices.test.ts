import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readAnnData } from '../../src/anndata/read.js'
import type { WritableArray } from '../../src/anndata/write/parts.js'
import { DATA, makeFile, ROWS, rowsOf, temporaryFolder, writeDense, writeSparse } from './fixtures.js'

const folder = temporaryFolder()

/** CSR (or, of the transpose, CSC) parts of plain rows. */
function compress(rows: number[][]): { data: number[]; indices: number[]; indptr: number[] } {
  const parts = { data: [] as number[], indices: [] as number[], indptr: [0] }
  for (const row of rows) {
    for (const [j, value] of row.entries()) {
      if (value === 0) continue
      parts.data.push(value)
      parts.indices.push(j)
    }
    parts.indptr.push(parts.data.length)
  }
  return parts
}

function transpose(rows: number[][]): number[][] {
  return rows[0]!.map((_, j) => rows.map((row) => row[j]!))
}

async function readRows(path: string, options = {}): Promise<number[][]> {
  return rowsOf((await readAnnData(path, options)).counts)
}

describe('one matrix in every form', () => {
  const types: (new (values: number[]) => WritableArray)[] = [
    Int8Array,
    Uint8Array,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
  ]
  test.each(types.map((type) => [type.name, type] as const))('values of %s', async (name, type) => {
    const path = await makeFile(join(folder, `${name}.h5ad`), 5, 4, (file) => {
      writeDense(file, 'X', ROWS, type)
      const layers = file.get('layers') as typeof file
      const csr = compress(ROWS)
      const csc = compress(transpose(ROWS))
      writeSparse(layers, 'csr', 'csr_matrix', [5, 4], {
        data: new type(csr.data),
        indices: Uint16Array.from(csr.indices),
        indptr: Int32Array.from(csr.indptr),
      })
      writeSparse(layers, 'csc', 'csc_matrix', [5, 4], {
        data: new type(csc.data),
        indices: Int32Array.from(csc.indices),
        indptr: BigInt64Array.from(csc.indptr, BigInt),
      })
    })
    expect(await readRows(path)).toEqual(ROWS)
    expect(await readRows(path, { layer: 'csr' })).toEqual(ROWS)
    expect(await readRows(path, { layer: 'csc' })).toEqual(ROWS)
  })

  test('int64 values, indices and pointers come as numbers', async () => {
    const { data, indices, indptr } = compress(ROWS)
    const path = await makeFile(join(folder, 'int64.h5ad'), 5, 4, (file) =>
      writeSparse(file, 'X', 'csr_matrix', [5, 4], {
        data: BigInt64Array.from(data, BigInt),
        indices: BigInt64Array.from(indices, BigInt),
        indptr: BigInt64Array.from(indptr, BigInt),
      }),
    )
    expect(await readRows(path)).toEqual(ROWS)
  })

  test('64-bit values keep sign and size', async () => {
    const path = await makeFile(join(folder, 'wide.h5ad'), 1, 3, (file) =>
      writeSparse(file, 'X', 'csr_matrix', [1, 3], {
        data: BigInt64Array.of(-1n, 2n ** 40n, -(2n ** 33n) - 5n),
        indices: Int32Array.of(0, 1, 2),
        indptr: Int32Array.of(0, 3),
      }),
    )
    const { values } = await readAnnData(path)
    expect(values).toEqual({
      min: -(2 ** 33) - 5,
      max: 2 ** 40,
      negative: { cell: 0, gene: 0, value: -1 },
      tooLarge: { cell: 0, gene: 1, value: 2 ** 40 },
    })
  })

  test('random sparse matrices, shuffled and with repeats and zeros, read as their sums', async () => {
    let n = 0
    const entry = fc.tuple(fc.nat(5), fc.integer({ min: 0, max: 3 }))
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(entry, { maxLength: 12 }), { minLength: 1, maxLength: 6 }),
        async (cells) => {
          const expected = cells.map((row) => {
            const sums = [0, 0, 0, 0, 0, 0]
            for (const [gene, value] of row) sums[gene]! += value
            return sums
          })
          const flat = cells.flat()
          const indptr = [0]
          for (const row of cells) indptr.push(indptr.at(-1)! + row.length)
          const path = await makeFile(join(folder, `random${n++}.h5ad`), cells.length, 6, (file) =>
            writeSparse(file, 'X', 'csr_matrix', [cells.length, 6], {
              data: Float32Array.from(flat, ([, value]) => value),
              indices: Int32Array.from(flat, ([gene]) => gene),
              indptr: Int32Array.from(indptr),
            }),
          )
          const { counts } = await readAnnData(path)
          expect(rowsOf(counts)).toEqual(expected)
          for (let cell = 0; cell < counts.nCells; cell++) {
            const { genes, counts: values } = counts.row(cell)
            expect(values).not.toContain(0)
            expect(Array.from(genes)).toEqual(Array.from(new Set(genes)).sort((a, b) => a - b))
          }
        },
      ),
      { numRuns: 25, seed: 7 },
    )
  })

  test('more cells than a block: the same rows from CSR, CSC and dense', async () => {
    const rows = Array.from({ length: 9001 }, (_, i) => [i % 3, 0, (i * 7) % 5, i % 11 === 0 ? 2 : 0])
    const path = await makeFile(join(folder, 'blocks.h5ad'), rows.length, 4, (file) => {
      writeDense(file, 'X', rows, Uint8Array)
      const layers = file.get('layers') as typeof file
      for (const type of ['csr_matrix', 'csc_matrix'] as const) {
        const { data, indices, indptr } = compress(type === 'csr_matrix' ? rows : transpose(rows))
        writeSparse(layers, type, type, [rows.length, 4], {
          data: Float32Array.from(data),
          indices: Int32Array.from(indices),
          indptr: Int32Array.from(indptr),
        })
      }
    })
    for (const options of [{}, { layer: 'csr_matrix' }, { layer: 'csc_matrix' }]) {
      const { counts } = await readAnnData(path, options)
      expect(counts.blocks.map((block) => block.nCells)).toEqual([4096, 4096, 809])
      expect(counts.blocks.map((block) => block.firstCell)).toEqual([0, 4096, 8192])
      expect(rowsOf(counts)).toEqual(rows)
    }
  })

  test('no nonzero, and no entry at all', async () => {
    const zeros = [
      [0, 0],
      [0, 0],
    ]
    const path = await makeFile(join(folder, 'zeros.h5ad'), 2, 2, (file) => {
      writeDense(file, 'X', zeros)
      writeSparse(file.get('layers') as typeof file, 'none', 'csr_matrix', [2, 2], {
        data: new Float32Array(0),
        indices: new Int32Array(0),
        indptr: new Int32Array(3),
      })
    })
    expect(await readRows(path)).toEqual(zeros)
    expect(await readRows(path, { layer: 'none' })).toEqual(zeros)
    expect((await readAnnData(path, { layer: 'none' })).values).toEqual({ min: Number.NaN, max: Number.NaN })
  })

  test('raw has its own genes', async () => {
    const path = join(folder, 'raw.h5ad')
    const { writeDataFrame, setEncoding } = await import('../../src/anndata/write/parts.js')
    await makeFile(path, 5, 2, (file) => {
      writeDense(
        file,
        'X',
        ROWS.map((row) => row.slice(0, 2)),
      )
      const raw = file.create_group('raw')
      setEncoding(raw, 'raw', '0.1.0')
      writeDense(raw, 'X', ROWS)
      writeDataFrame(raw, 'var', ['a', 'b', 'c', 'd'], [])
    })
    const adata = await readAnnData(path, { useRaw: true })
    expect(adata.varNames).toEqual(['a', 'b', 'c', 'd'])
    expect(adata.countsSource).toBe('raw/X')
    expect(rowsOf(adata.counts)).toEqual(ROWS)
  })
})

describe('damaged sparse matrices are refused', () => {
  const good = { data: Float32Array.of(1, 2), indices: Int32Array.of(0, 1), indptr: Int32Array.of(0, 1, 2) }
  test.each([
    ['a gene beyond the last', { indices: Int32Array.of(0, 9) }, /gene position 9 of 2/],
    ['a negative gene', { indices: Int32Array.of(-1, 0) }, /gene position -1 of 2/],
    ['pointers that turn back', { indptr: Int32Array.of(0, 2, 1) }, /indptr/],
    ['too few pointers', { indptr: Int32Array.of(0, 2) }, /2 values for 2 cells/],
    ['pointers beyond the data', { indptr: Int32Array.of(0, 1, 5) }, /indptr/],
    ['fewer indices than values', { indices: Int32Array.of(0) }, /1 indices for 2 values/],
  ])('%s', async (name, odd, message) => {
    const path = await makeFile(join(folder, `${name}.h5ad`), 2, 2, (file) =>
      writeSparse(file, 'X', 'csr_matrix', [2, 2], { ...good, ...odd }),
    )
    await expect(readAnnData(path)).rejects.toThrow(message)
    await expect(readAnnData(path)).rejects.toMatchObject({ kind: 'bad-input' })
  })

  test('a cell beyond the last in CSC', async () => {
    const path = await makeFile(join(folder, 'csc-cell.h5ad'), 2, 2, (file) =>
      writeSparse(file, 'X', 'csc_matrix', [2, 2], { ...good, indices: Int32Array.of(0, 2) }),
    )
    await expect(readAnnData(path)).rejects.toThrow('cell position 2 of 2')
  })
})

describe.skipIf(!DATA)('real files', () => {
  test('one matrix as CSR, CSC and dense reads equal', async () => {
    const [csr, csc, dense] = await Promise.all(
      ['csr', 'csc', 'dense'].map((form) => readRows(join(DATA!, `edge/same-matrix-${form}.h5ad`))),
    )
    expect(csr).toHaveLength(80)
    expect(csc).toEqual(csr)
    expect(dense).toEqual(csr)
  })

  test('layers of every encoding are the same counts', async () => {
    const path = join(DATA!, 'edge/every-encoding.h5ad')
    const counts = await readRows(path, { layer: 'counts' })
    expect(counts.flat().reduce((sum, value) => sum + value)).toBeGreaterThan(0)
    expect(await readRows(path, { layer: 'csc_counts' })).toEqual(counts)
    expect(await readRows(path, { layer: 'dense_counts' })).toEqual(counts)
  })

  test('unsorted and int64 indices', async () => {
    const { counts } = await readAnnData(join(DATA!, 'edge/unsorted-indices.h5ad'))
    expect([counts.nCells, counts.nGenes, counts.nonzeros]).toEqual([500, 2000, 268478])
    for (let cell = 0; cell < 500; cell++) {
      const { genes } = counts.row(cell)
      expect(genes.every((gene, k) => k === 0 || gene > genes[k - 1]!)).toBe(true)
    }
    const path = join(DATA!, 'edge/int64-indices.h5ad')
    expect(await readRows(path)).toEqual(await readRows(path, { useRaw: true }))
  })

  test('an X without a nonzero', async () => {
    const { counts, nCells } = await readAnnData(join(DATA!, 'edge/x-all-zero.h5ad'))
    expect([nCells, counts.nonzeros]).toEqual([2638, 0])
  })
})

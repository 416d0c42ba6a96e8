import { join } from 'node:path'
import { Bool, DataType, Float64, Int32, Table, Utf8, type Vector, vectorFromArray } from 'apache-arrow'
import { describe, expect, test } from 'vitest'
import { columnType, obsColumn, obsNumbers } from '../../src/anndata/frame/obs-column.js'
import { type Group, withH5File } from '../../src/anndata/hdf5/hdf5.js'
import { readAnnData } from '../../src/anndata/read.js'
import {
  setColumnOrder,
  setEncoding,
  writeArray,
  writeCategorical,
  writeDataFrame,
  writeStrings,
} from '../../src/anndata/write/parts.js'
import { attribute, DATA, makeFile, names, ROWS, temporaryFolder, writeDense } from './fixtures.js'

const folder = temporaryFolder()

/** A nullable column; h5wasm writes no booleans, so the mask is of bytes here (booleans are in the real files). */
function writeNullable(
  parent: Group,
  name: string,
  type: string,
  values: number[] | string[],
  mask: number[],
): void {
  const group = parent.create_group(name)
  setEncoding(group, `nullable-${type}`, '0.1.0')
  if (typeof values[0] === 'string') writeStrings(group, 'values', values as string[])
  else writeArray(group, 'values', BigInt64Array.from(values as number[], BigInt))
  writeArray(group, 'mask', Uint8Array.from(mask))
}

async function fileWith(name: string, columns: string[], fill: (obs: Group) => void): Promise<string> {
  return makeFile(join(folder, `${name}.h5ad`), 5, 4, (file) => {
    writeDense(file, 'X', ROWS)
    const obs = file.get('obs') as Group
    setColumnOrder(obs, columns)
    fill(obs)
  })
}

function values(table: Table, name: string): unknown[] {
  return Array.from(table.getChild(name)!)
}

describe('obs columns become Arrow', () => {
  test('every encoding of today', async () => {
    const path = await fileWith(
      'encodings',
      ['s', 'f', 'wide', 'wider', 'cat', 'nint', 'nstr', 'ncat'],
      (obs) => {
        writeStrings(obs, 's', ['a', '', 'ü', 'a', '日本'])
        writeArray(obs, 'f', Float32Array.of(1.5, Number.NaN, 3, 4, 5))
        writeArray(obs, 'wide', BigInt64Array.of(1n, -2n, 3n, 4n, 5n))
        writeArray(obs, 'wider', BigInt64Array.of(1n, -2n, 3n, 4n, 2n ** 40n))
        writeCategorical(obs, 'cat', { kind: 'category', codes: [1, -1, 0, 1, 1], categories: ['x', 'y'] })
        writeNullable(obs, 'nint', 'integer', [1, 2, 3, 4, 5], [0, 1, 0, 0, 1])
        writeNullable(obs, 'nstr', 'string-array', ['a', 'b', 'c', 'd', 'e'], [1, 0, 0, 0, 0])
        const ncat = obs.create_group('ncat')
        setEncoding(ncat, 'categorical', '0.2.0')
        ncat.create_attribute('ordered', 1, null, '<b')
        writeArray(ncat, 'codes', Int8Array.of(0, 1, 0, -1, 1))
        writeNullable(ncat, 'categories', 'string-array', ['low', 'high'], [0, 0])
      },
    )
    const { obs, warnings } = await readAnnData(path)
    expect(warnings).toEqual([])
    expect(obs.schema.fields.map((field) => columnType(field.type))).toEqual([
      'string',
      'float32',
      'int32',
      'float64',
      'category',
      'int32',
      'string',
      'category',
    ])
    expect(values(obs, 's')).toEqual(['a', '', 'ü', 'a', '日本'])
    expect(values(obs, 'f')).toEqual([1.5, Number.NaN, 3, 4, 5])
    expect(values(obs, 'wide')).toEqual([1, -2, 3, 4, 5])
    expect(values(obs, 'wider')).toEqual([1, -2, 3, 4, 2 ** 40])
    expect(values(obs, 'cat')).toEqual(['y', null, 'x', 'y', 'y'])
    expect(values(obs, 'nint')).toEqual([1, null, 3, 4, null])
    expect(values(obs, 'nstr')).toEqual([null, 'b', 'c', 'd', 'e'])
    expect(values(obs, 'ncat')).toEqual(['low', 'high', 'low', null, 'high'])
    const type: unknown = obs.getChild('ncat')!.type
    expect(DataType.isDictionary(type) && type.isOrdered).toBe(true)
  })

  test('an index of integers, under any name', async () => {
    const path = join(folder, 'index.h5ad')
    await makeFile(path, 5, 4, (file) => writeDense(file, 'X', ROWS))
    await withH5File(path, 'a', (file) => {
      const obs = file.get('obs') as Group
      obs.delete_attribute('_index')
      obs.create_attribute('_index', 'CellID', null, 'S')
      writeArray(obs, 'CellID', BigInt64Array.of(7n, 8n, 9n, 10n, 11n))
    })
    const adata = await readAnnData(path)
    expect(adata.obsNames).toEqual(['7', '8', '9', '10', '11'])
    expect(adata.obs.numCols).toBe(0)
    expect(adata.obs.numRows).toBe(5)
  })

  test('what cannot be read is left out with one warning each', async () => {
    const path = await fileWith('odd', ['good', 'future', 'gone', 'short', 'codes'], (obs) => {
      writeArray(obs, 'good', Int32Array.of(1, 2, 3, 4, 5))
      setEncoding(obs.create_group('future'), 'quantum-array', '9.0')
      writeArray(obs, 'short', Int32Array.of(1, 2))
      writeCategorical(obs, 'codes', { kind: 'category', codes: [0, 1, 2, 0, 0], categories: ['x'] })
    })
    const { obs, warnings } = await readAnnData(path)
    expect(obs.schema.fields.map((field) => field.name)).toEqual(['good'])
    expect(warnings.map((warning) => warning.replaceAll(path, 'FILE'))).toMatchInlineSnapshot(`
      [
        "The obs column "future" is left out. "FILE": obs/future has the encoding quantum-array 9.0, which scvae does not read.",
        "The obs column "gone" is left out. "FILE": obs/gone is missing.",
        "The obs column "short" is left out. "FILE": obs/short has 2 values for 5 rows.",
        "The obs column "codes" is left out. "FILE": obs/codes has the code 1 for 1 categories.",
      ]
    `)
  })

  test('the order is that of column-order, names that look like numbers included', async () => {
    const path = await fileWith('order', ['b', '2', 'a', '1'], (obs) => {
      for (const name of ['1', '2', 'a', 'b']) writeArray(obs, name, Int8Array.of(1, 2, 3, 4, 5))
    })
    const { obs } = await readAnnData(path)
    expect(obs.schema.fields.map((field) => field.name)).toEqual(['b', '2', 'a', '1'])
  })

  test('only the columns asked for', async () => {
    const path = await fileWith('only', ['a', 'b'], (obs) => {
      for (const name of ['a', 'b']) writeArray(obs, name, Int8Array.of(1, 2, 3, 4, 5))
    })
    const { obs } = await readAnnData(path, { obs: ['b'] })
    expect(obs.schema.fields.map((field) => field.name)).toEqual(['b'])
    await expect(readAnnData(path, { obs: ['bb'] })).rejects.toMatchObject({
      kind: 'bad-input',
      message: `"${path}" has no obs column "bb".`,
      hint: 'Its obs columns, nearest first: b, a.',
    })
  })

  test('repeated names are warned about', async () => {
    const path = join(folder, 'repeats.h5ad')
    await withH5File(path, 'w', (file) => {
      setEncoding(file, 'anndata', '0.1.0')
      writeDataFrame(file, 'obs', ['a', 'b', 'a', 'a', 'c'], [])
      writeDataFrame(file, 'var', names('g', 4), [])
      writeDense(file, 'X', ROWS)
      expect(attribute(file, 'encoding-type')).toBe('anndata')
    })
    expect((await readAnnData(path)).warnings).toEqual(['2 cell names repeat another ("a" is the first).'])
  })
})

describe('obsColumn and obsNumbers', () => {
  const column = (vector: Vector) => {
    const table = { path: 'f.h5ad', nCells: vector.length, obs: tableOf(vector) }
    return { table, read: () => obsColumn(table, 'x'), numbers: () => obsNumbers(table, 'x') }
  }

  test('strings in lexicographic order, only those that occur', async () => {
    const { read } = column(vectorFromArray(['b', 'a', null, 'b10', 'b9'], new Utf8()))
    expect(read()).toEqual({ codes: Int32Array.of(1, 0, -1, 2, 3), categories: ['a', 'b', 'b10', 'b9'] })
    const path = await fileWith('unused', ['c'], (obs) => {
      writeCategorical(obs, 'c', {
        kind: 'category',
        codes: [3, 3, -1, 1, 3],
        categories: ['d', 'c', 'b', 'a'],
      })
    })
    expect(obsColumn(await readAnnData(path), 'c')).toEqual({
      codes: Int32Array.of(0, 0, -1, 1, 0),
      categories: ['a', 'c'],
    })
  })

  test('numbers in numeric order, NaN missing', () => {
    const { read, numbers } = column(vectorFromArray([10, 9, Number.NaN, -1, 9.5], new Float64()))
    expect(read()).toEqual({ codes: Int32Array.of(3, 1, -1, 0, 2), categories: ['-1', '9', '9.5', '10'] })
    expect(numbers()).toEqual(Float64Array.of(10, 9, Number.NaN, -1, 9.5))
  })

  test('booleans', () => {
    const { read, numbers } = column(vectorFromArray([true, null, false], new Bool()))
    expect(read()).toEqual({ codes: Int32Array.of(1, -1, 0), categories: ['False', 'True'] })
    expect(numbers()).toEqual(Float64Array.of(1, Number.NaN, 0))
  })

  test('text is no number, an unknown column lists those that there are', () => {
    const { numbers, table } = column(vectorFromArray(['a'], new Utf8()))
    expect(numbers).toThrow('"f.h5ad": the obs column "x" holds text ("a"), not numbers.')
    expect(() => obsColumn(table, 'y')).toThrow('"f.h5ad" has no obs column "y".')
    expect(() => obsNumbers(table, 'y')).toThrow(
      expect.objectContaining({ hint: 'Its obs columns, nearest first: x.' }),
    )
    expect(column(vectorFromArray([1, 2], new Int32())).read().categories).toEqual(['1', '2'])
  })
})

function tableOf(vector: Vector): Table {
  return new Table({ x: vector })
}

describe.skipIf(!DATA)('real files', () => {
  test('booleans and nullable columns as anndata writes them', async () => {
    const { obs } = await readAnnData(join(DATA!, 'edge/every-encoding.h5ad'))
    const type = (name: string) => columnType(obs.getChild(name)!.type)
    expect([type('Bool'), type('BoolNA'), type('IntNA'), type('leiden')]).toEqual([
      'bool',
      'bool',
      'int32',
      'category',
    ])
    expect(obs.getChild('BoolNA')!.nullCount).toBeGreaterThan(0)
    expect(obs.getChild('Bool')!.nullCount).toBe(0)
  })

  test('integer categories that are all missing', async () => {
    const adata = await readAnnData(join(DATA!, 'edge/categorical-int-all-missing.h5ad'))
    const { codes, categories } = obsColumn(adata, 'categ_int_nan')
    expect(categories).toEqual([])
    expect(codes).toEqual(new Int32Array(80).fill(-1))
  })

  test('codes of 16 bits', async () => {
    const adata = await readAnnData(join(DATA!, 'edge/unsorted-indices.h5ad'))
    const wide = adata.obs.schema.fields.filter(({ name }) => obsColumn(adata, name).categories.length > 127)
    expect(wide.length).toBeGreaterThan(0)
  })
})

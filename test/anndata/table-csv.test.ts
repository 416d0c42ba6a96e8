import { Bool, Dictionary, Float32, Float64, Int32, Int64, Table, Utf8, vectorFromArray } from 'apache-arrow'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tableToCsv } from '../../src/anndata/frame/table-csv.js'
import { names } from './fixtures.js'

const text = (table: Table, rowNames?: string[]) => Array.from(tableToCsv(table, rowNames)).join('')

test('a table of every kind of column', () => {
  const table = new Table({
    s: vectorFromArray(['plain', 'a,b', 'say "hi"', 'two\nlines', '', null], new Utf8()),
    kind: vectorFromArray(['x', 'y, z', null, 'x', 'x', 'x'], new Dictionary(new Utf8(), new Int32())),
    flag: vectorFromArray([true, false, null, true, true, true], new Bool()),
    n: vectorFromArray([1, -2, null, 4, 5, 6], new Int32()),
    wide: vectorFromArray([2n ** 60n, 0n, 1n, 2n, 3n, 4n], new Int64()),
    f: vectorFromArray([0.1, Number.NaN, null, 1e21, Number.NEGATIVE_INFINITY, 1 / 3], new Float64()),
    single: vectorFromArray([0.1, 1 / 3, null, 1e-40, 16777216, 3], new Float32()),
    'a "name", quoted': vectorFromArray([1, 2, 3, 4, 5, 6], new Int32()),
  })
  expect(text(table, ['c1', 'c,2', 'c3', 'c4', 'c5', 'é'])).toMatchInlineSnapshot(`
    "name,s,kind,flag,n,wide,f,single,"a ""name"", quoted"
    c1,plain,x,True,1,1152921504606846976,0.1,0.1,1
    "c,2","a,b","y, z",False,-2,0,,0.33333334,2
    c3,"say ""hi""",,,,1,,,3
    c4,"two
    lines",x,True,4,2,1e+21,1e-40,4
    c5,"",x,True,5,3,-Infinity,16777216,5
    é,,x,True,6,4,0.3333333333333333,3,6
    "
  `)
})

test('without names, without rows, without columns', () => {
  expect(text(new Table({ a: vectorFromArray([1], new Int32()) }))).toBe('a\n1\n')
  expect(text(new Table({ a: vectorFromArray([], new Int32()) }))).toBe('a\n')
  expect(text(new Table({}), [])).toBe('name\n')
})

test('comes in chunks that join to the whole', () => {
  const n = 10_000
  const table = new Table({ i: vectorFromArray(Int32Array.from({ length: n }, (_, i) => i)) })
  const chunks = Array.from(tableToCsv(table, names('c', n), { nameColumn: 'cell' }))
  expect(chunks.length).toBeGreaterThan(2)
  const lines = chunks.join('').split('\n')
  expect(lines.slice(0, 2)).toEqual(['cell,i', 'c0,0'])
  expect(lines.slice(-2)).toEqual(['c9999,9999', ''])
  expect(lines).toHaveLength(n + 2)
})

test('refuses a wrong number of names', () => {
  const table = new Table({ a: vectorFromArray([1, 2], new Int32()) })
  expect(() => text(table, ['x'])).toThrow('1 names for 2 rows')
})

test('numbers come back bit for bit', () => {
  const values = fc.array(fc.float({ noNaN: true }), { minLength: 1 })
  fc.assert(
    fc.property(values, (items) => {
      const column = Float32Array.from(items)
      const lines = text(new Table({ x: vectorFromArray(column) }))
        .split('\n')
        .slice(1, -1)
      expect(Float32Array.from(lines, Number)).toEqual(column)
      // and no digit is there for nothing: the next shorter text is another number
      for (const [i, line] of lines.entries()) {
        const digits = line
          .replace(/e.*$/, '')
          .replace(/\D/g, '')
          .replace(/^0+|0+$/g, '').length
        if (digits > 1 && Number.isFinite(column[i])) {
          expect(Math.fround(Number(column[i]!.toPrecision(digits - 1)))).not.toBe(column[i])
        }
      }
    }),
  )
})

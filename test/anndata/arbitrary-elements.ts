import type { Data } from 'apache-arrow'
import fc, { type Arbitrary } from 'fast-check'
import type {
  AnnDataElements,
  ArrayElement,
  ColumnElement,
  DictElement,
  Element,
  FrameElement,
  RecordsElement,
  ScalarElement,
  SparseElementValues,
  StringsElement,
} from '../../src/anndata/elements.js'
import { categoriesToArrow, numbersToArrow, stringsToArrow } from '../../src/anndata/frame/arrow-data.js'
import { arrowTable } from '../../src/anndata/frame/arrow-table.js'
import type { NumericArray } from '../../src/anndata/store/store.js'

type ArrayType = (new (values: Iterable<number>) => NumericArray) & { name: string }

/** How values of each type come from a file. */
const ARRAYS: Readonly<Record<string, ArrayType>> = {
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: Float64Array,
  uint64: Float64Array,
  float16: Float32Array,
  float32: Float32Array,
  float64: Float64Array,
  bool: Uint8Array,
}

const DTYPES = Object.keys(ARRAYS)
/** scipy has no sparse matrices of half floats. */
const SPARSE_DTYPES = DTYPES.filter((dtype) => dtype !== 'float16')
/** Types of columns: Arrow holds no 64-bit integers here. */
const SMALL_DTYPES = DTYPES.filter((dtype) => !dtype.endsWith('64') || dtype === 'float64')

/** One value of a type, NaN and infinities among those of floats. */
function value(dtype: string): Arbitrary<number> {
  const bits = Number(/\d+$/.exec(dtype)?.[0])
  if (dtype === 'bool') return fc.integer({ min: 0, max: 1 })
  if (dtype === 'float16') return fc.integer({ min: -2048, max: 2048 }).map((n) => n / 16)
  if (dtype === 'float32') return fc.float()
  if (dtype === 'float64') return fc.double()
  if (bits === 64) return dtype === 'uint64' ? fc.maxSafeNat() : fc.maxSafeInteger()
  return dtype.startsWith('u')
    ? fc.integer({ min: 0, max: 2 ** bits - 1 })
    : fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 })
}

function values(dtype: string, length: number): Arbitrary<NumericArray> {
  const Type = ARRAYS[dtype]!
  return fc.array(value(dtype), { minLength: length, maxLength: length }).map((numbers) => new Type(numbers))
}

/** Text of any script; HDF5 ends strings at a zero byte, so there is none. */
const text = fc.string({ unit: 'grapheme', maxLength: 8 })

/** A name of a member or a column: never empty, without what paths are made of. */
const name = fc
  .oneof(fc.constantFrom('counts', 'X_pca', 'leiden', 'n genes', 'α', '10x', '%'), text)
  .map((word) => word.replaceAll('/', '|').trim())
  .filter((word) => word !== '' && !/^[._]|\.json$/.test(word))

function texts(length: number): Arbitrary<string[]> {
  return fc.array(text, { minLength: length, maxLength: length })
}

/** Distinct row names. */
function rowNames(prefix: string, length: number): Arbitrary<string[]> {
  return texts(length).map((words) => words.map((word, i) => `${prefix}${i}${word}`))
}

function mask(length: number): Arbitrary<Uint8Array | undefined> {
  const flags = fc.array(fc.integer({ min: 0, max: 1 }), { minLength: length, maxLength: length })
  return fc.option(
    flags.map((bits) => Uint8Array.from(bits)),
    { nil: undefined },
  )
}

function categories(length: number): Arbitrary<Data> {
  const levels: Arbitrary<Data> = fc.oneof(
    fc.uniqueArray(text, { minLength: 1, maxLength: 5 }).map((words) => stringsToArrow(words, undefined)),
    fc
      .uniqueArray(value('int32'), { minLength: 1, maxLength: 5 })
      .map((numbers) => numbersToArrow(Int32Array.from(numbers), 'int32', undefined)),
    fc
      .uniqueArray(fc.double({ noNaN: true }), { minLength: 1, maxLength: 5, comparator: 'SameValueZero' })
      .map((numbers) => numbersToArrow(Float64Array.from(numbers), 'float64', undefined)),
    fc.constant(numbersToArrow(Uint8Array.of(0, 1), 'bool', undefined)),
  )
  return levels.chain((known) =>
    fc
      .tuple(
        fc.array(fc.integer({ min: -1, max: known.length - 1 }), { minLength: length, maxLength: length }),
        fc.boolean(),
      )
      .map(([codes, ordered]) => categoriesToArrow(Int32Array.from(codes), known, ordered)),
  )
}

/** A column of any type; only integers, booleans and text have missing values of their own. */
function column(length: number): Arbitrary<Data> {
  const numeric = fc
    .constantFrom(...SMALL_DTYPES)
    .chain((dtype) =>
      fc
        .tuple(values(dtype, length), mask(length))
        .map(([numbers, missing]) =>
          numbersToArrow(numbers, dtype, dtype.startsWith('f') ? undefined : missing),
        ),
    )
  const words = fc
    .tuple(texts(length), mask(length))
    .map(([strings, missing]) => stringsToArrow(strings, missing))
  return fc.oneof(numeric, words, categories(length))
}

function frame(prefix: string, length: number): Arbitrary<FrameElement> {
  const columns = fc.uniqueArray(name, { maxLength: 5 })
  const index = fc.option(fc.constantFrom('CellID', 'gene_ids', 'index'), { nil: undefined })
  return fc.tuple(rowNames(prefix, length), columns, index).chain(([names, columnNames, indexName]) =>
    fc.tuple(...columnNames.map(() => column(length))).map((data): FrameElement => {
      const pairs = columnNames.map((columnName, i) => [columnName, data[i]!] as const)
      const table = arrowTable(
        pairs.filter(([columnName]) => columnName !== indexName),
        length,
      )
      return { kind: 'frame', names, table, ...(indexName === undefined ? {} : { indexName }) }
    }),
  )
}

function array(shape: readonly number[]): Arbitrary<ArrayElement> {
  const length = shape.reduce((product, side) => product * side, 1)
  return fc
    .constantFrom(...DTYPES)
    .chain((dtype) =>
      values(dtype, length).map((numbers) => ({ kind: 'array', dtype, shape, values: numbers })),
    )
}

function strings(shape: readonly number[]): Arbitrary<StringsElement> {
  const length = shape.reduce((product, side) => product * side, 1)
  return texts(length).map((words) => ({ kind: 'strings', shape, values: words }))
}

/** Entries in any order inside a row, explicit zeros among them, but no two at one place. */
function sparse(rows: number, columns: number): Arbitrary<SparseElementValues> {
  return fc
    .tuple(fc.constantFrom('csr' as const, 'csc' as const), fc.constantFrom(...SPARSE_DTYPES))
    .chain(([format, dtype]) => {
      const [outer, inner] = format === 'csr' ? [rows, columns] : [columns, rows]
      const row: Arbitrary<number[]> =
        inner === 0 ? fc.constant([]) : fc.uniqueArray(fc.nat(inner - 1), { maxLength: Math.min(inner, 6) })
      return fc.array(row, { minLength: outer, maxLength: outer }).chain((indices) => {
        const pointers = new Float64Array(outer + 1)
        for (const [i, one] of indices.entries()) pointers[i + 1] = pointers[i]! + one.length
        return values(dtype, pointers[outer]!).map(
          (numbers): SparseElementValues => ({
            kind: 'sparse',
            format,
            dtype,
            shape: [rows, columns],
            pointers,
            indices: Int32Array.from(indices.flat()),
            values: numbers,
          }),
        )
      })
    })
}

const scalar: Arbitrary<ScalarElement> = fc.oneof(
  text.map((word): ScalarElement => ({ kind: 'scalar', dtype: 'string', value: word })),
  fc.boolean().map((flag): ScalarElement => ({ kind: 'scalar', dtype: 'bool', value: flag })),
  fc
    .constantFrom('int64', 'float64', 'int32', 'float32', 'uint8')
    .chain((dtype) =>
      value(dtype).map((number): ScalarElement => ({ kind: 'scalar', dtype, value: number })),
    ),
  fc.constant<ScalarElement>({ kind: 'scalar', dtype: 'null', value: null }),
)

function records(): Arbitrary<RecordsElement> {
  return fc
    .tuple(fc.uniqueArray(name, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 4 }))
    .chain(([fieldNames, length]) =>
      fc
        .tuple(
          ...fieldNames.map((fieldName) =>
            fc.oneof(
              texts(length).map((words) => ({ name: fieldName, dtype: 'string', values: words })),
              fc
                .constantFrom('int32', 'float32', 'float64')
                .chain((dtype) =>
                  values(dtype, length).map((numbers) => ({ name: fieldName, dtype, values: numbers })),
                ),
            ),
          ),
        )
        .map((fields) => ({ kind: 'records', length, fields })),
    )
}

function mapping(element: Arbitrary<Element>, maxLength: number): Arbitrary<Map<string, Element>> {
  return fc
    .uniqueArray(fc.tuple(name, element), { maxLength, selector: ([key]) => key })
    .map((entries) => new Map(entries))
}

const loose: Arbitrary<Element> = fc.oneof(
  scalar,
  fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }).chain(array),
  fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 2 }).chain(strings),
  sparse(3, 2),
  frame('row', 3),
  categories(4).map((data): ColumnElement => ({ kind: 'column', values: data })),
  records(),
)

function uns(depth: number): Arbitrary<DictElement> {
  const below: Arbitrary<Element> =
    depth === 0 ? loose : fc.oneof({ weight: 4, arbitrary: loose }, uns(depth - 1))
  return mapping(below, 4).map((entries) => ({ kind: 'dict', entries }))
}

function matrix(rows: number, columns: number): Arbitrary<Element> {
  return fc.oneof(array([rows, columns]), sparse(rows, columns))
}

/** What belongs to each of so many cells or genes. */
function aligned(prefix: string, length: number): Arbitrary<Map<string, Element>> {
  return mapping(
    fc.oneof(array([length, 2]), array([length, 2, 2]), sparse(length, 3), frame(prefix, length)),
    2,
  )
}

/** The frames of obsm and varm have the index of obs and var. */
function withIndex(map: Map<string, Element>, { names, indexName }: FrameElement): Map<string, Element> {
  const index = indexName === undefined ? { names } : { names, indexName }
  const withIt = (element: Element): Element =>
    element.kind === 'frame' ? { kind: 'frame', table: element.table, ...index } : element
  return new Map(Array.from(map, ([key, element]) => [key, withIt(element)]))
}

/** Any AnnData of few cells and genes. */
export const annDataElements: Arbitrary<AnnDataElements> = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 5 }), fc.nat(7))
  .chain(([nCells, nGenes, more]) =>
    fc
      .record({
        x: fc.option(matrix(nCells, nGenes), { nil: undefined, freq: 8 }),
        obs: frame('cell', nCells),
        var: frame('gene', nGenes),
        layers: mapping(matrix(nCells, nGenes), 2),
        obsm: aligned('cell', nCells),
        varm: aligned('gene', nGenes),
        obsp: mapping(matrix(nCells, nCells), 2),
        varp: mapping(matrix(nGenes, nGenes), 1),
        uns: uns(2),
        raw: fc.option(
          fc.record({
            x: matrix(nCells, nGenes + more),
            var: frame('raw', nGenes + more),
            varm: mapping(array([nGenes + more, 2]), 1),
          }),
          { nil: undefined },
        ),
      })
      .map(({ x, raw, ...parts }): AnnDataElements => {
        return {
          ...parts,
          path: '',
          nCells,
          nGenes,
          ...(x ? { x } : {}),
          obsm: withIndex(parts.obsm, parts.obs),
          varm: withIndex(parts.varm, parts.var),
          ...(raw ? { raw } : {}),
          warnings: [],
        }
      }),
  )

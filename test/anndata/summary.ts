import { createHash } from 'node:crypto'
import { type Data, DataType, type Table, Vector } from 'apache-arrow'
import type { CountMatrix } from '../../src/anndata/counts/counts.js'
import type { AnnDataElements, Element, FrameElement, ScalarElement } from '../../src/anndata/elements.js'

/**
 * Summaries of AnnData elements, the same as `test/interop/summary.py` makes of Python's: small, but no value can change
 * unseen. Numbers are hashed as little-endian float64 with one NaN, strings as UTF-8 with a zero byte behind each.
 */
export type Summary = { [key: string]: SummaryValue }
export type SummaryValue = string | number | boolean | null | SummaryValue[] | Summary

const FIRST = 2

export function summarizeElements(elements: AnnDataElements): Summary {
  const { raw } = elements
  return {
    nCells: elements.nCells,
    nGenes: elements.nGenes,
    x: elements.x ? summarizeElement(elements.x) : null,
    obs: summarizeElement(elements.obs),
    var: summarizeElement(elements.var),
    raw: raw
      ? { x: summarizeElement(raw.x), var: summarizeElement(raw.var), varm: ofMapping(raw.varm) }
      : null,
    layers: ofMapping(elements.layers),
    obsm: ofMapping(elements.obsm),
    varm: ofMapping(elements.varm),
    obsp: ofMapping(elements.obsp),
    varp: ofMapping(elements.varp),
    uns: ofMapping(elements.uns.entries),
  }
}

export function summarizeElement(element: Element): Summary {
  switch (element.kind) {
    case 'array':
      return {
        kind: 'array',
        dtype: element.dtype,
        shape: [...element.shape],
        ...ofNumbers(element.values),
      }
    case 'strings':
      return { kind: 'strings', shape: [...element.shape], ...ofStrings(element.values) }
    case 'sparse':
      return {
        kind: 'sparse',
        format: element.format,
        dtype: element.dtype,
        shape: [...element.shape],
        entries: element.values.length,
        pointers: digest(floatBytes(element.pointers)),
        indices: digest(floatBytes(element.indices)),
        ...ofNumbers(element.values),
      }
    case 'frame':
      return ofFrame(element)
    case 'column':
      return { kind: 'column', length: element.values.length, ...ofColumn(element.values) }
    case 'records':
      return {
        kind: 'records',
        length: element.length,
        fields: element.fields.map(({ name, dtype, values }) => [
          name,
          { dtype, ...(areStrings(values) ? ofStrings(values) : ofNumbers(values)) },
        ]),
      }
    case 'scalar':
      return ofScalar(element)
    case 'dict':
      return { kind: 'dict', entries: ofMapping(element.entries) }
  }
}

/** Of a number only its kind, since Python's reader tells no more. */
function ofScalar({ dtype, value }: ScalarElement): Summary {
  if (value === null) return { kind: 'scalar', value: null }
  if (typeof value !== 'number') return { kind: 'scalar', type: dtype, value }
  return { kind: 'scalar', type: dtype.startsWith('float') ? 'float' : 'int', value: plain(value) }
}

/** A count matrix as sorted CSR in float32 without a stored zero. */
export function summarizeCounts(counts: CountMatrix): Summary {
  const pointers = [0]
  const genes: number[] = []
  const values: number[] = []
  for (let cell = 0; cell < counts.nCells; cell++) {
    const row = counts.row(cell)
    for (const gene of row.genes) genes.push(gene)
    for (const value of row.counts) values.push(value)
    pointers.push(genes.length)
  }
  return {
    shape: [counts.nCells, counts.nGenes],
    nonzeros: values.length,
    sum: short(total(values), 9),
    hash: digest(floatBytes(pointers), floatBytes(genes), floatBytes(values)),
  }
}

/** Strings in short: the first, the last, and a hash of all. */
export function ofStrings(values: readonly (string | null)[]): Summary {
  const present: string[] = values.filter((value) => value !== null)
  return {
    first: present.slice(0, FIRST),
    last: present.slice(-1),
    hash: digest(Buffer.from(values.map((value) => `${value ?? '\u0001'}\0`).join(''))),
  }
}

const WIDER: Readonly<Record<string, readonly string[]>> = {
  float16: ['float32'],
  int64: ['int32', 'float64'],
  uint64: ['int32', 'uint32', 'float64'],
}

/**
 * Where two summaries differ, as sentences. Sums and the first values, which are there for the eye, may differ in their
 * last digits, the hashes of all values in none. 64-bit integers and half floats of a column may be of another
 * type, that of the Arrow column that holds them.
 */
export function differences(
  expected: SummaryValue | undefined,
  actual: SummaryValue | undefined,
  where = '',
): string[] {
  if (isSummary(expected) && isSummary(actual)) {
    // equal hashes: sums of numbers that cancel out may still differ
    const alike = expected.hash !== undefined && expected.hash === actual.hash
    const keys = [...new Set([...Object.keys(expected), ...Object.keys(actual)])].sort()
    return keys.flatMap((key) => {
      if (alike && key === 'sum') return []
      const below = `${where}/${key}`
      if (!(key in actual)) return [`${below} is missing`]
      if (!(key in expected)) return [`${below} is not expected`]
      return differences(expected[key], actual[key], below)
    })
  }
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
    return expected.flatMap((value, i) => differences(value, actual[i], `${where}[${i}]`))
  }
  const tolerance = where.endsWith('/sum') ? 1e-6 : where.includes('/first[') ? 1e-4 : 0
  if (tolerance > 0 && typeof expected === 'number' && typeof actual === 'number') {
    const scale = Math.max(1, Math.abs(expected), Math.abs(actual))
    if (Math.abs(expected - actual) <= tolerance * scale) return []
  }
  if (where.endsWith('/type') && (isWider(expected, actual) || isWider(actual, expected))) return []
  return expected === actual ? [] : [`${where}: ${JSON.stringify(expected)}, not ${JSON.stringify(actual)}`]
}

function isWider(narrow: SummaryValue | undefined, other: SummaryValue | undefined): boolean {
  return typeof narrow === 'string' && typeof other === 'string' && (WIDER[narrow]?.includes(other) ?? false)
}

function isSummary(value: SummaryValue | undefined): value is Summary {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function ofMapping(entries: ReadonlyMap<string, Element>): Summary {
  return Object.fromEntries(Array.from(entries, ([name, element]) => [name, summarizeElement(element)]))
}

function ofFrame({ indexName, names, table }: FrameElement): Summary {
  return {
    kind: 'frame',
    index: indexName ?? null,
    names: { length: names.length, ...ofStrings(names) },
    columns: columnsOf(table),
  }
}

export function columnsOf(table: Table): SummaryValue[] {
  return table.schema.fields.map((field, i) => {
    const chunks = table.getChildAt(i)!.data
    if (chunks.length !== 1) throw new Error(`The column "${field.name}" has ${chunks.length} chunks.`)
    return [field.name, ofColumn(chunks[0]!)]
  })
}

function ofColumn(data: Data): Summary {
  const values = new Vector([data])
  const valid = Array.from(values, (value) => value !== null)
  const missing = valid.filter((present) => !present).length
  const common: Summary = missing > 0 ? { missing } : {}
  if (DataType.isDictionary(data.type)) {
    const codes = valid.map((present, i) => (present ? Number(data.values[data.offset + i]) : -1))
    return {
      type: 'categorical',
      ordered: data.type.isOrdered,
      categories: ofColumn(data.dictionary!.data[0]!),
      codes: digest(floatBytes(codes)),
      ...common,
    }
  }
  if (DataType.isUtf8(data.type)) return { type: 'string', ...common, ...ofStrings(Array.from(values)) }
  const numbers = Array.from(values, (value) => Number(value ?? 0))
  return {
    type: String(data.type).toLowerCase(),
    ...common,
    ...(missing > 0 ? { mask: digest(floatBytes(valid.map((present) => (present ? 0 : 1)))) } : {}),
    ...ofNumbers(numbers),
  }
}

function areStrings(values: ArrayLike<number> | string[]): values is string[] {
  return Array.isArray(values) && values.every((value) => typeof value === 'string')
}

function ofNumbers(values: ArrayLike<number>): Summary {
  let nonzero = 0
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) nonzero++
  return {
    sum: short(total(values), 9),
    nonzero,
    first: Array.from({ length: Math.min(FIRST, values.length) }, (_, i) => short(values[i]!, 5)),
    hash: digest(floatBytes(values)),
  }
}

/** Sum of the finite values, with the digits that plain addition loses (Neumaier). */
function total(values: ArrayLike<number>): number {
  let sum = 0
  let lost = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!Number.isFinite(value)) continue
    const next = sum + value
    lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum
    sum = next
  }
  return sum + lost
}

/** A number as JSON takes it. */
function plain(value: number): string | number {
  if (!Number.isFinite(value)) return String(value)
  // JSON has no −0
  return value === 0 ? 0 : value
}

function short(value: number, digits: number): string | number {
  return Number.isFinite(value) ? plain(Number(value.toPrecision(digits))) : plain(value)
}

function floatBytes(values: ArrayLike<number>): Buffer {
  const bytes = Buffer.alloc(8 * values.length)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (Number.isNaN(value)) bytes.writeUInt32LE(0x7ff80000, 8 * i + 4)
    else bytes.writeDoubleLE(value, 8 * i)
  }
  return bytes
}

function digest(...parts: Uint8Array[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex').slice(0, 12)
}

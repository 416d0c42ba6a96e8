import type { Data } from 'apache-arrow'
import { ScvaeError } from '../../errors.js'
import { numbersToArrow, stringsToArrow } from '../frame/arrow-data.js'
import type { TenXFeatures } from './features.js'
import { readLines } from './file-lines.js'

/** The cells of a matrix: a name each, and whatever else a table says of them. */
export interface CellNames {
  names: string[]
  columns: [name: string, values: Data][]
}

/** Headers of ids, of symbols, of types, of genomes and of cells, as tools and people write them, the likeliest first. */
const HEADERS = {
  id: ['gene_id', 'gene_ids', 'ensembl_id', 'ensembl_gene_id', 'ensembl', 'feature_id', 'id'],
  symbol: [
    ...[
      'gene_name',
      'gene_names',
      'gene_symbol',
      'gene_symbols',
      'gene_short_name',
      'feature_name',
      'symbol',
    ],
    ...['name', 'gene', 'genes', 'feature', 'features', 'x', 'v1'],
  ],
  type: ['feature_type', 'feature_types'],
  genome: ['genome'],
  cell: [
    ...['bc_wells', 'barcode', 'barcodes', 'cell_barcode', 'cell_barcodes', 'cell_id', 'cell_ids', 'cellid'],
    ...['cell_name', 'cell_names', 'cell', 'cells', 'bc_index', 'x', 'v1'],
  ],
} as const

const KNOWN_HEADERS = new Set<string>(Object.values(HEADERS).flat())

/** Headers that R gives to what has no name, and that could as well be names. */
const WEAK_HEADERS = ['x', 'v1']

/** A table of text, with the header that it has if one of its words is known. */
interface TextTable {
  header: string[] | undefined
  rows: string[][]
}

async function readTable(file: string): Promise<TextTable> {
  const split = /\.csv(\.gz)?$/i.test(file) ? commaFields : tabFields
  const rows = (await readLines(file)).map(split)
  const [first] = rows
  if (!first || !isHeader(first)) return { header: undefined, rows }
  const body = rows.slice(1)
  const wide = body.findIndex((row) => row.length > first.length + 1)
  if (wide >= 0) {
    throw new ScvaeError(
      'bad-input',
      `"${file}", line ${wide + 2}: there are more columns than in the header.`,
    )
  }
  // R leaves the header of the row names away
  const shifted = body.length > 0 && body.every((row) => row.length === first.length + 1)
  return { header: shifted ? ['', ...first] : first, rows: body }
}

/** Whether a row is a header: its first field is known to be one, or has no text, as R and pandas leave it. */
function isHeader(row: readonly string[]): boolean {
  const first = plain(row[0]!)
  if (first === '') return row.length > 1
  return KNOWN_HEADERS.has(first) && (row.length === 1 || !WEAK_HEADERS.includes(first))
}

const plain = (header: string) => header.trim().toLowerCase().replaceAll(/[ .]/g, '_')

/** Tab-separated fields; R puts them in quotes. */
function tabFields(line: string): string[] {
  return line.split('\t').map((field) => field.replace(/^"(.*)"$/, '$1'))
}

/** Fields of CSV, quoted or not. */
function commaFields(line: string): string[] {
  const fields: string[] = []
  const field = /(?:"((?:[^"]|"")*)"|([^,]*))(,|$)/gy
  for (;;) {
    const match = field.exec(line)
    if (!match) return fields
    fields.push(match[1] === undefined ? match[2]! : match[1].replaceAll('""', '"'))
    if (match[3] === '') return fields
  }
}

/**
 * Reads a table of genes: with a header, its columns of ids, symbols, types and genomes; without one, id, symbol and type,
 * as 10x writes them. Further columns (positions on the genome) are left aside.
 *
 * @param symbols a file of one symbol a line, empty where a gene has none
 * @throws ScvaeError `bad-input` for a file that is missing or damaged
 */
export async function readFeatureNames(file: string, symbols?: string): Promise<TenXFeatures> {
  const { header, rows } = await readTable(file)
  const features = header ? withHeader(header, rows) : withoutHeader(rows, file)
  if (symbols === undefined) return features
  const named = await readLines(symbols, { keepEmpty: true })
  if (named.length !== features.names.length) {
    throw new ScvaeError(
      'bad-input',
      `"${symbols}" has ${named.length} lines, but "${file}" names ${features.names.length} genes.`,
      { hint: 'Both must come from one matrix.' },
    )
  }
  return { ...features, names: named.map((symbol, i) => symbol || features.names[i]!) }
}

function withHeader(header: readonly string[], rows: readonly string[][]): TenXFeatures {
  const at = (of: keyof typeof HEADERS) => columnOf(header, of)
  const column = (i: number) => rows.map((row) => row[i] ?? '')
  const [id, symbol] = [at('id'), at('symbol')]
  const ids = column(id ?? symbol ?? 0)
  const columns: Record<string, string[]> = { gene_ids: ids }
  const [type, genome] = [at('type'), at('genome')]
  if (type !== undefined) columns.feature_types = column(type)
  if (genome !== undefined) columns.genome = column(genome)
  const names = symbol === undefined ? ids : column(symbol).map((name, i) => name || ids[i]!)
  return { names: [...names], columns }
}

function withoutHeader(rows: readonly string[][], file: string): TenXFeatures {
  const widths = rows.reduce((least, row) => Math.min(least, row.length), 3)
  if (widths < 3 && rows.some((row) => row.length > widths)) {
    const line = rows.findIndex((row) => row.length === widths) + 1
    throw new ScvaeError('bad-input', `"${file}", line ${line}: there are fewer columns than in other lines.`)
  }
  const gene_ids = rows.map((row) => row[0]!)
  const third = widths === 3 ? rows.map((row) => row[2]!) : undefined
  // before CellRanger 3 there was no type: what a genes.tsv has third may be anything
  const isType = third && (!/genes/i.test(file.slice(-20)) || third.includes('Gene Expression'))
  return {
    names: rows.map((row) => row[1] || row[0]!),
    columns: { gene_ids, ...(isType && { feature_types: third }) },
  }
}

/**
 * Reads a table of cells: with a header, the column that names them, and the others as obs; without one, the first column.
 *
 * @throws ScvaeError `bad-input` for a file that is missing or damaged
 */
export async function readCellNames(file: string): Promise<CellNames> {
  const { header, rows } = await readTable(file)
  if (!header) return { names: rows.map((row) => row[0]!), columns: [] }
  const name = columnOf(header, 'cell') ?? 0
  const columns = header.flatMap((title, i): [string, Data][] =>
    i === name || title === '' ? [] : [[title, columnData(rows.map((row) => row[i] ?? ''))]],
  )
  const seen = new Set<string>()
  return {
    names: rows.map((row) => row[name] ?? ''),
    columns: columns.filter(([title]) => !seen.has(title) && seen.add(title)),
  }
}

function columnOf(header: readonly string[], of: keyof typeof HEADERS): number | undefined {
  const plainHeader = header.map(plain)
  for (const known of HEADERS[of]) {
    const at = plainHeader.indexOf(known)
    if (at >= 0) return at
  }
  return undefined
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const MISSING = new Set(['', 'NA', 'NaN', 'nan'])

/** Numbers where every text is one or missing, else text. */
function columnData(texts: readonly string[]): Data {
  const missing = Uint8Array.from(texts, (text) => (MISSING.has(text) ? 1 : 0))
  const isMissing = missing.includes(1)
  const isNumeric = texts.every((text, i) => missing[i] === 1 || NUMBER.test(text)) && missing.includes(0)
  if (!isNumeric) return stringsToArrow(texts, undefined)
  const numbers = texts.map((text, i) => (missing[i] === 1 ? Number.NaN : Number(text)))
  const isInteger = !isMissing && numbers.every((value) => value === (value | 0))
  return isInteger
    ? numbersToArrow(Int32Array.from(numbers), 'int32', undefined)
    : numbersToArrow(Float64Array.from(numbers), 'float64', undefined)
}

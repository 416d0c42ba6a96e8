import { ScvaeError } from '../../errors.js'
import { wholeLines } from './file-lines.js'
import { parseDecimal } from './parse-decimal.js'

/** What the size line of a Matrix Market file promises. */
export interface MtxSize {
  rows: number
  columns: number
  entries: number
}

/** Some entries of a Matrix Market file, in its order, with positions from 0. The arrays are filled anew for the next. */
export interface MtxEntries {
  n: number
  rows: Int32Array
  columns: Int32Array
  values: Float64Array
}

/** Kinds of values. */
export type MtxField = 'integer' | 'real' | 'pattern'

const FIELDS: Readonly<Record<string, MtxField>> = {
  integer: 'integer',
  'unsigned-integer': 'integer',
  real: 'real',
  double: 'real',
  // STARsolo's word in its UniqueAndMult matrices
  float: 'real',
  pattern: 'pattern',
}

const TAB = 9
const NEWLINE = 10
const RETURN = 13
const SPACE = 32
const PERCENT = 37
const ZERO = 48
const NINE = 57

/** Bytes of the shortest line, `1 1` and its newline. */
const SHORTEST_LINE = 4

/** A Matrix Market file in coordinate form, gzip-compressed or not, read as a stream. */
export class MtxFile {
  readonly path: string
  readonly size: MtxSize
  /** What the values are; a `pattern` has none, and every entry is 1. */
  readonly field: MtxField
  /** Lines up to the size line and with it. */
  readonly #headerLines: number

  private constructor(path: string, size: MtxSize, field: MtxField, headerLines: number) {
    this.path = path
    this.size = size
    this.field = field
    this.#headerLines = headerLines
  }

  /**
   * Reads the header and the size line.
   *
   * @throws ScvaeError `bad-input` when they are missing, wrong, or of a form other than `coordinate` and `general`
   */
  static async open(path: string): Promise<MtxFile> {
    let field: MtxField | undefined
    let lines = 0
    for await (const run of wholeLines(path)) {
      for (const line of run.toString('latin1').split('\n').slice(0, -1)) {
        lines++
        if (field === undefined) {
          field = parseBanner(path, line)
        } else if (line.trim() !== '' && !line.startsWith('%')) {
          return new MtxFile(path, parseSize(path, line, lines), field, lines)
        }
      }
    }
    throw new ScvaeError(
      'bad-input',
      lines === 0 ? `The file "${path}" is empty.` : `"${path}" ends before its size line.`,
    )
  }

  /**
   * All entries, about a megabyte of text at a time.
   *
   * @throws ScvaeError `bad-input` for a line that is no entry, a position outside the matrix, and, at the end, for
   * another number of entries than the size line promises
   */
  async *entries(): AsyncGenerator<MtxEntries> {
    let batch = emptyEntries(0)
    let line = 0
    let found = 0
    for await (const run of wholeLines(this.path)) {
      let at = 0
      for (; line < this.#headerLines && at < run.length; line++) at = run.indexOf(NEWLINE, at) + 1
      if (at >= run.length) continue
      const most = Math.ceil((run.length - at) / SHORTEST_LINE)
      if (batch.rows.length < most) batch = emptyEntries(most)
      line = this.#parse(run, at, line, batch)
      found += batch.n
      if (batch.n > 0) yield batch
    }
    const { entries } = this.size
    if (found !== entries) {
      throw new ScvaeError(
        'bad-input',
        `"${this.path}" has ${found} entries where its size line promises ${entries}.`,
        {
          hint: found < entries ? 'It may have been cut short: copy or download it again.' : 'It is damaged.',
        },
      )
    }
  }

  /**
   * Reads all entries and lets them go.
   *
   * @throws ScvaeError `bad-input` as {@link entries} does
   */
  async check(): Promise<void> {
    const entries = this.entries()
    for (let done = false; !done; ) done = (await entries.next()).done === true
  }

  /** Parses the lines from byte `at` on into `batch` and returns the number of lines so far. */
  #parse(bytes: Buffer, at: number, line: number, batch: MtxEntries): number {
    const { rows, columns, values } = batch
    const { rows: nRows, columns: nColumns } = this.size
    const { length } = bytes
    const pattern = this.field === 'pattern'
    let n = 0
    while (at < length) {
      line++
      const lineStart = at
      let byte = bytes[at]!
      while (isBlank(byte)) byte = bytes[++at]!
      if (byte === NEWLINE || byte === PERCENT) {
        at = bytes.indexOf(NEWLINE, at) + 1
        continue
      }
      let row = 0
      let start = at
      for (; byte >= ZERO && byte <= NINE; byte = bytes[++at]!) row = row * 10 + byte - ZERO
      if (at === start || !isBlank(byte)) throw this.#noEntry(bytes, lineStart, line)
      while (isBlank(byte)) byte = bytes[++at]!
      let column = 0
      start = at
      for (; byte >= ZERO && byte <= NINE; byte = bytes[++at]!) column = column * 10 + byte - ZERO
      if (at === start || !(isBlank(byte) || byte === NEWLINE)) throw this.#noEntry(bytes, lineStart, line)
      if (row < 1 || row > nRows || column < 1 || column > nColumns) {
        throw new ScvaeError(
          'bad-input',
          `"${this.path}", line ${line}: row ${row} and column ${column} are outside the ${nRows} × ${nColumns} of the size line.`,
        )
      }
      while (isBlank(byte)) byte = bytes[++at]!
      let value = 1
      if (!pattern) {
        start = at
        while (!isBlank(byte) && byte !== NEWLINE) byte = bytes[++at]!
        value = parseDecimal(bytes, start, at)
        // NaN where the text is no number
        if (Number.isNaN(value)) throw this.#noEntry(bytes, lineStart, line)
        while (isBlank(byte)) byte = bytes[++at]!
      }
      if (byte !== NEWLINE) throw this.#noEntry(bytes, lineStart, line)
      at++
      rows[n] = row - 1
      columns[n] = column - 1
      values[n++] = value
    }
    batch.n = n
    return line
  }

  #noEntry(bytes: Buffer, start: number, line: number): ScvaeError {
    const text = bytes.toString('latin1', start, Math.min(bytes.indexOf(NEWLINE, start), start + 60)).trim()
    const form = this.field === 'pattern' ? 'row and column' : 'row, column and a number'
    return new ScvaeError('bad-input', `"${this.path}", line ${line}: "${text}" is not ${form}.`)
  }
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB || byte === RETURN
}

function emptyEntries(most: number): MtxEntries {
  return { n: 0, rows: new Int32Array(most), columns: new Int32Array(most), values: new Float64Array(most) }
}

/** The kind of values that the first line promises. */
function parseBanner(path: string, line: string): MtxField {
  const [banner, object, format, field, symmetry] = line.trim().toLowerCase().split(/\s+/)
  if (banner !== '%%matrixmarket' || object !== 'matrix') {
    throw new ScvaeError(
      'bad-input',
      `"${path}" does not start with "%%MatrixMarket matrix", so it is no mtx file.`,
    )
  }
  const known = field === undefined ? undefined : FIELDS[field]
  if (known && format === 'coordinate' && symmetry === 'general') return known
  throw new ScvaeError(
    'bad-input',
    `"${path}" is a Matrix Market file of the form "${[format, field, symmetry].join(' ').trim()}", which scvae does not read.`,
    { hint: 'It reads coordinate integer, real and pattern general.' },
  )
}

function parseSize(path: string, line: string, number: number): MtxSize {
  const [rows, columns, entries, ...more] = line
    .trim()
    .split(/\s+/)
    .map((word) => (/^\d+$/.test(word) ? +word : -1))
  // positions are 32-bit integers here
  const good = (n: number | undefined, most: number): n is number => n !== undefined && n >= 0 && n <= most
  if (good(rows, 2 ** 31 - 1) && good(columns, 2 ** 31 - 1) && good(entries, 2 ** 53) && more.length === 0) {
    return { rows, columns, entries }
  }
  throw new ScvaeError(
    'bad-input',
    `"${path}", line ${number}: "${line.trim().slice(0, 60)}" is no size line (rows, columns, entries).`,
  )
}

import { existsSync, readFileSync } from 'node:fs'
import { dirname, extname, resolve } from 'node:path'
import { ScvaeError } from '../../errors.js'
import { DelimitedError, type Line, parseDelimited } from './delimited.js'

/** A data set that a sample sheet names. */
export interface SheetRow {
  /** The file or folder; a relative path of the sheet is taken from the sheet's folder. */
  path: string
  /** What `sample` says; undefined where the sheet has no such column or the field is empty. */
  sample?: string
  /** Every other column, `batch` among them, in the sheet's order; undefined where the field is empty. */
  columns: Record<string, string | undefined>
  /** The sheet's line, from 1 on. */
  line: number
}

/**
 * Reads a sample sheet: a line of column names, then one line a data set. `path` is needed, `sample` names the data set, and
 * all other columns (`batch` and what else there is) are obs columns of its cells. Commas separate fields; tabs do where the
 * sheet ends in `.tsv` or its first line has tabs and no comma.
 *
 * @throws ScvaeError `bad-input` for a sheet that is not there or not of this form, with the line
 */
export function readSampleSheet(sheet: string): SheetRow[] {
  const [header, ...lines] = linesOf(sheet)
  if (!header) throw wrong(sheet, 'is empty', 1)
  const names = header.fields.map((name) => name.trim())
  checkHeader(sheet, names, header.number)
  if (lines.length === 0) throw wrong(sheet, 'names no file below its header', header.number)
  return lines.map(({ fields, number }) => {
    if (fields.length !== names.length) {
      throw wrong(sheet, `has ${fields.length} fields where the header has ${names.length}`, number)
    }
    const { path, sample, ...columns } = Object.fromEntries(
      names.map((name, i) => [name, fields[i]!.trim() || undefined]),
    )
    if (path === undefined) throw wrong(sheet, 'has no path', number)
    const absolute = resolve(dirname(sheet), path)
    if (!existsSync(absolute)) {
      throw wrong(sheet, `names "${path}", which is not there`, number, `Looked for at "${absolute}".`)
    }
    return { path: absolute, ...(sample !== undefined && { sample }), columns, line: number }
  })
}

function linesOf(sheet: string): Line[] {
  let text: string
  try {
    text = readFileSync(sheet, 'utf8')
  } catch (cause) {
    throw new ScvaeError('bad-input', `The sheet "${sheet}" cannot be read.`, {
      hint: 'Give the path of a .csv or .tsv file with a column "path".',
      cause,
    })
  }
  const first = /^[^\r\n]*/.exec(text)![0]
  const tabs = extname(sheet).toLowerCase() === '.tsv' || (first.includes('\t') && !first.includes(','))
  try {
    return parseDelimited(text, tabs ? '\t' : ',')
  } catch (error) {
    if (error instanceof DelimitedError) throw wrong(sheet, error.message, error.line)
    throw error
  }
}

function checkHeader(sheet: string, names: readonly string[], line: number): void {
  if (!names.includes('path')) {
    throw wrong(sheet, `has no column "path" (it has ${names.join(', ')})`, line)
  }
  if (names.includes('')) throw wrong(sheet, 'has a column without a name', line)
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined) throw wrong(sheet, `has the column "${twice}" twice`, line)
}

const FORM = 'The first line names the columns: path, and if wanted sample, batch and others.'

const wrong = (sheet: string, what: string, line: number, hint = FORM) =>
  new ScvaeError('bad-input', `Line ${line} of the sheet "${sheet}" ${what}.`, { hint })

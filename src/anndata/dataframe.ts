import { type Data, Field, makeData, RecordBatch, Schema, Struct, Table, Vector } from 'apache-arrow'
import { ScvaeError } from '../errors.js'
import { textOf } from './arrow-columns.js'
import { readColumn } from './column-encodings.js'
import { attribute, child, encodingOf, type Group, isGroup } from './hdf5.js'
import { nearestList } from './nearest.js'
import { rewriteHint } from './readable.js'

/** A data frame of a file: its index as names, its columns as an Arrow table with one row a name. */
export interface Frame {
  names: string[]
  table: Table
}

/** The encodings of a data frame that {@link readFrame} takes. */
export const FRAME_ENCODINGS: ReadonlySet<string> = new Set(['dataframe@0.2.0'])

/**
 * Reads a data frame. A column that cannot be read is left out with one warning.
 *
 * @param path where it is in the file: `obs`, `var`, `raw/var`
 * @param only columns to read; all when left out
 * @throws ScvaeError `bad-input` when the frame or its index cannot be read, or a column of `only` is not there
 */
export function readFrame(
  root: Group,
  path: string,
  file: string,
  warnings: string[],
  only?: readonly string[],
): Frame {
  const group = frameGroup(root, path, file)
  const names = readIndex(group, path, file)
  const columns = frameColumns(group)
  for (const name of only ?? []) {
    if (!columns.includes(name)) throw unknownColumn(file, path, name, columns)
  }
  const read: (readonly [string, Data])[] = []
  for (const name of only ?? columns) {
    try {
      const element = child(group, name)
      if (!element) throw new ScvaeError('bad-input', `"${file}": ${path}/${name} is missing.`)
      const data = readColumn(element, file)
      if (data.length !== names.length) {
        const what = `has ${data.length} values for ${names.length} rows`
        throw new ScvaeError('bad-input', `"${file}": ${path}/${name} ${what}.`)
      }
      read.push([name, data])
    } catch (error) {
      if (!(error instanceof ScvaeError)) throw error
      warnings.push(`The ${path} column "${name}" is left out. ${error.message}`)
    }
  }
  return { names, table: tableOf(read, names.length) }
}

/** The columns of a data frame in the order of its `column-order`, without the index. */
export function frameColumns(group: Group): string[] {
  const order = attribute(group, 'column-order')
  const index = attribute(group, '_index')
  // a frame without columns has an empty float64 attribute
  if (Array.isArray(order)) return order.filter((name) => typeof name === 'string')
  return group.keys().filter((name) => name !== index)
}

/** The error of a misspelt column, with those that there are. */
export function unknownColumn(
  file: string,
  path: string,
  name: string,
  columns: readonly string[],
): ScvaeError {
  return new ScvaeError('bad-input', `"${file}" has no ${path} column "${name}".`, {
    hint:
      columns.length > 0
        ? `Its ${path} columns, nearest first: ${nearestList(name, columns)}.`
        : `Its ${path} has no columns at all.`,
  })
}

/** The group of a data frame, or the one sentence about files of older versions. */
export function frameGroup(root: Group, path: string, file: string): Group {
  const element = child(root, path)
  if (!element) throw new ScvaeError('bad-input', `"${file}" has no ${path}.`)
  const encoding = encodingOf(element)
  if (isGroup(element) && encoding !== undefined && FRAME_ENCODINGS.has(encoding)) return element
  const old = encoding === undefined || encoding === 'dataframe@0.1.0'
  const form =
    encoding?.replace('@', ' ') ?? (isGroup(element) ? 'a group without an encoding' : 'a compound table')
  throw new ScvaeError(
    'bad-input',
    `"${file}": ${path} is ${form}${old ? ', as AnnData before 0.8 wrote it' : ''}, which scvae does not read.`,
    { hint: rewriteHint(file) },
  )
}

/** Length of a data frame, from its index. */
export function readIndex(group: Group, path: string, file: string): string[] {
  const index = attribute(group, '_index')
  const element = typeof index === 'string' ? child(group, index) : undefined
  if (!element) throw new ScvaeError('bad-input', `"${file}": ${path} has no index.`)
  return Array.from(new Vector([readColumn(element, file)]), textOf)
}

/** A table of columns of one chunk each; with no column it still has its rows. */
function tableOf(columns: readonly (readonly [string, Data])[], length: number): Table {
  const fields = columns.map(([name, data]) => new Field(name, data.type, true))
  const schema = new Schema(fields)
  const children = columns.map(([, data]) => data)
  const rows = makeData({ type: new Struct(fields), length, nullCount: 0, children })
  return new Table(schema, [new RecordBatch(schema, rows)])
}

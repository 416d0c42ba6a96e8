import type { Data, Table } from 'apache-arrow'
import { ScvaeError } from '../../errors.js'
import { encodingOf } from '../store/nodes.js'
import { rewriteHint } from '../store/readable.js'
import type { Store } from '../store/store.js'
import { arrowTable } from './arrow-table.js'
import { type FrameSource, frameSource } from './frame-source.js'
import { nearestList } from './nearest.js'

/** A data frame of a file: its index as names, its columns as an Arrow table with one row a name. */
export interface Frame {
  names: string[]
  table: Table
  /** Name of the index, where it has one other than `_index`. */
  indexName?: string
}

/**
 * Reads a data frame. A column that cannot be read is left out with one warning.
 *
 * @param path where it is in the file: `obs`, `var`, `raw/var`
 * @param only columns to read; all when left out
 * @throws ScvaeError `bad-input` when the frame or its index cannot be read, or a column of `only` is not there
 */
export async function readFrame(
  store: Store,
  path: string,
  warnings: string[],
  only?: readonly string[],
): Promise<Frame> {
  return readColumns(await openFrame(store, path), store.file, path, warnings, only)
}

/** The columns of a frame that is open; see {@link readFrame}. */
export async function readColumns(
  frame: FrameSource,
  file: string,
  path: string,
  warnings: string[],
  only?: readonly string[],
): Promise<Frame> {
  const names = await frame.names()
  for (const name of only ?? []) {
    if (!frame.columns.includes(name)) throw unknownColumn(file, path, name, frame.columns)
  }
  const read: (readonly [string, Data])[] = []
  for (const name of only ?? frame.columns) {
    try {
      const data = await frame.column(name)
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
  const table = arrowTable(read, names.length)
  return { names, table, ...(frame.indexName !== undefined && { indexName: frame.indexName }) }
}

/**
 * The data frame at a path.
 *
 * @throws ScvaeError `bad-input` where there is none
 */
export async function openFrame(store: Pick<Store, 'root' | 'file'>, path: string): Promise<FrameSource> {
  const { root, file } = store
  const node = await root.child(path)
  if (!node) throw new ScvaeError('bad-input', `"${file}" has no ${path}.`)
  const source = await frameSource(node, root, file)
  if (source) return source
  const encoding = encodingOf(node)?.replace('@', ' ')
  const form = encoding ?? (node.kind === 'group' ? 'a group without an encoding' : 'an array')
  throw new ScvaeError('bad-input', `"${file}": ${path} is ${form}, which scvae does not read.`, {
    hint: rewriteHint(file),
  })
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

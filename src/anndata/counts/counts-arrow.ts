import { closeSync, openSync, writeSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import {
  type Data,
  DataType,
  Dictionary,
  Field,
  type List,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  RecordBatchReader,
  Schema,
  Struct,
  Table,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import { ScvaeError } from '../../errors.js'
import { assembleAnnData } from '../assemble.js'
import { arrowTable } from '../frame/arrow-table.js'
import { oneChunk } from '../frame/one-chunk.js'
import type { AnnData } from '../read.js'
import { writeBeside } from '../write/beside.js'
import { type CountColumns, CountMatrix } from './counts.js'
import { LocatedScan } from './located-scan.js'
import { packBlock } from './packed-block.js'
import { tidyRows } from './tidy-rows.js'

/** Names of the columns that are not obs. */
const OWN = ['cell', 'gene', 'count'] as const

/** Key of the schema's metadata that holds the gene names as a JSON array. */
const GENE_NAMES = 'var_names'

/**
 * Writes counts as an Arrow IPC file, one row a cell: `cell` (text), the columns of obs, `gene: List<Int32>` and
 * `count: List<Float32>`. The gene names are the JSON array `var_names` in the schema's metadata; `gene` counts in it.
 *
 * @returns one sentence for each thing that is not written
 * @throws ScvaeError `bad-input` when a column of obs has the name of one of the three, `usage` when the file exists and
 * `overwrite` is not set
 */
export async function writeCountsArrow(
  path: string,
  adata: Pick<AnnData, 'counts' | 'obs' | 'obsNames' | 'var' | 'varNames'>,
  options: { overwrite?: boolean } = {},
): Promise<string[]> {
  const { counts, obsNames, varNames } = adata
  const obs = numbered(oneChunk(adata.obs))
  const taken = obs.schema.fields.find(({ name }) => isOwn(name))
  if (taken) {
    throw new ScvaeError(
      'bad-input',
      `obs has a column "${taken.name}", which an .arrow file needs itself.`,
      {
        hint: `Rename it first; ${OWN.join(', ')} are the names that it cannot have.`,
      },
    )
  }
  const names = vectorFromArray(obsNames, new Utf8())
  const countTable = counts.toArrow()
  const schema = new Schema(
    [new Field('cell', new Utf8(), false), ...obs.schema.fields, ...countTable.schema.fields],
    new Map([[GENE_NAMES, JSON.stringify(varNames)]]),
  )
  await writeBeside(
    path,
    (temporary) =>
      writeBatches(temporary, schema, function* () {
        for (const [i, { firstCell, nCells }] of counts.blocks.entries()) {
          const columns = [names, ...obs.schema.fields.map((_, column) => obs.getChildAt(column)!)]
          const children: Data[] = columns.map(
            (column) => column.slice(firstCell, firstCell + nCells).data[0]!,
          )
          children.push(...countTable.batches[i]!.data.children)
          yield makeData({ type: new Struct(schema.fields), length: nCells, nullCount: 0, children })
        }
      }),
    options,
  )
  const columns = adata.var.schema.fields.map(({ name }) => name)
  return columns.length > 0 ? [`The var columns are left out: ${columns.join(', ')}.`] : []
}

/** A table whose dictionaries have their columns' positions as ids: Arrow counts them up as long as the process lives. */
function numbered(table: Table): Table {
  const columns = table.schema.fields.map(({ name, type }, i) => {
    const data = table.getChildAt(i)!.data[0]!
    if (!DataType.isDictionary(type)) return [name, data] as const
    return [name, data.clone(new Dictionary(type.dictionary, type.indices, i, type.isOrdered))] as const
  })
  return arrowTable(columns, table.numRows)
}

/** Writes an Arrow IPC file batch by batch, so that no more than one waits in memory. */
async function writeBatches(
  path: string,
  schema: Schema,
  batches: () => Iterable<Data<Struct>>,
): Promise<void> {
  const writer = new RecordBatchFileWriter()
  const file = openSync(path, 'w')
  try {
    const written = (async () => {
      for await (const bytes of writer) {
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
      }
    })()
    // a refused write is thrown where it is waited for
    written.catch(() => undefined)
    writer.reset(undefined, schema)
    for (const batch of batches()) {
      writer.write(new RecordBatch(schema, batch))
      await Promise.race([new Promise((done) => setImmediate(done)), written])
    }
    writer.close()
    await written
  } finally {
    closeSync(file)
  }
}

/**
 * Reads a file that {@link writeCountsArrow} wrote, batch by batch.
 *
 * @throws ScvaeError `bad-input` when it is missing, damaged, or not of that form
 */
export async function readCountsArrow(path: string): Promise<AnnData> {
  let handle: FileHandle
  try {
    handle = await open(path)
  } catch (cause) {
    throw new ScvaeError('bad-input', `There is no file "${path}" that can be read.`, { cause })
  }
  try {
    return await readBatches(path, handle)
  } catch (cause) {
    if (cause instanceof ScvaeError) throw cause
    throw new ScvaeError('bad-input', `"${path}" is no Arrow file, or it is damaged.`, { cause })
  } finally {
    await handle.close()
  }
}

async function readBatches(path: string, handle: FileHandle): Promise<AnnData> {
  const reader = await (await RecordBatchReader.from(handle)).open()
  const { schema } = reader
  const varNames = geneNames(schema, path)
  const batches: RecordBatch[] = []
  for await (const batch of reader) {
    checkCountColumns(batch, path)
    batches.push(batch)
  }
  const table = new Table(schema, batches)
  const obsNames = Array.from(table.getChild('cell') ?? [], String)
  const others = schema.fields.map(({ name }) => name).filter((name) => !isOwn(name))
  const stored = CountMatrix.fromArrow(
    table.select(['gene', 'count']) as unknown as Table<CountColumns>,
    varNames.length,
  )
  const scan = new LocatedScan()
  const blocks = stored.blocks.map((block) => {
    const { firstCell, nCells, offsets, genes, counts } = block
    const start = offsets[0]!
    scan.add(counts.subarray(start, offsets[nCells]), (k) => ({
      cell: firstCell + offsets.findLastIndex((offset) => offset <= start + k),
      gene: genes[start + k]!,
    }))
    return packBlock(tidyRows(block, varNames.length))
  })
  return assembleAnnData({
    path,
    obs: others.length > 0 ? oneChunk(table.select(others)) : arrowTable([], obsNames.length),
    obsNames,
    var: arrowTable([], varNames.length),
    varNames,
    counts: new CountMatrix(varNames.length, blocks),
    values: scan.values,
    warnings: [],
  })
}

function geneNames(schema: Schema, path: string): string[] {
  const fields = new Map(schema.fields.map(({ name, type }) => [name, String(type)]))
  const text = schema.metadata.get(GENE_NAMES)
  let names: unknown
  try {
    names = text === undefined ? undefined : JSON.parse(text)
  } catch {
    names = undefined
  }
  const hasCounts =
    fields.get('cell') === 'Utf8' &&
    fields.get('gene') === 'List<Int32>' &&
    fields.get('count') === 'List<Float32>'
  if (hasCounts && Array.isArray(names) && names.every((name) => typeof name === 'string')) return names
  throw new ScvaeError('bad-input', `"${path}" is an Arrow file, but not one of counts.`, {
    hint: `It needs the columns cell: Utf8, gene: List<Int32> and count: List<Float32>, and ${GENE_NAMES} in its metadata.`,
  })
}

/** Genes and counts must be lists of the same lengths without gaps. */
function checkCountColumns(batch: RecordBatch, path: string): void {
  const [gene, count] = ['gene', 'count'].map((name) => batch.getChild(name)!.data[0] as Data<List>)
  const fits =
    gene!.nullCount === 0 &&
    count!.nullCount === 0 &&
    gene!.children[0]!.nullCount === 0 &&
    (gene!.valueOffsets as Int32Array).every((offset, i) => offset === count!.valueOffsets[i])
  if (!fits)
    throw new ScvaeError('bad-input', `"${path}" has cells whose genes and counts do not fit each other.`)
}

function isOwn(name: string): boolean {
  return (OWN as readonly string[]).includes(name)
}

import { closeSync, openSync } from 'node:fs'
import {
  AsyncByteQueue,
  type Data,
  makeVector,
  RecordBatchFileWriter,
  type Table,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import { fileWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer'
import { arrowTable } from '../anndata/frame/arrow-table.js'
import { CsvRows } from './csv-rows.js'
import type { RowTable, RowWriter } from './row-table.js'
import { writeBytes } from './write-chunks.js'

/** Opens a file by its ending, .parquet, .arrow or .csv. */
export function openRows(path: string, ending: string, table: RowTable): RowWriter {
  const named = { ...table, columns: uniqueNames([table.nameColumn, ...table.columns]).slice(1) }
  if (ending === '.parquet') return new ParquetRows(path, named)
  return ending === '.arrow' ? new ArrowRows(path, named) : new CsvRows(path, named)
}

/** Names of which a repeated one gets the number of its repetition, as anndata does it. */
export function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set(names)
  const seen = new Map<string, number>()
  return names.map((name) => {
    const times = seen.get(name)
    seen.set(name, times ?? 0)
    if (times === undefined) return name
    let number = times
    do number++
    while (taken.has(`${name}-${number}`))
    seen.set(name, number)
    taken.add(`${name}-${number}`)
    return `${name}-${number}`
  })
}

/** Columns of rows. */
function columnsOf(values: Float32Array, nColumns: number): Float32Array[] {
  const rows = values.length / nColumns
  return Array.from({ length: nColumns }, (_, k) => {
    const column = new Float32Array(rows)
    for (let row = 0; row < rows; row++) column[row] = values[row * nColumns + k]!
    return column
  })
}

/** An Arrow IPC file: a record batch for each lot of rows. */
class ArrowRows implements RowWriter {
  readonly #table: RowTable
  readonly #file: number
  readonly #writer = new RecordBatchFileWriter()
  #row = 0

  constructor(path: string, table: RowTable) {
    this.#table = table
    this.#file = openSync(path, 'w')
    this.#writer.reset(new FileSink(this.#file))
  }

  add(values: Float32Array): void {
    // a table as a whole would end the file
    for (const batch of blockTable(this.#table, values, this.#row).batches) this.#writer.write(batch)
    this.#row += values.length / this.#table.columns.length
  }

  end(): void {
    this.#writer.finish()
    closeSync(this.#file)
  }
}

/** Bytes that go to a file as they come, and are not queued. */
class FileSink extends AsyncByteQueue {
  readonly #file: number

  constructor(file: number) {
    super()
    this.#file = file
  }

  override write(value: ArrayBufferView | ArrayBufferLike | string): void {
    const bytes = ArrayBuffer.isView(value)
      ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
      : typeof value === 'string'
        ? Buffer.from(value)
        : new Uint8Array(value)
    writeBytes(this.#file, bytes)
  }
}

function blockTable(
  { nameColumn, columns, rowNames }: RowTable,
  values: Float32Array,
  firstRow: number,
): Table {
  const rows = values.length / columns.length
  const names = vectorFromArray(rowNames.slice(firstRow, firstRow + rows), new Utf8()).data[0]!
  const numbers = columnsOf(values, columns.length).map((column, k): [string, Data] => [
    columns[k]!,
    makeVector(column).data[0]!,
  ])
  return arrowTable([[nameColumn, names], ...numbers], rows)
}

/** Bytes of a row group. */
const GROUP_BYTES = 32 * 2 ** 20

/** A Parquet file, in row groups. */
class ParquetRows implements RowWriter {
  readonly #table: RowTable
  readonly #writer: ParquetWriter
  readonly #columns: Float32Array[]
  readonly #groupRows: number
  #row = 0
  #inGroup = 0

  constructor(path: string, table: RowTable) {
    this.#table = table
    const { columns, rowNames } = table
    this.#groupRows = Math.max(
      1,
      Math.min(rowNames.length, Math.floor(GROUP_BYTES / (4 * Math.max(1, columns.length)))),
    )
    this.#columns = columns.map(() => new Float32Array(this.#groupRows))
    this.#writer = new ParquetWriter({
      writer: fileWriter(path),
      schema: schemaFromColumnData({ columnData: this.#data(0) }),
      createdBy: 'scvae',
    })
  }

  add(values: Float32Array): void {
    const width = this.#columns.length
    for (let from = 0; from < values.length; from += width) {
      for (let k = 0; k < width; k++) this.#columns[k]![this.#inGroup] = values[from + k]!
      this.#inGroup++
      if (this.#inGroup === this.#groupRows) this.#flush()
    }
  }

  end(): void {
    if (this.#inGroup > 0) this.#flush()
    this.#writer.finish()
  }

  #flush(): void {
    this.#writer.write({ columnData: this.#data(this.#inGroup), rowGroupSize: this.#groupRows })
    this.#row += this.#inGroup
    this.#inGroup = 0
  }

  #data(rows: number) {
    const { nameColumn, rowNames, columns } = this.#table
    const names = rowNames.slice(this.#row, this.#row + rows)
    return [
      { name: nameColumn, data: names, type: 'STRING', nullable: false } as const,
      ...columns.map(
        (name, k) =>
          ({ name, data: this.#columns[k]!.subarray(0, rows), type: 'FLOAT', nullable: false }) as const,
      ),
    ]
  }
}

import { closeSync, openSync, writeSync } from 'node:fs'
import { type Data, makeVector, Utf8, vectorFromArray } from 'apache-arrow'
import { fileWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer'
import { arrowTable } from '../anndata/frame/arrow-table.js'
import { tableToCsv } from '../anndata/frame/table-csv.js'

/** A column of some rows of a table. */
export type TableColumn = { name: string } & (
  | { type: 'STRING'; data: readonly string[] }
  | { type: 'FLOAT'; data: Float32Array }
)

/** Takes the rows of a table a few at a time, all with the same columns. */
export interface TableWriter {
  add(columns: readonly TableColumn[]): void
  /** Ends the file. */
  end(): void
}

/**
 * Opens a file by its ending, .parquet or .csv.
 *
 * @param columns without rows, for their names and types
 */
export function openTable(path: string, ending: string, columns: readonly TableColumn[]): TableWriter {
  return ending === '.parquet' ? new ParquetTable(path, columns) : new CsvTable(path, columns)
}

class CsvTable implements TableWriter {
  readonly #file: number

  constructor(path: string, columns: readonly TableColumn[]) {
    this.#file = openSync(path, 'w')
    this.#write(columns, true)
  }

  add(columns: readonly TableColumn[]): void {
    this.#write(columns, false)
  }

  end(): void {
    closeSync(this.#file)
  }

  #write(columns: readonly TableColumn[], header: boolean): void {
    const table = arrowTable(
      columns.map((column) => [column.name, arrowData(column)] as const),
      columns[0]!.data.length,
    )
    for (const lines of tableToCsv(table, undefined, { header })) writeSync(this.#file, lines)
  }
}

const arrowData = (column: TableColumn): Data =>
  column.type === 'STRING'
    ? vectorFromArray([...column.data], new Utf8()).data[0]!
    : makeVector(column.data).data[0]!

class ParquetTable implements TableWriter {
  readonly #writer: ParquetWriter

  constructor(path: string, columns: readonly TableColumn[]) {
    this.#writer = new ParquetWriter({
      writer: fileWriter(path),
      schema: schemaFromColumnData({ columnData: ofParquet(columns) }),
      createdBy: 'scvae',
    })
  }

  add(columns: readonly TableColumn[]): void {
    this.#writer.write({ columnData: ofParquet(columns), rowGroupSize: columns[0]!.data.length })
  }

  end(): void {
    this.#writer.finish()
  }
}

const ofParquet = (columns: readonly TableColumn[]) =>
  columns.map((column) =>
    column.type === 'STRING'
      ? { name: column.name, type: 'STRING' as const, data: [...column.data], nullable: false }
      : { name: column.name, type: 'FLOAT' as const, data: column.data, nullable: false },
  )

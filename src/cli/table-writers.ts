import { fileWriter, ParquetWriter, schemaFromColumnData } from 'hyparquet-writer'
import { CsvBytes } from './csv-bytes.js'

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
  readonly #csv: CsvBytes

  constructor(path: string, columns: readonly TableColumn[]) {
    this.#csv = new CsvBytes(path)
    for (const { name } of columns) this.#csv.text(name)
    this.#csv.endLine()
  }

  add(columns: readonly TableColumn[]): void {
    const rows = columns[0]!.data.length
    for (let row = 0; row < rows; row++) {
      for (const { type, data } of columns)
        if (type === 'STRING') this.#csv.text(data[row]!)
        else this.#csv.single(data[row]!)
      this.#csv.endLine()
    }
  }

  end(): void {
    this.#csv.end()
  }
}

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

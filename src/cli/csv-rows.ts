import { CsvBytes } from './csv-bytes.js'
import type { RowTable, RowWriter } from './row-table.js'

/** Comma-separated values. */
export class CsvRows implements RowWriter {
  readonly #table: RowTable
  readonly #csv: CsvBytes
  #row = 0

  constructor(path: string, table: RowTable) {
    this.#table = table
    this.#csv = new CsvBytes(path)
    for (const name of [table.nameColumn, ...table.columns]) this.#csv.text(name)
    this.#csv.endLine()
  }

  add(values: Float32Array): void {
    const width = this.#table.columns.length
    for (let from = 0; from < values.length; from += width) {
      this.#csv.text(this.#table.rowNames[this.#row++]!)
      for (let k = from; k < from + width; k++) this.#csv.single(values[k]!)
      this.#csv.endLine()
    }
  }

  end(): void {
    this.#csv.end()
  }
}

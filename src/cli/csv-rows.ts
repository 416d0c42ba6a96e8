import { closeSync, openSync } from 'node:fs'
import { SINGLE_BYTES, writeSingle } from '../anndata/frame/single-text.js'
import { quoted } from '../anndata/frame/table-csv.js'
import type { RowTable, RowWriter } from './row-table.js'
import { writeBytes } from './write-chunks.js'

/** Bytes that are gathered before they go to the file. */
const BYTES = 2 ** 20
/** ASCII. */
const [COMMA, NEWLINE] = [0x2c, 0x0a] as const

/** Comma-separated values as `tableToCsv` writes them. Numbers become bytes of one buffer, since a text for each would cost more than the model. */
export class CsvRows implements RowWriter {
  readonly #table: RowTable
  readonly #file: number
  readonly #bytes: Buffer
  readonly #rowBytes: number
  #at = 0
  #row = 0

  constructor(path: string, table: RowTable) {
    this.#table = table
    this.#file = openSync(path, 'w')
    this.#rowBytes = table.columns.length * (SINGLE_BYTES + 1) + 1
    this.#bytes = Buffer.allocUnsafe(Math.max(BYTES, this.#rowBytes))
    writeBytes(this.#file, Buffer.from(`${[table.nameColumn, ...table.columns].map(quoted).join(',')}\n`))
  }

  add(values: Float32Array): void {
    const width = this.#table.columns.length
    const bytes = this.#bytes
    for (let from = 0; from < values.length; from += width) {
      this.#writeName(this.#table.rowNames[this.#row++]!)
      if (this.#at + this.#rowBytes > bytes.length) this.#flush()
      let at = this.#at
      for (let k = from; k < from + width; k++) {
        bytes[at++] = COMMA
        at = writeSingle(values[k]!, bytes, at)
      }
      bytes[at++] = NEWLINE
      this.#at = at
    }
  }

  end(): void {
    this.#flush()
    closeSync(this.#file)
  }

  #writeName(name: string): void {
    const text = Buffer.from(quoted(name))
    if (this.#at + text.length > this.#bytes.length) this.#flush()
    if (text.length > this.#bytes.length) writeBytes(this.#file, text)
    else this.#at += text.copy(this.#bytes, this.#at)
  }

  #flush(): void {
    writeBytes(this.#file, this.#bytes.subarray(0, this.#at))
    this.#at = 0
  }
}

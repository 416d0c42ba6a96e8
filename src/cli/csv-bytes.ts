import { closeSync, openSync } from 'node:fs'
import { SINGLE_BYTES, writeSingle } from '../anndata/frame/single-text.js'
import { quoted } from '../anndata/frame/table-csv.js'
import { writeBytes } from './write-chunks.js'

/** Bytes that are gathered before they go to the file. */
const BYTES = 2 ** 20
/** Most bytes of a UTF-16 code unit in UTF-8. */
const UNIT_BYTES = 3
/** ASCII. */
const [COMMA, NEWLINE] = [0x2c, 0x0a] as const

/** A file of CSV, field by field, as `tableToCsv` writes them: into one buffer of bytes, since a text for each number would cost more than the model. */
export class CsvBytes {
  readonly #file: number
  readonly #bytes = Buffer.allocUnsafe(BYTES)
  #at = 0
  #inLine = false

  constructor(path: string) {
    this.#file = openSync(path, 'w')
  }

  text(value: string): void {
    this.#separate()
    const field = quoted(value)
    if (this.#hasRoom(UNIT_BYTES * field.length)) this.#at += this.#bytes.write(field, this.#at)
    else writeBytes(this.#file, Buffer.from(field))
  }

  single(value: number): void {
    this.#separate()
    this.#hasRoom(SINGLE_BYTES)
    this.#at = writeSingle(value, this.#bytes, this.#at)
  }

  endLine(): void {
    this.#hasRoom(1)
    this.#bytes[this.#at++] = NEWLINE
    this.#inLine = false
  }

  /** Ends the file. */
  end(): void {
    this.#flush()
    closeSync(this.#file)
  }

  #separate(): void {
    this.#hasRoom(1)
    if (this.#inLine) this.#bytes[this.#at++] = COMMA
    this.#inLine = true
  }

  /** Whether there is room for some bytes, now that there may be less in the buffer. */
  #hasRoom(bytes: number): boolean {
    if (this.#at + bytes > this.#bytes.length) this.#flush()
    return bytes <= this.#bytes.length
  }

  #flush(): void {
    writeBytes(this.#file, this.#bytes.subarray(0, this.#at))
    this.#at = 0
  }
}

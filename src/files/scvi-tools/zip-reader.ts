import { crc32 } from 'node:zlib'
import { ScvaeError } from '../../errors.js'

const LOCAL_HEADER = 0x04034b50
const DIRECTORY_ENTRY = 0x02014b50
const DIRECTORY_END = 0x06054b50
const LONGEST_COMMENT = 0xffff
const ENCRYPTED = 1

interface ZipEntry {
  start: number
  size: number
  crc: number
}

/**
 * The entries of a zip archive that keeps them as they are, as PyTorch does. Every entry is a view of the archive's own
 * bytes, so no archive takes more memory than it has bytes.
 */
export class StoredZip {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #path: string
  readonly #entries = new Map<string, ZipEntry>()

  /**
   * Reads the archive's directory.
   *
   * @param path named in errors
   * @throws ScvaeError (bad-input) for bytes that are no zip, a damaged directory, and entries that are compressed or encrypted
   */
  constructor(bytes: Uint8Array, path: string) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#path = path
    const end = this.#findEnd()
    const count = this.#view.getUint16(end + 10, true)
    let at = this.#view.getUint32(end + 16, true)
    for (let i = 0; i < count; i++) at = this.#readEntry(at)
  }

  get names(): string[] {
    return [...this.#entries.keys()]
  }

  /** Bytes of an entry, undefined when there is none of this name. */
  read(name: string): Uint8Array | undefined {
    const entry = this.#entries.get(name)
    if (!entry) return undefined
    const { start, size, crc } = entry
    if (start + 30 > this.#bytes.length || this.#view.getUint32(start, true) !== LOCAL_HEADER) {
      throw this.#damaged(`"${name}" is not where its directory says`)
    }
    const at = start + 30 + this.#view.getUint16(start + 26, true) + this.#view.getUint16(start + 28, true)
    if (at + size > this.#bytes.length) throw this.#damaged(`"${name}" is cut short`)
    const bytes = this.#bytes.subarray(at, at + size)
    if (crc32(bytes) !== crc) throw this.#damaged(`the checksum of "${name}" is wrong`)
    return bytes
  }

  #findEnd(): number {
    const last = this.#bytes.length - 22
    for (let at = last; at >= Math.max(0, last - LONGEST_COMMENT); at--) {
      if (this.#view.getUint32(at, true) === DIRECTORY_END) return at
    }
    throw new ScvaeError(
      'bad-input',
      `"${this.#path}" is not a model of PyTorch's zip format, or is cut short.`,
      {
        hint: 'Save the model anew with scvi-tools 1.x.',
      },
    )
  }

  /** Reads one entry of the directory and gives the place of the next. */
  #readEntry(at: number): number {
    const view = this.#view
    if (at + 46 > this.#bytes.length || view.getUint32(at, true) !== DIRECTORY_ENTRY) {
      throw this.#damaged('its directory is cut short')
    }
    const nameEnd = at + 46 + view.getUint16(at + 28, true)
    const next = nameEnd + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
    if (next > this.#bytes.length) throw this.#damaged('its directory is cut short')
    const name = new TextDecoder().decode(this.#bytes.subarray(at + 46, nameEnd))
    const [stored, size, start] = [at + 20, at + 24, at + 42].map((place) => view.getUint32(place, true)) as [
      number,
      number,
      number,
    ]
    if (view.getUint16(at + 10, true) !== 0 || stored !== size) {
      throw this.#damaged(`"${name}" is compressed, which PyTorch never does`)
    }
    if (view.getUint16(at + 8, true) & ENCRYPTED) throw this.#damaged(`"${name}" is encrypted`)
    if (size === 0xffffffff || start === 0xffffffff) throw this.#damaged(`"${name}" is larger than 4 GiB`)
    if (this.#entries.has(name)) throw this.#damaged(`"${name}" is there twice`)
    this.#entries.set(name, { start, size, crc: view.getUint32(at + 16, true) })
    return next
  }

  #damaged(what: string): ScvaeError {
    return new ScvaeError('bad-input', `The zip file "${this.#path}" cannot be read: ${what}.`)
  }
}

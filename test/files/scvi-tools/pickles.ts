import { writeStoredZip } from '../../../src/files/scvi-tools/zip-writer.js'

export type Part = string | number | Uint8Array

/** A pickle from its pieces: numbers and letters are bytes, text is Latin-1. */
export function pickle(...parts: readonly Part[]): Uint8Array {
  return Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'number') return Uint8Array.of(part)
      return typeof part === 'string' ? Buffer.from(part, 'latin1') : part
    }),
  )
}

export const uint32 = (value: number): Uint8Array =>
  Uint8Array.from([0, 8, 16, 24], (bits) => (value >>> bits) & 255)

/** BINUNICODE. */
export const text = (value: string): Uint8Array => pickle('X', uint32(value.length), value)

/** GLOBAL. */
export const global = (module: string, name: string): Uint8Array => pickle(`c${module}\n${name}\n`)

/** STACK_GLOBAL, as protocol 4 writes it. */
export const stackGlobal = (module: string, name: string): Uint8Array =>
  pickle(text(module), text(name), 0x93)

/** A dict of one key. */
export const dict = (key: string, value: Uint8Array): Uint8Array => pickle('}', text(key), value, 's')

/** A file of `torch.save` around a pickle. */
export function torchFile(data: Uint8Array, entries: Record<string, Uint8Array> = {}): Uint8Array {
  return writeStoredZip(
    new Map([
      ['model/data.pkl', data],
      ['model/byteorder', Buffer.from('little')],
      ...Object.entries(entries).map(([name, bytes]) => [`model/data/${name}`, bytes] as const),
    ]),
  )
}

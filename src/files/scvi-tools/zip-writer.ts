import { crc32 } from 'node:zlib'

/** PyTorch maps tensors straight from the file, so that they start where any vector load may. */
const ALIGNMENT = 64
/** The mark of an extra field that pads, as PyTorch writes it ("FB"). */
const PADDING = 0x4246
const UTF8_NAMES = 0x0800
/** 1 January 1980, the first day that a zip knows: the same input gives the same file. */
const DATE = 0x0021

/** A zip archive that keeps its entries as they are, each at a multiple of 64 bytes. */
export function writeStoredZip(entries: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const parts: Uint8Array[] = []
  const directory: Uint8Array[] = []
  let at = 0
  for (const [name, bytes] of entries) {
    const nameBytes = new TextEncoder().encode(name)
    const crc = crc32(bytes)
    const fields = (header: DataView, from: number) => {
      header.setUint16(from, 10, true)
      header.setUint16(from + 2, UTF8_NAMES, true)
      header.setUint16(from + 8, DATE, true)
      header.setUint32(from + 10, crc, true)
      header.setUint32(from + 14, bytes.length, true)
      header.setUint32(from + 18, bytes.length, true)
      header.setUint16(from + 22, nameBytes.length, true)
    }
    const bare = at + 30 + nameBytes.length + 4
    const padding = 4 + ((ALIGNMENT - (bare % ALIGNMENT)) % ALIGNMENT)
    const local = new Uint8Array(30 + nameBytes.length + padding)
    const localView = new DataView(local.buffer)
    localView.setUint32(0, 0x04034b50, true)
    fields(localView, 4)
    localView.setUint16(28, padding, true)
    local.set(nameBytes, 30)
    localView.setUint16(30 + nameBytes.length, PADDING, true)
    localView.setUint16(32 + nameBytes.length, padding - 4, true)

    const entry = new Uint8Array(46 + nameBytes.length)
    const entryView = new DataView(entry.buffer)
    entryView.setUint32(0, 0x02014b50, true)
    entryView.setUint16(4, 20, true)
    fields(entryView, 6)
    entryView.setUint32(42, at, true)
    entry.set(nameBytes, 46)
    directory.push(entry)
    parts.push(local, bytes)
    at += local.length + bytes.length
  }
  const directorySize = directory.reduce((sum, { length }) => sum + length, 0)
  const end = new Uint8Array(22)
  const endView = new DataView(end.buffer)
  endView.setUint32(0, 0x06054b50, true)
  endView.setUint16(8, directory.length, true)
  endView.setUint16(10, directory.length, true)
  endView.setUint32(12, directorySize, true)
  endView.setUint32(16, at, true)
  return Buffer.concat([...parts, ...directory, end])
}

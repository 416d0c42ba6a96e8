import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { ScvaeError } from '../../../src/errors.js'
import { StoredZip } from '../../../src/files/scvi-tools/zip-reader.js'
import { writeStoredZip } from '../../../src/files/scvi-tools/zip-writer.js'

const ENTRIES = new Map([
  ['model/data.pkl', Uint8Array.of(1, 2, 3)],
  ['model/data/0', new Uint8Array(100).map((_, i) => i)],
  ['model/µ', new Uint8Array()],
])
const whole = writeStoredZip(ENTRIES)

/** The archive with some bytes changed. */
const changed = (...changes: [at: number, byte: number][]) => {
  const bytes = Uint8Array.from(whole)
  for (const [at, byte] of changes) bytes[at] = byte
  return bytes
}

/** Where the directory's entry of a name starts. */
const directoryOf = (name: string) => Buffer.from(whole).lastIndexOf(name) - 46

describe('zip', () => {
  it('gives back what was written, at multiples of 64 bytes', () => {
    const zip = new StoredZip(whole, 'm.pt')
    expect(zip.names).toEqual([...ENTRIES.keys()])
    for (const [name, bytes] of ENTRIES) {
      const read = zip.read(name)!
      expect(Uint8Array.from(read)).toEqual(bytes)
      expect((read.byteOffset - whole.byteOffset) % 64).toBe(0)
    }
    expect(zip.read('model/data/1')).toBeUndefined()
  })

  it('is found before a comment', () => {
    const bytes = Uint8Array.from(Buffer.concat([whole, Buffer.from('hello')]))
    bytes[whole.length - 2] = 5
    expect(new StoredZip(bytes, 'm.pt').names).toHaveLength(3)
  })

  it.each<[string, Uint8Array, string]>([
    ['a flipped byte', changed([64 + 1, 7]), 'the checksum of "model/data.pkl" is wrong'],
    ['compression', changed([directoryOf('model/data.pkl') + 10, 8]), '"model/data.pkl" is compressed'],
    [
      'another size inflated',
      changed([directoryOf('model/data/0') + 24, 101]),
      '"model/data/0" is compressed',
    ],
    ['encryption', changed([directoryOf('model/data.pkl') + 8, 1]), '"model/data.pkl" is encrypted'],
    ['a wrong place', changed([directoryOf('model/data.pkl') + 42, 9]), 'is not where its directory says'],
    [
      'a size beyond the file',
      changed([directoryOf('model/data/0') + 22, 255], [directoryOf('model/data/0') + 26, 255]),
      '"model/data/0" is cut short',
    ],
    [
      'a name beyond the directory',
      changed([directoryOf('model/µ') + 29, 255]),
      'its directory is cut short',
    ],
    ['a directory elsewhere', changed([whole.length - 6, 1]), 'its directory is cut short'],
    ['no zip', deflateRawSync(whole), "is not a model of PyTorch's zip format"],
    ['nothing', new Uint8Array(), "is not a model of PyTorch's zip format"],
  ])('with %s is refused', (_, bytes, message) => {
    expect(() => {
      const zip = new StoredZip(bytes, 'm.pt')
      for (const name of zip.names) zip.read(name)
    }).toThrow(message)
  })

  it('with one name twice is refused', () => {
    const twice = Buffer.from(
      writeStoredZip(
        new Map([
          ['a', Uint8Array.of(1)],
          ['b', Uint8Array.of(2)],
        ]),
      ),
    )
    twice[twice.lastIndexOf('b')] = 'a'.charCodeAt(0)
    expect(() => new StoredZip(twice, 'm.pt')).toThrow('"a" is there twice')
  })

  it('cut anywhere is refused', () => {
    for (let length = 0; length < whole.length; length++) {
      expect(() => new StoredZip(whole.subarray(0, length), 'm.pt')).toThrow(ScvaeError)
    }
  })
})

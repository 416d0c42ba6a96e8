import { registry } from 'zarrita'
import { decodeBlosc } from './blosc.js'
import { decodeLz4Block } from './lz4.js'

/**
 * The codecs that arrays are read with, by the name in the metadata without `numcodecs.`, and zarrita's name for each.
 * `vlen-bytes` lays values out as `vlen-utf8` does.
 */
const CODECS: Readonly<Record<string, string>> = {
  bytes: 'bytes',
  transpose: 'transpose',
  'vlen-utf8': 'vlen-utf8',
  'vlen-bytes': 'vlen-utf8',
  json2: 'json2',
  crc32c: 'crc32c',
  shuffle: 'numcodecs.shuffle',
  delta: 'numcodecs.delta',
  bitround: 'numcodecs.bitround',
  gzip: 'gzip',
  zlib: 'zlib',
  zstd: 'zstd',
  blosc: 'scvae.blosc',
  lz4: 'scvae.lz4',
}

/** Codecs that change the numbers themselves; half-precision numbers go through zarrita as their bits, so not through these. */
const NUMBER_CODECS = new Set(['delta', 'bitround'])

/** Blosc's compressors that are read. */
const BLOSC_COMPRESSORS = new Set(['blosclz', 'lz4', 'lz4hc', 'zlib', 'zstd'])

/** A codec as the metadata names it. */
export interface CodecMetadata {
  name: string
  configuration: Record<string, unknown>
}

/**
 * The codecs as zarrita takes them.
 *
 * @returns the name of the first codec that cannot be read, where there is one
 */
export function zarritaCodecs(
  codecs: readonly CodecMetadata[],
  dtype: string,
): { codecs: CodecMetadata[]; unreadable?: string } {
  registerCodecs()
  const known: CodecMetadata[] = []
  for (const { name: fullName, configuration } of codecs) {
    const name = fullName.replace(/^numcodecs\./, '')
    const theirs = Object.hasOwn(CODECS, name) ? CODECS[name] : undefined
    if (theirs === undefined || (dtype === 'float16' && NUMBER_CODECS.has(name))) {
      return { codecs: known, unreadable: name }
    }
    const { cname } = configuration
    if (name === 'blosc' && typeof cname === 'string' && !BLOSC_COMPRESSORS.has(cname)) {
      return { codecs: known, unreadable: `blosc's ${cname}` }
    }
    known.push({ name: theirs, configuration })
  }
  return { codecs: known }
}

/** Makes our own codecs known to zarrita, under names of our own. */
function registerCodecs(): void {
  if (registry.has('scvae.blosc')) return
  registry.set('scvae.blosc', async () => {
    const zstd = (await registry.get('zstd')!()).fromConfig({}, NO_CHUNK)
    return decoder('blosc', (bytes) => decodeBlosc(bytes, async (frame) => zstd.decode(frame)))
  })
  registry.set('scvae.lz4', async () => decoder('lz4', decodeLz4))
}

/** What a codec is told of a chunk where the chunk does not matter to it. */
const NO_CHUNK = { dataType: 'uint8', shape: [], codecs: [], fillValue: 0 } as const satisfies Parameters<
  Awaited<ReturnType<NonNullable<ReturnType<typeof registry.get>>>>['fromConfig']
>[1]

/** A codec of zarrita that reads only. */
function decoder(name: string, decode: (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>) {
  const codec = {
    kind: 'bytes_to_bytes' as const,
    encode(): never {
      throw new Error(`${name} is read only`)
    },
    decode,
  }
  return { kind: codec.kind, fromConfig: () => codec }
}

/** numcodecs' LZ4: the length, then one block. */
function decodeLz4(bytes: Uint8Array): Uint8Array {
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(0, true)
  // a block cannot grow more than 255 times
  if (length > bytes.length * 255) throw new RangeError('LZ4 buffer of an impossible length')
  return decodeLz4Block(bytes.subarray(4), length)
}

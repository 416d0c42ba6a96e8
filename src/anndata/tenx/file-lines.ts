import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { ScvaeError } from '../../errors.js'

/** Bytes taken at a time, from the file and from gunzip. */
const CHUNK_BYTES = 1024 * 1024

/** No line of the files read here comes near this; without an end to lines, memory would have none either. */
const LONGEST_LINE = 1024 * 1024

const NEWLINE = 10

/**
 * The bytes of a text file in runs of whole lines, each line with its newline (the last too, whether the file has it or
 * not). A file that starts as gzip does is unpacked on the way, whatever its name. A run holds about a megabyte.
 *
 * @throws ScvaeError `bad-input` for a file that is missing or unreadable, gzip that is damaged or cut short, and lines
 * that never end
 */
export async function* wholeLines(path: string): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of fileBytes(path)) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const end = bytes.lastIndexOf(NEWLINE) + 1
    rest = bytes.subarray(end)
    if (rest.length > LONGEST_LINE) {
      throw new ScvaeError(
        'bad-input',
        `"${path}" has a line of more than a megabyte, so it is no table of text.`,
      )
    }
    if (end > 0) yield bytes.subarray(0, end)
  }
  if (rest.length > 0) yield Buffer.concat([rest, Buffer.of(NEWLINE)])
}

/** The lines of a text file as strings, without their ends; empty ones are left out unless they are to be kept. */
export async function readLines(path: string, options: { keepEmpty?: boolean } = {}): Promise<string[]> {
  const lines: string[] = []
  for await (const run of wholeLines(path)) {
    const texts = run.toString('utf8').split(/\r?\n/)
    // a run ends with a newline, after which there is no line
    texts.pop()
    for (const line of texts) if (options.keepEmpty || line !== '') lines.push(line)
  }
  return lines
}

async function* fileBytes(path: string): AsyncGenerator<Buffer> {
  try {
    // first, as nobody listens to a stream of a file that is not there
    const isPacked = await isGzip(path)
    const source = createReadStream(path, { highWaterMark: CHUNK_BYTES })
    if (!isPacked) {
      yield* source
      return
    }
    const gunzip = createGunzip({ chunkSize: CHUNK_BYTES })
    // an error of either stream comes out of the loop over the second
    pipeline(source, gunzip, () => {})
    yield* gunzip
  } catch (cause) {
    throw readingError(path, cause as NodeJS.ErrnoException)
  }
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await file.close()
  }
}

function readingError(path: string, cause: NodeJS.ErrnoException): unknown {
  const { code } = cause
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new ScvaeError('bad-input', `There is no file "${path}".`, { cause })
  }
  const hint = 'Copy or download it again.'
  if (code === 'Z_BUF_ERROR') {
    return new ScvaeError('bad-input', `"${path}" is cut short: its gzip stream has no end.`, { hint, cause })
  }
  if (code?.startsWith('Z_')) {
    return new ScvaeError('bad-input', `"${path}" is damaged: it cannot be unpacked by gunzip.`, {
      hint,
      cause,
    })
  }
  if (typeof cause.syscall === 'string') {
    return new ScvaeError('bad-input', `The file "${path}" cannot be read (${code}).`, { cause })
  }
  return cause
}

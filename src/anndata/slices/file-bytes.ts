import { closeSync, openSync, readSync } from 'node:fs'

/** Reads parts of an open file. */
export class FileBytes {
  readonly #descriptor: number

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  /** @throws RangeError where the file ends before */
  read(at: number, length: number): Buffer<ArrayBuffer> {
    const bytes = Buffer.allocUnsafeSlow(length) as Buffer<ArrayBuffer>
    this.readInto(bytes, at)
    return bytes
  }

  /** @throws RangeError where the file ends before */
  readInto(bytes: Uint8Array, at: number): void {
    if (!Number.isSafeInteger(at) || at < 0) throw new RangeError(`no position ${at}`)
    for (let done = 0; done < bytes.length; ) {
      const n = readSync(this.#descriptor, bytes, done, bytes.length - done, at + done)
      if (n === 0) throw new RangeError(`the file ends before ${at + bytes.length}`)
      done += n
    }
  }
}

/** Opens a file, runs `use` and closes it again. */
export function withFileBytes<T>(path: string, use: (file: FileBytes) => T): T {
  const descriptor = openSync(path, 'r')
  try {
    return use(new FileBytes(descriptor))
  } finally {
    closeSync(descriptor)
  }
}

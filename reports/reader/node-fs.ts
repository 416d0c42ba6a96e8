// The file that the reader is given lies in the file system of h5wasm, as files of the disk do in Node.
import { FS } from 'h5wasm'

type Stream = ReturnType<NonNullable<typeof FS>['open']>

const open = new Map<number, { path: string; stream: Stream }>()
let last = 0

function files(): NonNullable<typeof FS> {
  if (!FS) throw new Error('h5wasm is not loaded')
  return FS
}

export function openSync(path: string): number {
  open.set(++last, { path, stream: files().open(path, 'r') })
  return last
}

export function closeSync(descriptor: number): void {
  files().close(fileOf(descriptor).stream)
  open.delete(descriptor)
}

export function readSync(
  descriptor: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  position: number,
): number {
  return files().read(fileOf(descriptor).stream, bytes, offset, length, position)
}

export function statSync(path: string): { size: number; isDirectory: () => boolean } {
  return { size: files().stat(path).size, isDirectory: () => false }
}

export const fstatSync = (descriptor: number): { size: number } => statSync(fileOf(descriptor).path)

function fileOf(descriptor: number): { path: string; stream: Stream } {
  const file = open.get(descriptor)
  if (!file) throw new Error(`no file ${descriptor}`)
  return file
}

import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { ScvaeError } from '../../errors.js'

/**
 * Writes a file so that it is there whole or not at all: `write` fills a temporary file in the target's own folder,
 * which is then synced to disk and renamed into place. A failure removes the temporary and leaves the target as it was.
 *
 * @param path the file to make
 * @param write fills the file at the path that it is given
 * @throws ScvaeError `usage` when the target exists and `overwrite` is not set; `failed` when its folder cannot be made
 * or written to, or the system refuses a write (a full disk). What else `write` throws is passed on.
 */
export async function writeBeside<T>(
  path: string,
  write: (temporary: string) => T | Promise<T>,
  options: { overwrite?: boolean } = {},
): Promise<T> {
  const target = resolve(path)
  refuseExisting(path, options.overwrite)
  const folder = makeFolderBeside(target)
  const temporary = join(folder, basename(target))
  try {
    const result = await write(temporary)
    syncFile(temporary)
    refuseExisting(path, options.overwrite)
    renameSync(temporary, target)
    return result
  } catch (cause) {
    throw named(path, temporary, cause)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** An error of writing in terms of the file that was asked for, which the temporary one stood for. */
export function named(path: string, temporary: string, cause: unknown): unknown {
  if (cause instanceof ScvaeError) {
    if (!cause.message.includes(temporary)) return cause
    const { kind, message, hint } = cause
    return new ScvaeError(kind, message.replaceAll(temporary, path), {
      ...(hint !== undefined && { hint }),
      cause: cause.cause,
    })
  }
  const { code, syscall } = cause as NodeJS.ErrnoException
  if (code === undefined || syscall === undefined) return cause
  return new ScvaeError('failed', `"${path}" could not be written (${code}).`, {
    hint: 'Is there space left on the disk?',
    cause,
  })
}

/** @throws ScvaeError `usage` when the output is there already and is not to be replaced */
export function refuseExisting(path: string, overwrite: boolean | undefined): void {
  if (!overwrite && existsSync(path)) {
    throw new ScvaeError('usage', `"${path}" exists already.`, {
      hint: 'Use --overwrite to replace it, or another output name.',
    })
  }
}

/** A temporary folder of our own beside the target, whose folder is made where there is none: no name in it can clash, and a rename stays on one file system. */
export function makeFolderBeside(target: string): string {
  const folder = dirname(target)
  try {
    mkdirSync(folder, { recursive: true })
    return mkdtempSync(join(folder, `.${basename(target)}.partial-`))
  } catch (cause) {
    const what = existsSync(folder) ? 'written to' : 'made'
    throw new ScvaeError('failed', `The folder "${folder}" cannot be ${what}.`, {
      hint: `The system says ${(cause as NodeJS.ErrnoException).code ?? String(cause)}.`,
      cause,
    })
  }
}

/** Puts a file's bytes on the disk, so that a rename after a power cut cannot leave an empty file. */
function syncFile(path: string): void {
  const descriptor = openSync(path, 'r+')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

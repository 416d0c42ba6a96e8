import { existsSync, renameSync, rmSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { makeFolderBeside, named, refuseExisting } from './beside.js'

/**
 * Writes a folder so that it is there whole or not at all: `write` fills a new folder beside the target, which is then
 * renamed into place. A failure removes it and leaves what was there as it was.
 *
 * @param write fills the empty folder at the path that it is given, and puts its files on the disk
 * @throws ScvaeError `usage` when the target exists and `overwrite` is not set, `failed` when the folder cannot be written
 */
export async function writeFolderBeside<T>(
  path: string,
  write: (temporary: string) => Promise<T>,
  options: { overwrite?: boolean } = {},
): Promise<T> {
  const target = resolve(path)
  refuseExisting(path, options.overwrite)
  const work = makeFolderBeside(target)
  const temporary = join(work, basename(target))
  const old = join(work, 'old')
  try {
    const result = await write(temporary)
    refuseExisting(path, options.overwrite)
    // a folder can only be renamed over an empty one, so the old one steps aside
    const replaces = existsSync(target)
    if (replaces) renameSync(target, old)
    try {
      renameSync(temporary, target)
    } catch (cause) {
      if (replaces) renameSync(old, target)
      throw cause
    }
    return result
  } catch (cause) {
    throw named(path, temporary, cause)
  } finally {
    // a write that was under way when another failed may still add a file
    rmSync(work, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 })
  }
}

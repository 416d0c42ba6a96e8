import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { ScvaeError } from '../errors.js'

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
  let work: string
  try {
    work = mkdtempSync(join(dirname(target), `.${basename(target)}.partial-`))
  } catch (cause) {
    const missing = !existsSync(dirname(target))
    throw new ScvaeError(
      'failed',
      `The folder "${dirname(target)}" ${missing ? 'does not exist' : 'cannot be written to'}.`,
      { cause },
    )
  }
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
    if (cause instanceof ScvaeError || (cause as NodeJS.ErrnoException).code === undefined) throw cause
    throw new ScvaeError(
      'failed',
      `"${path}" could not be written (${(cause as NodeJS.ErrnoException).code}).`,
      {
        hint: 'Is there space left on the disk?',
        cause,
      },
    )
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function refuseExisting(path: string, overwrite: boolean | undefined): void {
  if (overwrite || !existsSync(path)) return
  throw new ScvaeError('usage', `"${path}" exists already.`, {
    hint: 'Use --overwrite to replace it, or another output name.',
  })
}

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readAnnData } from '../../src/anndata/read.js'
import { DATA, refusalOf, temporaryFolder } from './fixtures.js'

const folder = temporaryFolder()
// written by HDF5's latest format, whose superblock is of version 3
const LATEST = 'test/anndata/layouts-latest.h5'

/** The file with other consistency flags, behind a user block of so many bytes. */
function withFlags(name: string, flags: number, before = 0): string {
  const bytes = readFileSync(LATEST)
  expect(bytes[8]).toBe(3)
  bytes[11] = flags
  const path = join(folder, name)
  writeFileSync(path, Buffer.concat([Buffer.alloc(before), bytes]))
  return path
}

describe('a file that its writer did not close', () => {
  test.each([
    ['writing', 1, 0],
    ['one writer, many readers', 5, 0],
    ['behind a user block', 1, 512],
  ])('%s: what happened, and the tool that mends it', async (name, flags, before) => {
    const path = withFlags(`${name}.h5ad`, flags, before)
    const said = await refusalOf(readAnnData(path), folder)
    expect(said).toContain(`"${name}.h5ad" was not closed by the program that wrote it`)
    expect(said).toMatch(name.includes(' ') ? /h5clear -s '[^']+'/ : /h5clear -s writing\.h5ad/)
  })

  test('a damaged one of another kind is told as before', async () => {
    const path = withFlags('damaged.h5ad', 0)
    const bytes = readFileSync(path)
    bytes.fill(0xff, 12, 48)
    writeFileSync(path, bytes)
    expect(await refusalOf(readAnnData(path), folder)).toContain('is a damaged HDF5 file')
  })

  test.skipIf(!DATA)('the file of a bug report', async () => {
    expect(await refusalOf(readAnnData(join(DATA!, 'cases/openflag.h5ad')))).toContain('h5clear -s')
  })
})

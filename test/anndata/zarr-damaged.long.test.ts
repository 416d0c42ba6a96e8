import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { StoreNode } from '../../src/anndata/store/store.js'
import { ScvaeError } from '../../src/errors.js'
import { DATA, temporaryFolder } from './fixtures.js'
import { valuesOf, withRoot } from './zarr-fixtures.js'

const folder = temporaryFolder()
/** Reads all of a store, whatever is in it. */
async function readAll(node: StoreNode): Promise<void> {
  if (node.kind === 'group') {
    for (const name of await node.keys()) await readAll((await node.child(name))!)
    return
  }
  if (node.dtype === 'other') return
  const length = node.shape?.[0] ?? 1
  // a missing chunk is no error, so a damaged shape can state any size
  if (length > 1e6 || (node.shape ?? []).reduce((product, n) => product * n, 1) > 1e7) return
  if (node.dtype === 'compound') await node.readFields(0, length)
  else await valuesOf(node)
}

describe.skipIf(!DATA)('changed bytes in real stores', () => {
  test.each(['anndata-0.7.8.zarr.zip', 'pbmc68k-reduced-v3.zarr.zip'])(
    '%s reads, or is refused with one sentence, and leaves no file open',
    { timeout: 120_000 },
    async (name) => {
      const original = readFileSync(join(DATA!, 'edge', name))
      const path = join(folder, name)
      const openFiles = readdirSync('/proc/self/fd').length
      const counts = { read: 0, refused: 0 }
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 40 }),
          async (changes) => {
            const bytes = Buffer.from(original)
            for (const [at, value] of changes) bytes[at] = value
            writeFileSync(path, bytes)
            try {
              await withRoot(path, readAll)
              counts.read++
            } catch (error) {
              expect(error).toBeInstanceOf(ScvaeError)
              expect((error as ScvaeError).message).not.toContain('\n')
              counts.refused++
            }
          },
        ),
        { numRuns: 40 },
      )
      expect(counts.read + counts.refused).toBe(40)
      expect(counts.refused).toBeGreaterThan(0)
      expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(openFiles)
      // what was damaged before does not spoil a sound store
      copyFileSync(join(DATA!, 'edge', name), path)
      await withRoot(path, readAll)
      rmSync(path)
    },
  )
})

import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readElements } from '../../src/anndata/read-elements.js'
import { openStore } from '../../src/anndata/store/open-store.js'
import { writeElements } from '../../src/anndata/write/elements.js'
import { writeZarr } from '../../src/anndata/zarr/write.js'
import { annDataElements } from './arbitrary-elements.js'
import { temporaryFolder } from './fixtures.js'
import { differences, summarizeElements } from './summary.js'

const folder = temporaryFolder()

test.each([
  ['h5ad', writeElements, 100],
  ['zarr', writeZarr, 50],
] as const)('any AnnData written as %s reads equal', async (suffix, write, numRuns) => {
  const path = join(folder, `any.${suffix}`)
  await fc.assert(
    fc.asyncProperty(annDataElements, async (elements) => {
      await write(path, elements, { overwrite: true })
      const store = await openStore(path)
      try {
        const read = await readElements(store)
        expect(read.warnings).toEqual([])
        expect(differences(summarizeElements(elements), summarizeElements(read))).toEqual([])
      } finally {
        await store.close()
      }
    }),
    { numRuns, seed: 2026 },
  )
})

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkCounts } from '../../src/anndata/counts/check-counts.js'
import { readAnnData } from '../../src/anndata/read.js'
import { DATA } from './fixtures.js'

describe.skipIf(!DATA)('real files', () => {
  test('every data set of counts passes', async () => {
    const files = readdirSync(join(DATA!, 'real')).filter((name) => name.endsWith('.h5ad'))
    expect(files.length).toBeGreaterThan(0)
    for (const name of files) {
      const adata = await readAnnData(join(DATA!, 'real', name))
      await checkCounts(adata)
      const sizes = /(\d+)x(\d+)/.exec(name)
      if (sizes) expect([adata.nCells, adata.nGenes]).toEqual([Number(sizes[1]), Number(sizes[2])])
      expect(adata.values.min).toBeGreaterThanOrEqual(1)
    }
  })
})

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AnnDataElements } from '../../src/anndata/elements.js'
import { readElements } from '../../src/anndata/read-elements.js'
import { openStore } from '../../src/anndata/store/open-store.js'
import { writeElements } from '../../src/anndata/write/elements.js'
import { writeZarr } from '../../src/anndata/zarr/write.js'
import { annDataElements } from '../anndata/arbitrary-elements.js'
import { differences, summarizeElements } from '../anndata/summary.js'

const folder = process.env.SCVAE_INTEROP_FILES
if (!folder) throw new Error('SCVAE_INTEROP_FILES names no folder; test/interop/run.sh sets it.')
const fromPython = join(folder, 'python')
const toPython = join(folder, 'scvae')
mkdirSync(toPython, { recursive: true })

const SAMPLES = 60

/** Writes elements for Python, with the summary of what must be read. */
async function writeForPython(name: string, elements: AnnDataElements): Promise<void> {
  const path = join(toPython, name)
  if (/\.zarr(\.zip)?$/.test(name)) await writeZarr(path, elements)
  else expect(await writeElements(path, elements)).toEqual([])
  writeFileSync(`${path}.json`, JSON.stringify(summarizeElements(elements)))
}

const names = readdirSync(fromPython)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.replace(/\.json$/, ''))

describe('files of anndata', () => {
  test('there are some', () => expect(names.length).toBeGreaterThan(100))

  test.each(names)('%s reads equal, and is written again', async (name) => {
    const store = await openStore(join(fromPython, name))
    try {
      const elements = await readElements(store)
      expect(elements.warnings).toEqual([])
      const expected = JSON.parse(readFileSync(join(fromPython, `${name}.json`), 'utf8'))
      expect(differences(expected, summarizeElements(elements))).toEqual([])
      await writeForPython(name, elements)
    } finally {
      await store.close()
    }
  })
})

describe('AnnData of fast-check', () => {
  const samples = fc.sample(annDataElements, { numRuns: SAMPLES, seed: 1 })
  test.each(['h5ad', 'zarr', 'zarr.zip'])('written as %s', async (suffix) => {
    for (const [i, elements] of samples.entries()) await writeForPython(`sample-${i}.${suffix}`, elements)
  })
})

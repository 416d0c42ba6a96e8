import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { tableFromIPC } from 'apache-arrow'
import { expect, it } from 'vitest'
import { SHORT_FIT, scvae, temporaryFolder, writeFixture } from './scvae.js'

const folder = temporaryFolder()

it('scvae embed gives the latent of the fit', { timeout: 60_000 }, async () => {
  await writeFixture(join(folder, 'cells.h5ad'), { nCells: 80, nGenes: 40 })
  expect((await scvae([...SHORT_FIT, '--no-umap'], folder)).code).toBe(0)
  expect((await scvae(['embed', 'own.model', 'cells.h5ad', '-o', 'again.arrow'], folder)).code).toBe(0)
  const [fitted, again] = ['own_latent.arrow', 'again.arrow'].map((name) => {
    const table = tableFromIPC(readFileSync(join(folder, name)))
    return Array.from({ length: 10 }, (_, k) =>
      Array.from(table.getChild(`z${k + 1}`)!.toArray() as Float32Array),
    )
  })
  expect(again).toEqual(fitted)
})

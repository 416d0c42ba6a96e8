import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readAnnData } from '../../src/anndata/read.js'
import { SCVI } from '../../src/models/scvi.js'

const FOLDER = 'test/fixtures/models/format-1'

/** The values of a table of the fixture, a row a cell; the last column is the log-likelihood. */
function expected(name: string): number[][] {
  const [, ...lines] = readFileSync(join(FOLDER, `${name}.csv`), 'utf8')
    .trimEnd()
    .split('\n')
  return lines.map((line) => line.split(',').slice(1).map(Number))
}

/** Float32 sums in another order, as other builds of the kernels take them. */
const CLOSE = 1e-5

it.each([
  ['plain', 3],
  ['latent-library', 2],
])('a model folder of version 0.1.0 gives the latents that it gave then: %s', async (name, nLatent) => {
  const adata = await readAnnData(join(FOLDER, 'cells.h5ad'))
  const model = await SCVI.load(join(FOLDER, `${name}.model`), adata)
  try {
    const latent = Array.from((await model.getLatentRepresentation()).values)
    expect([model.isTrained, model.history, model.description.geneIds]).toEqual([true, [], undefined])
    const { logLikelihood } = await model.surpriseScores()
    for (const [cell, row] of expected(name).entries()) {
      for (const [axis, value] of row.slice(0, -1).entries()) {
        expect(Math.abs(latent[cell * nLatent + axis]! - value)).toBeLessThan(CLOSE)
      }
      expect(logLikelihood[cell]! / row.at(-1)!).toBeCloseTo(1, 5)
    }
    expect(latent).toHaveLength(60 * nLatent)
  } finally {
    await model.dispose()
  }
})

import { join } from 'node:path'
import { tableFromArrays } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { CountMatrix } from '../../../src/anndata/counts/counts.js'
import { takeCounts } from '../../../src/anndata/counts/take-counts.js'
import { readAnnData } from '../../../src/anndata/read.js'
import { writeAnnData } from '../../../src/anndata/write/anndata.js'
import { reportModel } from '../../../src/cli/fit/report-model.js'
import { createCpuDevice } from '../../../src/device/cpu/cpu-device.js'
import { SCVI } from '../../../src/models/scvi.js'
import { embedFile } from '../../../src/report/page/embed-file.js'
import { temporaryFolder } from '../../files/scvi-tools/fixtures.js'
import { namedData } from '../../models/trained-small.js'

describe('cells of a file in the space of a page', async () => {
  const folder = temporaryFolder()
  const device = await createCpuDevice({ threads: 1 })
  const data = namedData()

  /** The cells with their genes turned round but for some. */
  async function written(name: string, layers = false) {
    const genes = Int32Array.from({ length: data.nGenes - 3 }, (_, i) => data.nGenes - 1 - i)
    const cells = Int32Array.from({ length: data.nCells }, (_, cell) => cell)
    const counts = takeCounts(data.counts, cells, genes)
    const path = join(folder, name)
    const halves = counts.blocks.map((block) => ({
      ...block,
      counts: block.counts.map((count) => count / 2),
    }))
    const halved = new CountMatrix(counts.nGenes, halves)
    await writeAnnData(path, {
      counts: layers ? halved : counts,
      ...(layers && { layers: { raw: counts } }),
      obs: tableFromArrays({ batch: data.obs.getChild('batch')!.toArray() }),
      obsNames: data.obsNames,
      varNames: Array.from(genes, (gene) => data.varNames[gene]!),
    })
    return path
  }

  it.each([false, true])(
    'has the latents that the model gives, with covariates: %s',
    async (encodeCovariates) => {
      const options = { batchKey: 'batch', nHidden: 16, nLatent: 3, batchSize: 32, encodeCovariates }
      await using model = await SCVI.create(data, { device, ...options })
      await model.train({ maxEpochs: 2, seed: 1 })
      const own = await model.getLatentRepresentation()
      const { encoder, query } = await reportModel(model, own)
      const path = await written(`cells-${encodeCovariates}.h5ad`)
      const adata = await readAnnData(path)
      const expected = await model.getLatentRepresentation({ adata })
      const shares: number[] = []
      const embedded = await embedFile(path, query, encoder, (share) => shares.push(share))
      expect(embedded.names).toEqual(data.obsNames)
      expect(embedded).toMatchObject({ dimensions: 3, empty: 0, found: data.nGenes - 3, countsSource: 'X' })
      for (const [at, value] of embedded.latent.entries())
        expect(Math.abs(value - expected.values[at]!)).toBeLessThan(1e-5)
      expect(shares.at(-1)).toBe(1)

      const fitted = { ...query, countsSource: 'layers/raw' }
      const fromLayer = await embedFile(
        await written(`layer-${encodeCovariates}.h5ad`, true),
        fitted,
        encoder,
      )
      expect(fromLayer.countsSource).toBe('layers/raw')
      expect(fromLayer.latent).toEqual(embedded.latent)
      await expect(embedFile(join(folder, `layer-${encodeCovariates}.h5ad`), query, encoder)).rejects.toThrow(
        'X holds no counts',
      )
    },
  )
})

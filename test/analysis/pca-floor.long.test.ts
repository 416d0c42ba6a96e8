import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { kmeans } from '../../src/analysis/clustering/kmeans.js'
import {
  adjustedRandIndex,
  normalizedMutualInformation,
} from '../../src/analysis/metrics/clustering-metrics.js'
import { batchMixing } from '../../src/analysis/metrics/integration.js'
import { pcaFloor } from '../../src/analysis/metrics/pca.js'
import { neighbors } from '../../src/analysis/neighbors/neighbors.js'
import { obsColumn } from '../../src/anndata/frame/obs-column.js'
import { readAnnData } from '../../src/anndata/read.js'

const folder = join(process.env.SCVAE_DATA ?? '../shared/data', 'real')
const missing = existsSync(folder) ? '' : ` (skipped: no data in ${folder})`

describe.skipIf(missing)(`the floor on measured cells${missing}`, () => {
  it('parts the types of 10x PBMC 4k as log-normalised principal components are known to', async () => {
    const adata = await readAnnData(join(folder, 'pbmc4k_10x_4271x2000.h5ad'))
    const { scores } = pcaFloor(adata.counts)
    const { codes } = obsColumn(adata, 'cell_type')
    const { assignments } = kmeans(scores, 8)
    expect(adjustedRandIndex(assignments, codes)).toBeCloseTo(0.78, 1)
    expect(normalizedMutualInformation(assignments, codes)).toBeCloseTo(0.78, 1)
  }, 60_000)

  it('leaves the plates of five cell lines unmixed', async () => {
    const adata = await readAnnData(join(folder, 'sc_mixology_5batches_celllines.h5ad'))
    const doublets = obsColumn(adata, 'demuxlet_cls')
    const singlets = Array.from(doublets.codes.keys()).filter(
      (cell) => doublets.categories[doublets.codes[cell]!] === 'SNG',
    )
    const { scores } = pcaFloor(adata.counts.select(singlets))
    const batches = obsColumn(adata, 'batch').codes
    const mixing = batchMixing(
      neighbors(scores, { k: 16 }),
      singlets.map((cell) => batches[cell]!),
    )
    expect(mixing.sameBatch).toBeCloseTo(0.79, 1)
    expect(mixing.ideal).toBeCloseTo(0.21, 2)
  }, 60_000)
})

import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createCpuDevice } from '../../../src/device/cpu/cpu-device.js'
import { readModel } from '../../../src/files/model-files.js'
import { convertScviModel } from '../../../src/files/scvi-tools/import.js'
import { SCVI } from '../../../src/models/scvi.js'
import {
  decodedHidden,
  encodedMeans,
  geneLogits,
  logDenominators,
  rateOf,
} from '../../../src/report/page/forward.js'
import { pageDecoder, pageEncoder } from '../../../src/report/page/page-model.js'
import {
  fixtureCells,
  fixtureFolder,
  fixtureNames,
  temporaryFolder,
} from '../../files/scvi-tools/fixtures.js'

describe('a model as its page computes with it', async () => {
  const folder = temporaryFolder()
  const device = await createCpuDevice({ threads: 1 })
  afterAll(() => device.dispose())

  it.each(fixtureNames())('encodes and decodes as the network does: %s', async (name) => {
    const path = join(folder, name)
    convertScviModel(fixtureFolder(name), path)
    const data = fixtureCells()
    await using model = await SCVI.load(path, data, { device })
    const { description, state } = readModel(path)
    const { config, genes, categorical, continuous } = description
    const saved = {
      ...{ config, nGenes: genes.length, state, nContinuous: continuous.length },
      categories: categorical.map(({ categories }) => categories.length),
    }
    const page = { encoder: pageEncoder(saved), decoder: pageDecoder(saved) }
    const { nCells } = model.cells
    const covariates = { codes: model.cells.categorical, values: model.cells.continuous }

    const counts = new Float32Array(nCells * genes.length)
    const rows = await model.cells.counts.load(Int32Array.from({ length: nCells }, (_, i) => i))
    for (const [cell, row] of rows.entries())
      for (const [k, gene] of row.genes.entries()) counts[cell * genes.length + gene] = row.counts[k]!
    const latent = await model.getLatentRepresentation()
    const means = encodedMeans(page.encoder, counts, covariates)
    for (const [at, mean] of means.entries()) expect(Math.abs(mean - latent.values[at]!)).toBeLessThan(1e-4)

    const expected = await model.getNormalizedExpression({ nSamples: 0 })
    const hidden = decodedHidden(page.decoder, latent.values, covariates, { from: 0, to: nCells })
    const logs = logDenominators(page.decoder, hidden)
    for (let gene = 0; gene < genes.length; gene++) {
      const logits = geneLogits(page.decoder.head, hidden, gene)
      for (const [cell, logit] of logits.entries()) {
        const rate = rateOf(page.decoder.scale, logit, logs[cell]!)
        expect(Math.abs(rate / expected.values[cell * genes.length + gene]! - 1)).toBeLessThan(1e-3)
      }
    }
  })
})

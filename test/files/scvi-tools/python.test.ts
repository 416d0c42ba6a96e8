/**
 * scvi-tools itself loads what we export. Needs the Python of an environment with test/interop/requirements-scvi.txt:
 * `SCVAE_SCVI_PYTHON=venv/bin/python npx vitest run test/files/scvi-tools/python.test.ts`.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readModel } from '../../../src/files/model-files.js'
import { exportScviModel } from '../../../src/files/scvi-tools/export.js'
import { SCVI, type SCVIOptions } from '../../../src/models/scvi.js'
import { fixtureCells, temporaryFolder } from './fixtures.js'

const python = process.env.SCVAE_SCVI_PYTHON

const COVARIATES = {
  batchKey: 'batch',
  categoricalCovariateKeys: ['donor', 'one', 'day'],
  continuousCovariateKeys: ['age', 'score'],
}

const MODELS: Record<string, SCVIOptions> = {
  nb: {},
  'zinb, two layers, covariates in the encoder': {
    ...COVARIATES,
    model: { likelihood: 'zinb', nLayers: 2, encodeCovariates: true },
  },
  'nb by gene and batch, latent library': {
    batchKey: 'batch',
    model: { dispersion: 'gene-batch', library: 'latent' },
  },
  'poisson, covariates in the first layer': {
    ...COVARIATES,
    model: { likelihood: 'poisson', nLayers: 2, encodeCovariates: true, deeplyInjectCovariates: false },
  },
  'size factor, layer norm': {
    ...COVARIATES,
    sizeFactorKey: 'factor',
    model: { layerNorm: 'both', batchNorm: 'none' },
  },
  'a batch of numbers': { batchKey: 'day', model: { encodeCovariates: true } },
}

const why = python ? '' : ' (skipped: SCVAE_SCVI_PYTHON names no Python)'

describe.skipIf(!python)(`scvi-tools loads our models${why}`, () => {
  it('with equal latents', { timeout: 300_000 }, async () => {
    const folder = temporaryFolder()
    const cells = fixtureCells()
    const latents = new Map<string, Float32Array>()
    for (const [i, options] of Object.values(MODELS).entries()) {
      const model = await SCVI.create(cells, { ...options, seed: i })
      await model.train({ maxEpochs: 20, batchSize: 8, learningRate: 0.01 })
      const directory = join(folder, `${i}`)
      await model.save(`${directory}.model`)
      await exportScviModel(readModel(`${directory}.model`), cells, directory)
      latents.set(directory, await model.getLatentRepresentation())
      await model.dispose()
    }
    const script = resolve('test/interop/load_scvi.py')
    execFileSync(python!, [script, resolve('test/fixtures/scvi/cells.json'), ...latents.keys()], {
      stdio: 'pipe',
    })
    const off = [...latents].map(([directory, ours]) => {
      const bytes = readFileSync(join(directory, 'latent.f32'))
      const theirs = new Float32Array(new Uint8Array(bytes).buffer)
      expect(theirs.length).toBe(ours.length)
      return theirs.reduce((worst, value, i) => Math.max(worst, Math.abs(value - ours[i]!)), 0)
    })
    for (const [i, name] of Object.keys(MODELS).entries()) expect(off[i], name).toBeLessThan(1e-5)
  })
})

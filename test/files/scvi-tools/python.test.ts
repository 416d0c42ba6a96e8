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
import { readScviModel } from '../../../src/files/scvi-tools/import.js'
import { SCVI, type SCVIOptions } from '../../../src/models/scvi.js'
import { debugState, fixtureCells, fixtureFolder, fixtureNames, temporaryFolder } from './fixtures.js'

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

function loadInPython(folders: readonly string[]): void {
  const script = resolve('test/interop/load_scvi.py')
  execFileSync(python!, [script, resolve('test/fixtures/scvi/cells.json'), ...folders], { stdio: 'pipe' })
}

/** Largest difference to the numbers in a file. */
function apart(path: string, ours: Float32Array): number {
  const theirs = new Float32Array(new Uint8Array(readFileSync(path)).buffer)
  expect(theirs.length).toBe(ours.length)
  return theirs.reduce((worst, value, i) => Math.max(worst, Math.abs(value - ours[i]!)), 0)
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
      latents.set(directory, (await model.getLatentRepresentation()).values)
      await model.dispose()
    }
    loadInPython([...latents.keys()])
    const off = [...latents].map(([directory, ours]) => apart(join(directory, 'latent.f32'), ours))
    for (const [i, name] of Object.keys(MODELS).entries()) expect(off[i], name).toBeLessThan(1e-5)
  })

  it('of its own, read and written again', { timeout: 300_000 }, async () => {
    const folder = temporaryFolder()
    const names = fixtureNames().filter((name) => /^linear|logistic-normal/.test(name))
    for (const name of names) {
      await exportScviModel(readScviModel(fixtureFolder(name)), fixtureCells(), join(folder, name))
    }
    loadInPython(names.map((name) => join(folder, name)))
    for (const name of names) {
      const expected = debugState(name)
      expect(apart(join(folder, name, 'latent.f32'), expected.get('mean')!.values), name).toBeLessThan(1e-5)
      if (!name.startsWith('linear')) continue
      const loadings = expected.get('loadings')!.values
      expect(apart(join(folder, name, 'loadings.f32'), loadings), name).toBeLessThan(1e-5)
    }
  })
})

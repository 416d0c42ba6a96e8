import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { summaryOf } from '../../src/cli/info/model-summary.js'
import { modelJson, modelText } from '../../src/cli/info/model-text.js'
import { convertScviModel } from '../../src/files/scvi-tools/import.js'
import { SCVI } from '../../src/models/scvi.js'
import { fixtureFolder } from '../files/scvi-tools/fixtures.js'
import { smallData } from '../train/small-data.js'
import { scvae, temporaryFolder } from './scvae.js'

describe('scvae info', { timeout: 30_000 }, () => {
  const folder = temporaryFolder()
  const at = (name: string) => join(folder, name)
  beforeAll(async () => {
    await using model = await SCVI.create(smallData(), {
      batchKey: 'batch',
      nHidden: 16,
      nLatent: 3,
      beta: 3,
    })
    await model.train({ maxEpochs: 2, seed: 1 })
    await model.save(at('own.model'))
    convertScviModel(fixtureFolder('zinb-covariates'), at('theirs.model'))
  }, 30_000)

  it('says what a model is and how it was trained', () => {
    const text = modelText(summaryOf(at('own.model')))
    expect(text).toMatch(/^model +\S+own\.model, \d+ MB, [\d,]+ weights$/m)
    expect(text).toMatch(/^cells +120$/m)
    expect(text).toMatch(/^genes +50: gene/m)
    expect(text).toMatch(/^batch +batch, \d categories: /m)
    expect(text).toMatch(/^latent +3 dimensions, mixture prior$/m)
    expect(text).toMatch(/^settings +beta 3$/m)
    expect(text).toMatch(/^training +2 epochs in .*, weights of epoch [12]$/m)
    expect(text).toMatch(/^best epoch +loss [\d.]+ nats a cell, held out [\d.]+; KL weight /m)
  })

  it('says it as JSON, all of it', () => {
    const said = JSON.parse(JSON.stringify(modelJson(summaryOf(at('own.model')))))
    const files = ['config.json', 'weights.safetensors', 'training.json', 'cells.safetensors']
    expect(said).toMatchObject({
      tool: 'scvae',
      is_trained: true,
      n_genes: 50,
      n_cells: 120,
      bytes: files.reduce((sum, file) => sum + statSync(join(at('own.model'), file)).size, 0),
      model: { n_latent: 3, n_hidden: 16, beta: 3 },
      batch: { key: 'batch' },
      training: { settings: { max_epochs: 2 } },
    })
    expect(said.genes).toHaveLength(50)
    expect(said.training.history.map(({ epoch }: { epoch: number }) => epoch)).toEqual([1, 2])
    expect(said.training.history[0].train_elbo).toBeGreaterThan(0)
  })

  it('knows models of scvi-tools, and refuses what is no model with exit 65', async () => {
    const theirs = await scvae(['info', 'theirs.model'], folder)
    expect(theirs).toMatchObject({ code: 0, stderr: '' })
    expect(theirs.stdout).toMatch(/^cells +the folder tells of none$/m)
    expect(theirs.stdout).toMatch(/^likelihood +zinb, /m)
    expect(theirs.stdout).toMatch(/^covariate +\S+, continuous$/m)
    expect(theirs.stdout).toMatch(/^training +by another program/m)
    mkdirSync(at('none'))
    writeFileSync(at('none/config.json'), '{}')
    expect(await scvae(['info', 'none'], folder)).toMatchObject({
      code: 65,
      stdout: '',
      stderr: `scvae: ${join('none', 'config.json')} was not written by scvae.\n`,
    })
  })
})

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Arguments, type Values } from '../../src/cli/arguments.js'
import { fit } from '../../src/cli/commands/fit.js'
import { configText, withSettingsOf } from '../../src/cli/fit/config-file.js'
import { FIT_OPTIONS } from '../../src/cli/fit/fit-options.js'
import { fitSettings } from '../../src/cli/fit/fit-settings.js'
import { defaultsOf } from '../../src/cli/help.js'
import { SCVI } from '../../src/models/scvi.js'
import { trainOptions } from '../../src/train/options.js'
import { namedData } from '../models/trained-small.js'
import { temporaryFolder } from './scvae.js'

const folder = temporaryFolder()
const path = join(folder, 'run.yaml')

/** The settings of a fit of `a` with such options, and what a config file says. */
function settingsOf(given: Values, file?: string) {
  if (file !== undefined) writeFileSync(path, file)
  const args = new Arguments(
    { files: ['a'], ...given, ...(file !== undefined && { config: path }) },
    defaultsOf(fit),
  )
  return fitSettings(withSettingsOf(args, FIT_OPTIONS))
}

describe('fit --config', () => {
  it('takes options by their names, below what is given and above a preset', () => {
    const file = 'n-latent: 12\nbatch-key: donor\nsubset: [type=B, type=T]\nmax-epochs: 7\npreset: hlca\n'
    const { model, train, batchKey, subset } = settingsOf({ 'n-latent': 5 }, file)
    expect(model).toMatchObject({ nLatent: 5, nLayers: 2, layerNorm: 'both', deeplyInjectCovariates: false })
    expect(train).toMatchObject({ maxEpochs: 7, klWarmup: 'auto' })
    expect({ batchKey, subset }).toEqual({
      batchKey: 'donor',
      subset: [
        { column: 'type', value: 'B' },
        { column: 'type', value: 'T' },
      ],
    })
    expect(settingsOf({}, 'n-latent: 12\n').model.nLatent).toBe(12)
  })

  it('gives way where a given option excludes one of the file or of the preset', () => {
    expect(settingsOf({ 'n-top-genes': 100 }, 'all-genes: true\n')).toMatchObject({
      nTopGenes: 100,
      allGenes: false,
    })
    expect(settingsOf({ preset: 'scvi-tools', 'early-stopping': true }).train.earlyStopping).toBe(true)
    expect(settingsOf({ preset: 'hlca', 'encode-covariates': false }).model.encodeCovariates).toBe(false)
  })

  it('is what a run leaves: the same settings again', () => {
    const asked = {
      preset: 'scvi-tools',
      'batch-key': 'donor: 1',
      subset: ['a=#1', 'b=yes'],
      resolution: ['0.5'],
    }
    const first = settingsOf({ ...asked, 'max-epochs': '30', overwrite: true })
    const again = settingsOf({ files: [], overwrite: true }, configText(first.config))
    expect(again).toEqual(first)
    expect(configText(first.config)).not.toMatch(/overwrite|preset/)
  })

  it('says the prior, which hangs on other options where it was not given', () => {
    const priorOf = (given: Values) => {
      const { model, config } = settingsOf(given)
      expect(config.prior).toBe(model.prior)
      return model.prior
    }
    expect(priorOf({})).toBe('mixture')
    for (const given of [
      { decoder: 'linear' },
      { 'free-bits': 0.5 },
      { preset: 'scvi-tools' },
      { preset: 'hlca' },
      { prior: 'normal' },
    ])
      expect(priorOf(given), JSON.stringify(given)).toBe('normal')
  })

  const wrong: [file: string, sentence: string][] = [
    ['batch_key: donor', `sets "batch_key", which is no option. Did you mean "batch-key"?`],
    ['nLatent: 3', `sets "nLatent", which is no option. Did you mean "n-latent"?`],
    ['config: other.yaml', `sets "config", which is no option. Did you mean`],
    ['n-latent: ten', `n-latent must be a number, not "ten".`],
    ['all-genes: 1', 'all-genes must be true or false, not 1.'],
    ['batch-key:', 'batch-key must be a text or a number, not null.'],
    ['subset: {a: b}', 'subset must be a list of texts or numbers, not {"a":"b"}.'],
    ['- a', 'has no settings. Write one a line, such as "batch-key: donor".'],
    ['seed: 1\na: [', 'is no YAML from line 2 on.'],
  ]
  it.each(wrong)('refuses "%s" in one sentence', (file, sentence) => {
    const refusal = () => settingsOf({}, file)
    expect(refusal).toThrow(expect.objectContaining({ kind: 'usage' }))
    try {
      refusal()
    } catch (error) {
      const { message, hint } = error as { message: string; hint?: string }
      expect(`${message} ${hint ?? ''}`).toContain(sentence)
      expect(message).toContain(path)
    }
  })

  it('takes an empty file as one without settings', () => {
    expect(settingsOf({}, '# nothing yet\n')).toEqual(settingsOf({}))
  })
})

describe('the defaults of fit', () => {
  it('are those of SCVI.create and of train', async () => {
    const { model, train } = settingsOf({})
    await using created = await SCVI.create(namedData())
    expect(created.description.config).toEqual(model)
    expect(train).toEqual(trainOptions())
  })
})

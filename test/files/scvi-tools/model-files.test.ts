import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readModel } from '../../../src/files/model-files.js'
import { Entry } from '../../../src/files/scvi-tools/entries.js'
import { exportScviModel } from '../../../src/files/scvi-tools/export.js'
import { convertScviModel, readScviModel } from '../../../src/files/scvi-tools/import.js'
import { initArguments } from '../../../src/files/scvi-tools/init-arguments.js'
import { PickleDict } from '../../../src/files/scvi-tools/pickle-values.js'
import { type PickleTree, VectorToWrite, writePickle } from '../../../src/files/scvi-tools/pickle-writer.js'
import { readTorchFile } from '../../../src/files/scvi-tools/torch-file.js'
import { SCVI } from '../../../src/models/scvi.js'
import { fixtureCells, fixtureFolder, fixtureNames, stateDict, temporaryFolder } from './fixtures.js'
import { torchFile } from './pickles.js'

const BIG = 'zinb-two-layers-latent-library-gene-batch'

describe('import', () => {
  const folder = temporaryFolder()

  it('reads what a model was set up with', () => {
    const { description, layer, scviVersion } = readScviModel(fixtureFolder(BIG))
    expect({
      ...description,
      version: '',
      libraryPrior: description.libraryPrior?.length,
      layer,
      scviVersion,
    }).toMatchInlineSnapshot(`
      {
        "batchSize": 128,
        "categorical": [
          {
            "categories": [
              "early",
              "late",
              "middle",
            ],
            "key": "batch",
          },
          {
            "categories": [
              "d1",
              "d2",
              "d3",
              "d4",
            ],
            "key": "donor",
          },
          {
            "categories": [
              "same",
            ],
            "key": "one",
          },
          {
            "categories": [
              "2",
              "10",
            ],
            "key": "day",
          },
        ],
        "config": {
          "batchNorm": "both",
          "beta": 1,
          "decoder": "deep",
          "decoderBias": false,
          "deeplyInjectCovariates": true,
          "dispersion": "gene-batch",
          "dropoutRate": 0,
          "encodeCovariates": true,
          "freeBits": 0,
          "latentDistribution": "normal",
          "layerNorm": "none",
          "library": "latent",
          "likelihood": "zinb",
          "nHidden": 7,
          "nLatent": 3,
          "nLayers": 2,
          "prior": "normal",
          "priorComponents": 50,
        },
        "continuous": [
          "age",
          "score",
        ],
        "genes": [
          "gene0",
          "gene1",
          "gene2",
          "gene3",
          "gene4",
          "gene5",
          "gene6",
          "gene7",
          "gene8",
          "gene9",
          "gene10",
          "gene11",
          "gene12",
          "gene13",
          "gene14",
          "gene15",
          "gene16",
          "gene17",
          "gene18",
          "gene19",
        ],
        "layer": null,
        "libraryPrior": 6,
        "scviVersion": "1.4.2",
        "seed": 0,
        "sizeFactorKey": null,
        "version": "",
      }
    `)
  })

  it('knows a size factor, and a model without batches', () => {
    expect(readScviModel(fixtureFolder('nb-size-factor-covariates')).description).toMatchObject({
      sizeFactorKey: 'factor',
      config: { library: 'size-factor' },
    })
    expect(readScviModel(fixtureFolder('nb')).description.categorical).toEqual([
      { key: null, categories: ['all'] },
    ])
  })

  it('takes the file itself, for models saved with a prefix', () => {
    const file = join(fixtureFolder('nb'), 'model.pt')
    expect(readScviModel(file)).toEqual(readScviModel(fixtureFolder('nb')))
  })

  it('writes a model folder that is read like any other', () => {
    const out = join(folder, 'converted')
    const { state } = convertScviModel(fixtureFolder(BIG), out)
    expect(readModel(out).state).toEqual(state)
    expect(() => convertScviModel(fixtureFolder(BIG), out)).toThrow('exists')
  })

  it('says what a folder is not', () => {
    expect(() => readScviModel(join(folder, 'none'))).toThrow('does not exist')
    expect(() => readScviModel(folder)).toThrow('is not a model folder of scvi-tools: it has no model.pt')
    const old = join(folder, 'old')
    mkdirSync(old)
    writeFileSync(join(old, 'model_params.pt'), '')
    expect(() => readScviModel(old)).toThrow('is a model of scvi-tools before 0.15')
  })
})

const LINEAR = { model_name: 'LinearSCVI' }

/** A model file that is asked for nothing but its settings. */
function settingsFile(
  path: string,
  { registry = {}, setup = {}, init = {} }: Record<'registry' | 'setup' | 'init', Record<string, PickleTree>>,
): string {
  const tree: PickleTree = {
    model_state_dict: {},
    var_names: new VectorToWrite(['g1']),
    attr_dict: {
      registry_: {
        model_name: 'SCVI',
        setup_args: { batch_key: null, ...setup },
        field_registries: {},
        ...registry,
      },
      init_params_: { non_kwargs: { n_hidden: 4 }, kwargs: { kwargs: init } },
    },
  }
  writeFileSync(path, torchFile(writePickle(tree)))
  return path
}

describe('settings that scvae does not have', () => {
  const path = join(temporaryFolder(), 'model.pt')

  it.each<[Partial<Parameters<typeof settingsFile>[1]>, string]>([
    [
      { init: { dispersion: 'gene-label' } },
      'cannot be read: it was made with dispersion = "gene-label", which scvae does not have.',
    ],
    [{ init: { dispersion: 'gene-cell' } }, 'dispersion = "gene-cell"'],
    [{ init: { gene_likelihood: 'normal' } }, 'gene_likelihood = "normal"'],
    [{ init: { latent_distribution: 'vmf' } }, 'latent_distribution = "vmf"'],
    [{ init: { bias: true } }, 'bias = "true"'],
    [{ init: { log_variational: false } }, 'log_variational = "false"'],
    [{ init: { batch_representation: 'embedding' } }, 'batch_representation = "embedding"'],
    [{ init: { extra_encoder_kwargs: { bias: false } } }, 'extra_encoder_kwargs = a value of its own'],
    [{ init: { novelty: 3 } }, 'novelty = "3"'],
    [{ init: { n_layers: '2' } }, 'n_layers = "2"'],
    [{ init: { n_layers: 0 } }, 'nLayers must be a whole number from 1 to 4096, not 0.'],
    [{ init: { use_batch_norm: 'left' } }, 'batchNorm must be one of'],
    [
      { registry: { model_name: 'SCANVI' } },
      'holds a model of class SCANVI; only SCVI and LinearSCVI models can be read.',
    ],
    // it would be taken for true in Python, whatever it says
    [{ registry: LINEAR, init: { use_batch_norm: 'none' } }, 'use_batch_norm = "none"'],
    [{ registry: LINEAR, init: { var_activation: 'exp' } }, 'var_activation = "exp"'],
    [{ registry: { setup_method_name: 'setup_datamodule' } }, 'was set up by setup_datamodule'],
    [{ registry: { model_name: null } }, 'it has no model.attr_dict.registry_.model_name'],
    [{ setup: { batch_key: 'b' } }, 'it has no model.attr_dict.registry_.field_registries.batch'],
    [{ setup: { batch_key: 3 } }, 'setup_args.batch_key is no text'],
    [{}, 'it has no tensor "z_encoder.encoder.fc_layers.Layer 0.0.weight".'],
  ])('%j', (changes, message) => {
    const none = { registry: {}, setup: {}, init: {} }
    expect(() => readScviModel(settingsFile(path, { ...none, ...changes }))).toThrow(
      expect.objectContaining({ kind: 'bad-input', message: expect.stringContaining(message) }),
    )
  })

  it('takes the settings of older files, all in one dict', () => {
    const model = readTorchFile(join(fixtureFolder('nb'), 'model.pt'))
    const attributes = new Entry(model, 'model').get('attr_dict')
    const init = attributes.get('init_params_')
    const old = new PickleDict([
      ...init.get('non_kwargs').dict(),
      ['kwargs', init.get('kwargs').get('kwargs').value!],
    ])
    expect(initArguments(new Entry(old, 'old'), 'SCVI')).toEqual(initArguments(init, 'SCVI'))
  })
})

describe('export', () => {
  const folder = temporaryFolder()

  it.each(fixtureNames())('%s comes back as it was', async (name) => {
    const model = readScviModel(fixtureFolder(name))
    const out = join(folder, name)
    await exportScviModel(model, fixtureCells(), out)
    const back = readScviModel(out)
    expect(back).toEqual(model)
    // every tensor that scvi-tools has, of the shape that it has, and the used ones with its values
    const theirs = stateDict(fixtureFolder(name))
    const ours = stateDict(out)
    const shapes = (tensors: typeof theirs) => [...tensors].map(([key, { shape }]) => [key, shape]).sort()
    expect(shapes(ours)).toEqual(shapes(theirs))
    const { config } = model.description
    for (const [key, { values }] of theirs) {
      const isUnused =
        key.startsWith('decoder.px_r_decoder') ||
        (key.startsWith('l_encoder') && config.library !== 'latent') ||
        (key.startsWith('decoder.px_dropout') && config.likelihood !== 'zinb') ||
        (key === 'px_r' && config.likelihood === 'poisson')
      if (!isUnused) expect(ours.get(key)!.values, key).toEqual(values)
    }
  })

  it('keeps a layer', async () => {
    const out = join(folder, 'layer')
    await exportScviModel(readScviModel(fixtureFolder('nb')), fixtureCells(), out, { layer: 'counts' })
    expect(readScviModel(out).layer).toBe('counts')
  })

  it('leaves a folder as it was when it has a model, and makes none on failure', async () => {
    const model = readScviModel(fixtureFolder('nb-two-layers-batch'))
    const out = join(folder, 'kept')
    await exportScviModel(model, fixtureCells(), out)
    await expect(exportScviModel(model, fixtureCells(), out)).rejects.toThrow('exists already')
    await exportScviModel(model, fixtureCells(), out, { overwrite: true })
    expect(readdirSync(out)).toEqual(['model.pt'])

    const fewer = { ...fixtureCells(), varNames: ['gene0'] }
    const missing = join(folder, 'missing')
    await expect(exportScviModel(model, fewer, missing)).rejects.toThrow(
      '"cells.h5ad" lacks 19 of the model\'s 20 genes (gene1, gene2, gene3…).',
    )
    expect(existsSync(missing)).toBe(false)
  })

  it('refuses categories that the model does not know, and columns of another type', async () => {
    const model = readScviModel(fixtureFolder('zinb-covariates'))
    const { description } = model
    const out = join(folder, 'refused')
    const without = (name: string, categories: string[]) => ({
      ...model,
      description: {
        ...description,
        categorical: description.categorical.map((one) => (one.key === name ? { ...one, categories } : one)),
      },
    })
    await expect(
      exportScviModel(without('batch', ['early', 'late', 'noon']), fixtureCells(), out),
    ).rejects.toThrow('the model does not know the category "middle" of "batch".')
    await expect(exportScviModel(without('day', ['2', '10', 'noon']), fixtureCells(), out)).rejects.toThrow(
      'the obs column "day" holds numbers, but the model knows its category "noon".',
    )
  })

  it('gives the latents of a model that was trained here', async () => {
    const cells = fixtureCells()
    const model = await SCVI.create(cells, { batchKey: 'batch', model: { nHidden: 8, nLatent: 4 }, seed: 3 })
    const latent = await model.getLatentRepresentation()
    const saved = join(folder, 'own.model')
    await model.save(saved)
    await model.dispose()
    const out = join(folder, 'own')
    await exportScviModel(readModel(saved), cells, out)
    const again = join(folder, 'again.model')
    convertScviModel(out, again)
    const back = await SCVI.load(again, cells)
    expect(await back.getLatentRepresentation()).toEqual(latent)
    await back.dispose()
  })
})

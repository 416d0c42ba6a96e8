/** Models with a linear decoder (`LinearSCVI`): what their weights mean, against the numbers of scvi-tools, and the way back. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ModelDescription } from '../../../src/files/model-files.js'
import { Entry } from '../../../src/files/scvi-tools/entries.js'
import { exportScviModel } from '../../../src/files/scvi-tools/export.js'
import { type ImportedModel, readScviModel } from '../../../src/files/scvi-tools/import.js'
import { initArguments } from '../../../src/files/scvi-tools/init-arguments.js'
import { PickleDict } from '../../../src/files/scvi-tools/pickle-values.js'
import { readTorchFile } from '../../../src/files/scvi-tools/torch-file.js'
import type { ModelConfig } from '../../../src/network/config.js'
import type { HostTensor, NetworkState } from '../../../src/network/parameters.js'
import {
  debugState,
  fixtureCells,
  fixtureFolder,
  fixtureNames,
  stateDict,
  temporaryFolder,
} from './fixtures.js'

const LINEAR = fixtureNames().filter((name) => name.startsWith('linear-'))
const LOGISTIC_NORMAL = fixtureNames().filter((name) => name.includes('logistic-normal'))
const BATCH_NORM_EPSILON = 1e-3

const shapes = (state: NetworkState, prefix: string) =>
  Object.fromEntries(
    [...state].filter(([name]) => name.startsWith(prefix)).map(([name, t]) => [name, [t.rows, t.columns]]),
  )

const at = ({ columns, values }: HostTensor, row: number, column: number) => values[row * columns + column]!

/** What a gene's linear output is multiplied by, and what is added, by the bias and the running batch norm. */
function normOf(state: NetworkState, output: string, gene: number): { factor: number; shift: number } {
  const bias = state.get(`${output}.bias`)?.values[gene] ?? 0
  const running = state.get(`${output}.norm.running`)
  if (!running) return { factor: 1, shift: bias }
  const factor =
    state.get(`${output}.norm.scale`)!.values[gene]! / Math.sqrt(at(running, 1, gene) + BATCH_NORM_EPSILON)
  const shift = state.get(`${output}.norm.shift`)!.values[gene]!
  return { factor, shift: shift + factor * (bias - at(running, 0, gene)) }
}

/** An output of the decoder at a latent, without its softmax. */
function linearOutput(
  { description, state }: ImportedModel,
  output: string,
  latent: readonly number[],
  batch: number,
): number[] {
  const weight = state.get(`${output}.weight`)!
  const hasBatches = description.categorical[0]!.categories.length > 1
  return description.genes.map((_, gene) => {
    const { factor, shift } = normOf(state, output, gene)
    const fromLatent = latent.reduce((sum, z, k) => sum + z * at(weight, k, gene), 0)
    const fromBatch = hasBatches ? at(weight, latent.length + batch, gene) : 0
    return factor * (fromLatent + fromBatch) + shift
  })
}

function softmax(values: readonly number[]): number[] {
  const powers = values.map(Math.exp)
  const sum = powers.reduce((total, power) => total + power, 0)
  return powers.map((power) => power / sum)
}

/** Each cell's latent mean and batch, as scvi-tools decoded them. */
function decoded(name: string, { config, categorical }: ModelDescription) {
  const mean = debugState(name).get('mean')!
  const batches = fixtureCells().obs.getChild('batch')!
  return Array.from({ length: mean.rows }, (_, cell) => {
    const row = Array.from(mean.values.subarray(cell * mean.columns, (cell + 1) * mean.columns))
    return {
      latent: config.latentDistribution === 'ln' ? softmax(row) : row,
      batch: categorical[0]!.categories.indexOf(String(batches.get(cell))),
    }
  })
}

const largestShare = (actual: readonly number[], expected: ArrayLike<number>): number => {
  expect(actual.length).toBe(expected.length)
  return actual.reduce((worst, value, i) => Math.max(worst, Math.abs(value / expected[i]! - 1)), 0)
}

describe('a linear decoder', () => {
  it('has fixtures', () => expect([LINEAR.length, LOGISTIC_NORMAL.length]).toEqual([6, 3]))

  it.each<[string, Partial<ModelConfig>]>([
    ['linear-nb', { likelihood: 'nb', library: 'latent', batchNorm: 'both', nLayers: 1 }],
    ['linear-nb-batch', { likelihood: 'nb', library: 'observed', batchNorm: 'both' }],
    ['linear-nb-bias-no-batch-norm', { batchNorm: 'encoder' }],
    ['linear-zinb-two-layers-gene-batch', { likelihood: 'zinb', dispersion: 'gene-batch', nLayers: 2 }],
    ['linear-poisson-logistic-normal-batch', { likelihood: 'poisson', latentDistribution: 'ln' }],
  ])('of %s has its settings', (name, settings) => {
    const { config } = readScviModel(fixtureFolder(name)).description
    expect(config).toMatchObject({
      decoder: 'linear',
      latentDistribution: 'normal',
      encodeCovariates: false,
      layerNorm: 'none',
      ...settings,
    })
  })

  it("has its class's defaults, whatever it says of what it does not use", () => {
    const saved = new PickleDict([
      ['n_latent', 4],
      ['model_kwargs', new PickleDict([['encode_covariates', true]])],
    ])
    expect(initArguments(new Entry(saved, 'init'), 'LinearSCVI')).toEqual({
      n_hidden: 128,
      n_latent: 4,
      n_layers: 1,
      dropout_rate: 0.1,
      dispersion: 'gene',
      latent_distribution: 'normal',
      gene_likelihood: 'nb',
      use_observed_lib_size: false,
      use_batch_norm: true,
      bias: false,
    })
  })

  it('has weights of inputs by genes, and a batch norm over the genes', () => {
    const { state } = readScviModel(fixtureFolder('linear-nb-batch'))
    expect(shapes(state, 'px_')).toEqual({
      'px_scale.weight': [6, 20],
      'px_scale.norm.scale': [1, 20],
      'px_scale.norm.shift': [1, 20],
      'px_scale.norm.running': [2, 20],
      px_r: [1, 20],
    })
    expect([...state.keys()].filter((name) => name.startsWith('decoder'))).toEqual([])
    expect(shapes(state, 'z_encoder.fc0.weight')).toEqual({ 'z_encoder.fc0.weight': [20, 7] })
  })

  it('has no rows for a batch that all cells are of, and a bias where the file has one', () => {
    const { state } = readScviModel(fixtureFolder('linear-zinb-bias'))
    expect(shapes(state, 'px_')).toMatchObject({
      'px_scale.weight': [3, 20],
      'px_scale.bias': [1, 20],
      'px_dropout.weight': [3, 20],
      'px_dropout.bias': [1, 20],
      'px_dropout.norm.running': [2, 20],
    })
    const plain = readScviModel(fixtureFolder('linear-nb-bias-no-batch-norm')).state
    expect(Object.keys(shapes(plain, 'px_scale'))).toEqual(['px_scale.weight', 'px_scale.bias'])
    expect(Object.keys(shapes(plain, 'px_dropout'))).toEqual([])
  })

  it('keeps every value of the file', () => {
    const name = 'linear-zinb-bias'
    const { state } = readScviModel(fixtureFolder(name))
    const theirs = (key: string) => stateDict(fixtureFolder(name)).get(`decoder.${key}`)!.values
    for (const [ours, layer] of [
      ['px_scale', 'factor_regressor.fc_layers.Layer 0'],
      ['px_dropout', 'px_dropout_decoder.fc_layers.Layer 0'],
    ]) {
      const weight = state.get(`${ours}.weight`)!
      const turned = Array.from({ length: 60 }, (_, i) => at(weight, i % 3, Math.floor(i / 3)))
      expect(turned).toEqual([...theirs(`${layer}.0.weight`)])
      expect(state.get(`${ours}.bias`)!.values).toEqual(theirs(`${layer}.0.bias`))
      expect(state.get(`${ours}.norm.scale`)!.values).toEqual(theirs(`${layer}.1.weight`))
      expect(state.get(`${ours}.norm.shift`)!.values).toEqual(theirs(`${layer}.1.bias`))
      const running = [...theirs(`${layer}.1.running_mean`), ...theirs(`${layer}.1.running_var`)]
      expect([...state.get(`${ours}.norm.running`)!.values]).toEqual(running)
    }
  })

  it.each(LINEAR)('of %s gives the loadings of scvi-tools', (name) => {
    const { description, state } = readScviModel(fixtureFolder(name))
    const weight = state.get('px_scale.weight')!
    const loadings = description.genes.flatMap((_, gene) => {
      const { factor } = normOf(state, 'px_scale', gene)
      return Array.from({ length: description.config.nLatent }, (_, k) => factor * at(weight, k, gene))
    })
    expect(largestShare(loadings, debugState(name).get('loadings')!.values)).toBeLessThan(1e-5)
  })

  it.each(LINEAR)('of %s gives the proportions of scvi-tools, and its logits of dropout', (name) => {
    const model = readScviModel(fixtureFolder(name))
    const expected = debugState(name)
    const cells = decoded(name, model.description)
    const proportions = cells.flatMap(({ latent, batch }) =>
      softmax(linearOutput(model, 'px_scale', latent, batch)),
    )
    const { columns, values } = expected.get('rate')!
    const total = cells.map((_, cell) =>
      values.subarray(cell * columns, (cell + 1) * columns).reduce((sum, rate) => sum + rate, 0),
    )
    const share = Array.from(values, (rate, i) => rate / total[Math.floor(i / columns)]!)
    expect(largestShare(proportions, share)).toBeLessThan(1e-5)

    const dropout = expected.get('dropout')
    expect(dropout !== undefined).toBe(name.includes('zinb'))
    if (!dropout) return
    const logits = cells.flatMap(({ latent, batch }) => linearOutput(model, 'px_dropout', latent, batch))
    const apart = logits.reduce((worst, x, i) => Math.max(worst, Math.abs(x - dropout.values[i]!)), 0)
    expect(apart).toBeLessThan(1e-5)
  })
})

describe('a logistic-normal latent', () => {
  it.each(LOGISTIC_NORMAL)('of %s is read, with its softmax as scvi-tools takes its mean', (name) => {
    expect(readScviModel(fixtureFolder(name)).description.config.latentDistribution).toBe('ln')
    const { rows, columns, values } = debugState(name).get('latent')!
    for (let cell = 0; cell < rows; cell++) {
      const sum = values
        .subarray(cell * columns, (cell + 1) * columns)
        .reduce((total, share) => total + share, 0)
      expect(sum).toBeCloseTo(1, 5)
    }
  })
})

describe('export of a linear decoder', () => {
  const folder = temporaryFolder()

  it('says LinearSCVI, and what its setup and its constructor take', async () => {
    const name = 'linear-nb-bias-no-batch-norm'
    const out = join(folder, name)
    await exportScviModel(readScviModel(fixtureFolder(name)), fixtureCells(), out)
    const attributes = (path: string) => new Entry(readTorchFile(path), 'model').get('attr_dict')
    const [ours, theirs] = [out, fixtureFolder(name)].map((path) => attributes(join(path, 'model.pt')))
    const keys = (entry: Entry) => [...entry.dict().keys()].sort()
    for (const attributeOf of [ours!, theirs!]) {
      const registry = attributeOf.get('registry_')
      expect(registry.get('model_name').text()).toBe('LinearSCVI')
      expect(keys(registry.get('setup_args'))).toEqual(['batch_key', 'labels_key', 'layer'])
      expect(keys(registry.get('field_registries'))).toEqual(['X', 'batch', 'labels'])
      const init = attributeOf.get('init_params_')
      expect(Object.fromEntries(init.get('kwargs').get('model_kwargs').dict())).toEqual({
        use_batch_norm: false,
        bias: true,
      })
    }
    expect(keys(ours!.get('init_params_').get('non_kwargs'))).toEqual(
      keys(theirs!.get('init_params_').get('non_kwargs')),
    )
  })

  it('refuses what LinearSCVI does not have', async () => {
    const model = readScviModel(fixtureFolder('linear-nb-batch'))
    const { config, categorical } = model.description
    const donor = { key: 'donor', categories: ['d1', 'd2', 'd3', 'd4'] }
    const out = join(folder, 'refused')
    for (const [changes, lacking] of [
      [{ categorical: [...categorical, donor] }, 'covariate beside the batch'],
      [{ continuous: ['age'] }, 'covariate beside the batch'],
      [{ config: { ...config, library: 'size-factor' } }, 'size factor'],
      [{ config: { ...config, encodeCovariates: true } }, 'encoder that takes the batch'],
      [{ config: { ...config, layerNorm: 'both' } }, 'layer norm'],
      [{ config: { ...config, batchNorm: 'decoder' } }, 'encoder without batch norm'],
      [{ config: { ...config, batchNorm: 'none' } }, 'encoder without batch norm'],
    ] as const satisfies [Partial<ModelDescription>, string][]) {
      const changed = { ...model, description: { ...model.description, ...changes } as ModelDescription }
      await expect(exportScviModel(changed, fixtureCells(), out)).rejects.toThrow(
        expect.objectContaining({
          kind: 'bad-input',
          message: `The model cannot be written for scvi-tools, whose LinearSCVI has no ${lacking}.`,
        }),
      )
    }
    expect(existsSync(out)).toBe(false)
  })
})

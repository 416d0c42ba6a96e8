import { afterAll, describe, expect, it } from 'vitest'
import { availableBuilds } from '../../src/device/cpu/builds.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { Device } from '../../src/device/device.js'
import { openWebgpu } from '../../src/device/webgpu/open/open-webgpu.js'
import { type ModelConfig, modelConfig } from '../../src/network/config.js'
import { Network, type NetworkShape } from '../../src/network/network.js'
import type { NetworkState } from '../../src/network/parameters.js'
import { NOISE } from '../../src/numeric/philox.js'
import { type Expected, largest, near, type Outputs } from '../device/check.js'
import { expectNear } from '../device/expect-near.js'
import { Setting, type Shape } from '../device/setting.js'
import { NO_WEBGPU } from '../device/webgpu.js'
import { adam } from '../oracle/adam.js'
import { autodiffLoss, type LossInput, type NamedMatrices } from '../oracle/autodiff.js'
import { filled, matrix } from '../oracle/matrix.js'
import { noiseNormal, noiseUniform } from '../oracle/philox.js'

const SEED = 20260731
const STEP = 17
const KL_WEIGHT = 0.37
const MODE = { training: true, seed: SEED, step: STEP }
const ADAM = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 0.01, weightDecay: 1e-3, step: 1 }

interface Case {
  name: string
  model?: Partial<ModelConfig>
  /** Numbers of categories, the batch first. */
  categories?: readonly number[]
  continuous?: number
}

const CASES: readonly Case[] = [
  { name: 'nb' },
  { name: 'zinb', model: { likelihood: 'zinb' } },
  { name: 'poisson', model: { likelihood: 'poisson' } },
  { name: 'two layers', model: { nLayers: 2 } },
  { name: 'two layers, zinb, batches', model: { nLayers: 2, likelihood: 'zinb' }, categories: [3] },
  { name: 'further covariates', categories: [3, 1, 2], continuous: 2 },
  {
    name: 'covariates not injected deeply',
    model: { nLayers: 2, deeplyInjectCovariates: false },
    categories: [3, 2],
  },
  {
    name: 'covariates in the encoder too',
    model: { nLayers: 2, encodeCovariates: true },
    categories: [3, 2],
    continuous: 1,
  },
  { name: 'latent library', model: { library: 'latent' }, categories: [3] },
  {
    name: 'latent library, zinb, covariates in the encoders',
    model: { library: 'latent', likelihood: 'zinb', encodeCovariates: true },
    categories: [2],
  },
  { name: 'dispersion by batch', model: { dispersion: 'gene-batch' }, categories: [3] },
  { name: 'layer norm beside batch norm', model: { nLayers: 2, layerNorm: 'both' } },
  { name: 'layer norm in the encoder alone', model: { batchNorm: 'decoder', layerNorm: 'encoder' } },
  { name: 'no norm', model: { nLayers: 2, batchNorm: 'none' } },
  { name: 'size factor', model: { library: 'size-factor' } },
  { name: 'size factor, poisson', model: { library: 'size-factor', likelihood: 'poisson' } },
  { name: 'dropout in two layers', model: { nLayers: 2, dropoutRate: 0.3 } },
  { name: 'dropout, latent library', model: { library: 'latent', dropoutRate: 0.2 } },
]

/** One case with its data, its starting weights and what the oracle takes. */
class ModelSetting {
  readonly config: ModelConfig
  readonly shape: NetworkShape
  readonly setting: Setting

  constructor({ model, categories = [1], continuous = 0 }: Case) {
    this.config = modelConfig({ nHidden: 19, nLatent: 5, dropoutRate: 0, ...model })
    const data: Shape = { genes: 67, hidden: 19, cells: 41, capacity: 50, categories, continuous }
    this.setting = new Setting(data, 5)
    const priors = Float32Array.from({ length: 2 * categories[0]! }, (_, i) =>
      i % 2 ? 0.4 + i / 10 : 4 + i / 5,
    )
    this.shape = { nGenes: data.genes, categories, nContinuous: continuous, libraryPrior: priors }
  }

  network(device: Device): Network {
    return new Network(device, this.config, this.shape, this.setting.shape.capacity, 3)
  }

  lossInput(): LossInput {
    const { config, setting, shape } = this
    const cells = setting.cells()
    const noise = (purpose: number, columns: number) => {
      const key = { seed: SEED, purpose, step: STEP }
      return filled(setting.shape.cells, columns, (row, column) => noiseNormal(key, row, column))
    }
    const masks: NamedMatrices = {}
    const layers = Array.from({ length: config.nLayers }, (_, i) => `z_encoder.fc${i}`)
    if (config.library === 'latent') layers.push('l_encoder.fc0')
    for (const [i, layer] of layers.entries()) {
      const rate = config.dropoutRate
      if (rate === 0) continue
      const key = { seed: SEED, purpose: NOISE.dropoutEncoder + i, step: STEP }
      masks[layer] = filled(setting.shape.cells, config.nHidden, (row, column) =>
        noiseUniform(key, row, column) < Math.fround(rate) ? 0 : 1 / (1 - rate),
      )
    }
    return {
      config,
      cells,
      categories: shape.categories,
      libraryPrior: matrix(shape.categories[0]!, 2, shape.libraryPrior),
      noise: { latent: noise(NOISE.latent, config.nLatent), library: noise(NOISE.library, 1) },
      masks,
      klWeight: KL_WEIGHT,
    }
  }
}

/** The network's first weights, with norms that are not those of the start (scale 1, shift 0). */
async function unevenState(network: Network, { draws }: Setting): Promise<NetworkState> {
  const state = await network.state(true)
  for (const [name, { values }] of state) {
    if (name.endsWith('.norm.scale')) values.set(draws.uniforms(values.length, 0.5, 1.5))
    if (name.endsWith('.norm.shift')) values.set(draws.normals(values.length, 0.3))
  }
  network.setState(state, true)
  return state
}

const toMatrices = (network: Network, state: NetworkState): NamedMatrices =>
  Object.fromEntries(
    network.parameters.names().map((name) => {
      const { rows, columns, values } = state.get(name)!
      return [name, matrix(rows, columns, values)]
    }),
  )

/** Gradients beside the oracle's. That of a bias under a batch norm is 0 but for rounding: its layer's weights set the scale. */
function expectedGradients(gradients: NamedMatrices): Record<string, Expected> {
  return Object.fromEntries(
    Object.entries(gradients).map(([name, gradient]) => {
      const weight = gradients[name.replace(/\.bias$/, '.weight')]!
      return [name, near(gradient, 2e-4, largest(weight.values))]
    }),
  )
}

/** On a software GPU a case takes seconds: every third, all of them in continuous integration. */
const GPU_CASES = CASES.filter((_, i) => i % 3 === 0 || process.env.SCVAE_TEST_WEBGPU === 'all')

const devices: { name: string; open: () => Promise<Device>; cases: readonly Case[] }[] = [
  ...availableBuilds().map((kernels) => ({
    name: kernels,
    open: () => createCpuDevice({ threads: 2, kernels }),
    cases: CASES,
  })),
  ...(NO_WEBGPU === undefined ? [{ name: 'WebGPU', open: () => openWebgpu(), cases: GPU_CASES }] : []),
]

for (const { name, open, cases } of devices) {
  describe(`loss and gradients of the network (${name})`, async () => {
    const device = await open()
    afterAll(() => device.dispose())

    it.each(cases)('$name', async (which) => {
      const model = new ModelSetting(which)
      const { setting } = model
      const network = model.network(device)
      const batch = await network.minibatch(setting.source)
      const start = await unevenState(network, setting)
      // a step on other cells first: what it leaves behind must not show
      network.gather(batch, setting.before)
      network.forward(batch, MODE)
      network.backward(batch, MODE, 1)
      network.setState(start, true)
      await network.takeSums()

      network.gather(batch, setting.chosen)
      network.forward(batch, MODE)
      network.backward(batch, MODE, KL_WEIGHT)
      const sums = await network.takeSums()
      const gradients: Outputs = {}
      for (const [name, { values }] of await network.parameters.readGradients()) gradients[name] = values

      const parameters = toMatrices(network, start)
      const oracle = autodiffLoss(parameters, model.lossInput())
      expect(Object.keys(gradients).sort()).toEqual(Object.keys(oracle.gradients).sort())
      const n = setting.shape.cells
      const share = (sum: number, value: number) => Math.abs(sum / n - value) / Math.max(1, Math.abs(value))
      expect(share(-sums.logLikelihood, oracle.reconstruction)).toBeLessThan(1e-5)
      expect(share(sums.klLatent, oracle.klLatent)).toBeLessThan(1e-5)
      expect(share(sums.klLibrary, oracle.klLibrary)).toBeLessThan(1e-5)
      expectNear(gradients, expectedGradients(oracle.gradients))

      // a training step from the same start ends where the reference Adam ends
      network.setState(start, true)
      network.trainStep(batch, { seed: SEED, step: STEP }, KL_WEIGHT, ADAM)
      const after = await network.state()
      const moved: Outputs = {}
      const expected: Record<string, Expected> = {}
      for (const [name, value] of Object.entries(parameters)) {
        const zero = matrix(value.rows, value.columns)
        const gradient = oracle.gradients[name]!
        const next = adam({ value, firstMoment: zero, secondMoment: zero }, gradient, ADAM).value
        moved[name] = after.get(name)!.values.map((x, i) => x - value.values[i]!)
        expected[name] = {
          values: next.values.map((x, i) => x - value.values[i]!),
          tolerance: 5e-3,
          scale: ADAM.learningRate,
        }
      }
      expectNear(moved, expected)
      network.releaseMinibatch(batch)
      network.release()
    })
  })
}

describe('Network', async () => {
  const device = await createCpuDevice({ threads: 1, kernels: 'wasm' })
  afterAll(() => device.dispose())

  it('makes no parameter that the loss does not reach', () => {
    const names = (model: Partial<ModelConfig>) => {
      const setting = new ModelSetting({ name: '', model })
      const network = setting.network(device)
      const found = network.parameters.names().filter((name) => /^(l_encoder|px_r|px_dropout)/.test(name))
      network.release()
      return [...new Set(found.map((name) => name.split('.')[0]!))].sort()
    }
    expect(names({})).toEqual(['px_r'])
    expect(names({ likelihood: 'poisson' })).toEqual([])
    expect(names({ likelihood: 'zinb' })).toEqual(['px_dropout', 'px_r'])
    expect(names({ library: 'latent' })).toEqual(['l_encoder', 'px_r'])
  })

  it('computes with no linear decoder and no logistic-normal latent', () => {
    for (const model of [{ decoder: 'linear' }, { latentDistribution: 'ln' }] as const) {
      const setting = new ModelSetting({ name: '', model })
      expect(() => setting.network(device)).toThrow('but does not compute with them')
    }
  })

  it('starts from the seed, within the bounds of PyTorch', async () => {
    const model = new ModelSetting({ name: '', categories: [3] })
    const make = async (seed: number) => {
      const network = new Network(device, model.config, model.shape, 50, seed)
      const state = await network.state()
      network.release()
      return state
    }
    const [first, again, other] = [await make(1), await make(1), await make(2)]
    expect(again).toEqual(first)
    expect(other.get('px_r')!.values).not.toEqual(first.get('px_r')!.values)
    // five latent dimensions and three batches come in
    const weight = first.get('decoder.fc0.weight')!
    expect([weight.rows, weight.columns]).toEqual([8, 19])
    const bound = 1 / Math.sqrt(8)
    expect(largest(weight.values)).toBeLessThanOrEqual(Math.fround(bound))
    expect(largest(weight.values)).toBeGreaterThan(0.95 * bound)
  })

  it('takes running statistics and no dropout in evaluation', async () => {
    const model = new ModelSetting({ name: '', model: { dropoutRate: 0.5 } })
    const network = model.network(device)
    const batch = await network.minibatch(model.setting.source)
    network.gather(batch, model.setting.chosen)
    const first = await network.encode(batch)
    const alone = await network.minibatch(model.setting.source)
    network.gather(alone, model.setting.chosen.slice(0, 1))
    const one = await network.encode(alone)
    // a cell's posterior does not depend on the cells beside it
    expect(one.mean).toEqual(first.mean.slice(0, model.config.nLatent))
    expect(one.variance).toEqual(first.variance.slice(0, model.config.nLatent))
    network.releaseMinibatch(batch)
    network.releaseMinibatch(alone)
    network.release()
  })

  it('refuses weights of another shape or with a tensor missing', async () => {
    const model = new ModelSetting({ name: '' })
    const network = model.network(device)
    const state = await network.state()
    const bias = state.get('px_scale.bias')!
    state.set('px_scale.bias', { rows: 1, columns: 3, values: new Float32Array(3) })
    expect(() => network.setState(state)).toThrow(
      'The tensor "px_scale.bias" of the model\'s weights is 1 x 3, not 1 x 67.',
    )
    state.delete('px_scale.bias')
    expect(() => network.setState(state)).toThrow('The model\'s weights have no tensor "px_scale.bias".')
    state.set('px_scale.bias', bias)
    expect(() => network.setState(state)).not.toThrow()
    network.release()
  })
})

describe('modelConfig', () => {
  it("has scvi-tools' defaults but for the likelihood", () => {
    expect(modelConfig()).toEqual({
      nHidden: 128,
      nLatent: 10,
      nLayers: 1,
      dropoutRate: 0.1,
      decoder: 'deep',
      latentDistribution: 'normal',
      dispersion: 'gene',
      likelihood: 'nb',
      library: 'observed',
      encodeCovariates: false,
      deeplyInjectCovariates: true,
      batchNorm: 'both',
      layerNorm: 'none',
      beta: 1,
    })
  })

  it.each([
    [{ nLatents: 3 }, 'The model has no option "nLatents".'],
    [{ nLatent: 0 }, 'nLatent must be a whole number from 1 to 4096, not 0.'],
    [{ nLayers: 1.5 }, 'nLayers must be a whole number from 1 to 4096, not 1.5.'],
    [{ dropoutRate: 1 }, 'dropoutRate must be at least 0 and below 1, not 1.'],
    [{ beta: -1 }, 'beta must be a number that is not negative, not -1.'],
    [{ decoder: 'shallow' }, 'decoder must be one of deep, linear, not "shallow".'],
    [{ latentDistribution: 'gamma' }, 'latentDistribution must be one of normal, ln, not "gamma".'],
    [{ likelihood: 'normal' }, 'likelihood must be one of nb, zinb, poisson, not "normal".'],
    [{ batchNorm: 'yes' }, 'batchNorm must be one of encoder, decoder, both, none, not "yes".'],
  ])('refuses %o', (options, message) => {
    expect(() => modelConfig(options as Partial<ModelConfig>)).toThrow(
      expect.objectContaining({ kind: 'usage', message }),
    )
  })
})

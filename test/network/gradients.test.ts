import { afterAll, describe, expect, it } from 'vitest'
import { type Expected, largest, near, type Outputs } from '../../src/check/kernels/check.js'
import { adam } from '../../src/check/oracle/adam.js'
import { matrix } from '../../src/check/oracle/matrix.js'
import { availableBuilds } from '../../src/device/cpu/builds.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { Device } from '../../src/device/device.js'
import { openWebgpu } from '../../src/device/webgpu/open/open-webgpu.js'
import { expectNear } from '../device/expect-near.js'
import { plainTensorFlow } from '../device/plain-tensorflow.js'
import { NO_WEBGPU } from '../device/webgpu.js'
import { autodiffLoss, type NamedMatrices } from '../oracle/autodiff.js'
import {
  ADAM,
  type Case,
  KL_WEIGHT,
  ModelSetting,
  SEED,
  STEP,
  toMatrices,
  unevenState,
} from './model-setting.js'

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
  { name: 'linear decoder', model: { decoder: 'linear' }, categories: [3], continuous: 1 },
  {
    name: 'linear decoder, zinb, bias, no norm',
    model: { decoder: 'linear', decoderBias: true, likelihood: 'zinb', batchNorm: 'none' },
  },
  { name: 'logistic-normal latent', model: { latentDistribution: 'ln', dropoutRate: 0.1 } },
  { name: 'mixture prior', model: { prior: 'mixture' } },
  { name: 'vamp prior, batch norm, dropout', model: { prior: 'vamp', dropoutRate: 0.2 }, categories: [2] },
  {
    name: 'vamp prior, two layers, both norms, latent library',
    model: { prior: 'vamp', nLayers: 2, layerNorm: 'both', library: 'latent' },
    categories: [2],
  },
  { name: 'free bits', model: { freeBits: 0.3 } },
]

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
const GPU_CASES = CASES.filter((_, i) => i % 3 === 0 || process.env.SCVAE_TEST_CHECKS === 'all')

const devices: { name: string; open: () => Promise<Device>; cases: readonly Case[] }[] = [
  ...availableBuilds().map((kernels) => ({
    name: kernels,
    open: () => createCpuDevice({ threads: 2, kernels }),
    cases: CASES,
  })),
  { name: 'TensorFlow.js in plain JavaScript', open: plainTensorFlow, cases: CASES },
  ...(NO_WEBGPU === undefined ? [{ name: 'WebGPU', open: () => openWebgpu(), cases: GPU_CASES }] : []),
]

const training = { seed: SEED, step: STEP, klWeight: KL_WEIGHT, adam: ADAM }

for (const { name, open, cases } of devices) {
  describe(`loss and gradients of the network (${name})`, { timeout: 120_000 }, async () => {
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
      network.gradients(batch, { ...training, seed: 1, step: 2, klWeight: 1 })
      network.setState(start, true)
      await network.takeSums()

      network.gather(batch, setting.chosen)
      network.gradients(batch, training)
      const sums = await network.takeSums()
      const gradients: Outputs = {}
      for (const [name, { values }] of await network.parameters.readGradients()) gradients[name] = values

      const parameters = toMatrices(network, start)
      const oracle = autodiffLoss(parameters, model.lossInput())
      expect(Object.keys(gradients).sort()).toEqual(Object.keys(oracle.gradients).sort())
      const n = setting.shape.cells
      const share = (sum: number | undefined, value: number) =>
        Math.abs((sum ?? 0) / n - value) / Math.max(1, Math.abs(value))
      expect(share(-sums.logLikelihood!, oracle.reconstruction)).toBeLessThan(1e-5)
      expect(share(sums.klLatent, oracle.klLatent)).toBeLessThan(1e-5)
      expect(share(sums.klLibrary, oracle.klLibrary)).toBeLessThan(1e-5)
      expectNear(gradients, expectedGradients(oracle.gradients))

      // a training step from the same start ends where the reference Adam ends
      network.setState(start, true)
      network.trainStep(batch, training)
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

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { Device } from '../../src/device/device.js'
import { plainTensorFlow } from '../device/plain-tensorflow.js'
import { WEBGPU_IF_ALL } from '../device/webgpu-if-all.js'
import { autodiffLoss } from './autodiff.js'
import { lossInput, MODEL_CASES, modelParameters } from './model-case.js'
import { expectGradients, expectUpdates, networkRun, withNetworkNoise } from './network-run.js'

/** Of float32 kernels against float32 automatic differentiation, of a parameter's largest gradient (at least 1). */
const TOLERANCE = 1e-4
const SEED = 31

const DEVICES: Record<string, () => Promise<Device>> = {
  'CPU threads': () => createCpuDevice({ threads: 2 }),
  'TensorFlow.js in plain JavaScript': plainTensorFlow,
  ...WEBGPU_IF_ALL,
}

describe.each(Object.entries(DEVICES))('network on %s', { timeout: 120_000 }, (_, makeDevice) => {
  let device: Device
  beforeAll(async () => {
    device = await makeDevice()
  })
  afterAll(() => device?.dispose())

  it.each(Object.entries(MODEL_CASES))(
    'has the loss and the gradients of automatic differentiation, %s',
    async (_, options) => {
      const input = withNetworkNoise(lossInput(options, SEED), SEED)
      const parameters = modelParameters(input, 8)
      const { sums, gradients, after } = await networkRun(device, parameters, input, SEED)
      const expected = autodiffLoss(parameters, input)
      const n = input.cells.counts.rows
      expect(sums.logLikelihood! / n).toBeCloseTo(-expected.reconstruction, 3)
      expect(sums.klLatent! / n).toBeCloseTo(expected.klLatent, 3)
      expect((sums.klLibrary ?? 0) / n).toBeCloseTo(expected.klLibrary, 3)
      expectGradients(gradients, expected.gradients, TOLERANCE)
      expectUpdates(after, parameters, expected.gradients, TOLERANCE)
    },
  )
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Draws } from '../../src/check/oracle/draws.js'
import { filled } from '../../src/check/oracle/matrix.js'
import { availableBuilds } from '../../src/device/cpu/builds.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { Device } from '../../src/device/device.js'
import { termKey } from '../../src/network/model-graph.js'
import { plainTensorFlow } from '../device/plain-tensorflow.js'
import { WEBGPU_IF_ALL } from '../device/webgpu-if-all.js'
import type { NamedMatrices } from './autodiff.js'
import { finiteDifference } from './finite-difference.js'
import { lossInput, modelParameters } from './model-case.js'
import { modelValues } from './model-loss.js'
import { expectGradients, expectUpdates, networkRun, withNetworkNoise } from './network-run.js'
import { TERM_CASES } from './term-cases.js'

/** Of float32 kernels against central differences in float64, of a parameter's largest gradient (at least 1). */
const TOLERANCE = 1e-4
const SEED = 17

const SETTINGS = Object.entries(TERM_CASES).map(([name, { model = {}, terms, weights = {} }]) => {
  const input = withNetworkNoise(lossInput(model, SEED), SEED)
  const parameters = modelParameters(input, 9)
  const draws = new Draws(4)
  for (const [weight, [rows, columns]] of Object.entries(weights)) {
    parameters[`term.${weight}`] = filled(rows, columns, () => Math.fround(draws.normal()))
  }
  const values = () => {
    const point = { ...modelValues(parameters, input), input, weight: (of: string) => parameters[of]! }
    return { loss: point.loss, terms: terms.map(({ oracle }) => oracle(point)) }
  }
  const loss = () => {
    const { loss: own, terms: further } = values()
    return terms.reduce((sum, { weight }, i) => sum + weight * further[i]!, own)
  }
  let kept: NamedMatrices | undefined
  const gradients = () => {
    kept ??= Object.fromEntries(
      Object.entries(parameters).map(([of, parameter]) => [of, finiteDifference(parameter, loss)]),
    )
    return kept
  }
  return { name, input, parameters, terms, values, gradients }
})

const DEVICES: readonly [string, () => Promise<Device>][] = [
  ...availableBuilds().map((build): [string, () => Promise<Device>] => [
    `CPU threads, ${build}`,
    () => createCpuDevice({ threads: 2, kernels: build }),
  ]),
  ['TensorFlow.js in plain JavaScript', plainTensorFlow],
  ...Object.entries(WEBGPU_IF_ALL),
]

describe.each(DEVICES)('terms of a loss on %s', { timeout: 120_000 }, (_, makeDevice) => {
  let device: Device
  beforeAll(async () => {
    device = await makeDevice()
  })
  afterAll(() => device?.dispose())

  it.each(SETTINGS)('have the values and gradients of their definition: $name', async (setting) => {
    const { input, parameters, terms, values, gradients } = setting
    const run = await networkRun(device, parameters, input, SEED, terms)
    const n = input.cells.counts.rows
    for (const [i, value] of values().terms.entries()) {
      const { name } = terms[i]!
      const scale = Math.max(1, Math.abs(value))
      expect(Math.abs(run.sums[termKey(name)]! / n - value) / scale, name).toBeLessThan(1e-4)
    }
    expectGradients(run.gradients, gradients(), TOLERANCE)
    expectUpdates(run.after, parameters, gradients(), TOLERANCE)
  })
})

import type { Parameter } from '../../device/device.js'
import { matrix } from '../oracle/matrix.js'
import {
  batchNorm,
  batchNormEvaluation,
  batchNormGradient,
  layerNorm,
  layerNormGradient,
} from '../oracle/norm.js'
import { type Check, type Expected, largest, near } from './check.js'
import {
  fill,
  makeParameters,
  parameterTensors,
  readAll,
  resetParameter,
  Setting,
  SHAPES,
  type Shape,
  shapeName,
  startValue,
} from './setting.js'

const TOLERANCE = 2e-5

function batchNormCheck(shape: Shape, seed: number, training: boolean): Check {
  const setting = new Setting(shape, seed)
  const features = shape.hidden
  const inputValues = setting.rows(features, 2)
  const outputGradient = setting.rows(features)
  const parameters = [
    setting.parameter('scale', 1, features),
    setting.parameter('shift', 1, features),
  ] as const
  const runningValues = Float32Array.from([
    ...setting.draws.normals(features),
    ...setting.draws.uniforms(features, 0.1, 3),
  ])
  return {
    name: `batchNorm in ${training ? 'training' : 'evaluation'}: ${shapeName(shape)}`,
    async run(device) {
      const batch = await device.minibatch(setting.source, shape.capacity)
      const input = device.tensor(shape.capacity, features)
      const output = device.tensor(shape.capacity, features)
      const gradient = device.tensor(shape.capacity, features, outputGradient)
      const inputGradient = device.tensor(shape.capacity, features)
      const running = device.tensor(2, features)
      const saved = device.tensor(2, features)
      const [scale, shift] = makeParameters(device, parameters) as [Parameter, Parameter]
      for (const cells of [setting.before, setting.chosen]) {
        for (const [i, p] of [scale, shift].entries()) resetParameter(device, p, parameters[i]!)
        await fill(device, batch, cells)
        device.write(input, inputValues)
        device.write(running, runningValues)
        device.kernels.batchNorm({ batch, input, scale, shift, running, output, saved, training })
        if (!training) continue
        const gradients = { outputGradient: gradient, inputGradient }
        device.kernels.batchNormGradient({ batch, input, scale, shift, saved, ...gradients })
      }
      const tensors = { output, running, saved, inputGradient, ...parameterTensors([scale, shift], false) }
      const outputs = await readAll(device, tensors)
      device.release(batch, input, output, gradient, inputGradient, running, saved, scale, shift)
      return outputs
    },
    expected() {
      const input = setting.used(inputValues)
      const scale = startValue(parameters[0])
      const shift = startValue(parameters[1])
      const before = matrix(2, features, runningValues)
      if (!training) {
        return {
          output: near(batchNormEvaluation(input, scale, shift, before), TOLERANCE),
          running: near(before, 0),
        }
      }
      const g = setting.used(outputGradient)
      const { output, saved, running } = batchNorm(input, scale, shift, before)
      const gradient = batchNormGradient(input, scale, g)
      // The three terms of the input's gradient cancel for two cells: errors are as large as one of them.
      const term = largest(g.values) * largest(saved.values.slice(features)) * largest(scale.values)
      const expected: Record<string, Expected> = {
        output: near(output, TOLERANCE),
        saved: near(saved, TOLERANCE),
        'scale.gradient': near(gradient.scale, TOLERANCE, largest(g.values)),
        'shift.gradient': near(gradient.shift, TOLERANCE, largest(g.values)),
        inputGradient: near(gradient.input, TOLERANCE, term),
      }
      // The unbiased variance of one cell does not exist.
      if (shape.cells > 1) expected.running = near(running, TOLERANCE)
      return expected
    },
  }
}

function layerNormCheck(shape: Shape, seed: number): Check {
  const setting = new Setting(shape, seed)
  const features = shape.hidden
  const inputValues = setting.rows(features, 2)
  const outputGradient = setting.rows(features)
  return {
    name: `layerNorm: ${shapeName(shape)}`,
    async run(device) {
      const batch = await device.minibatch(setting.source, shape.capacity)
      const input = device.tensor(shape.capacity, features, inputValues)
      const output = device.tensor(shape.capacity, features)
      const gradient = device.tensor(shape.capacity, features, outputGradient)
      const inputGradient = device.tensor(shape.capacity, features)
      const saved = device.tensor(shape.capacity, 1)
      for (const cells of [setting.before, setting.chosen]) {
        await fill(device, batch, cells)
        device.kernels.layerNorm({ batch, input, output, saved })
        device.kernels.layerNormGradient({ batch, output, saved, outputGradient: gradient, inputGradient })
      }
      const outputs = await readAll(device, { output, saved, inputGradient })
      device.release(batch, input, output, gradient, inputGradient, saved)
      return outputs
    },
    expected() {
      const input = setting.used(inputValues)
      const g = setting.used(outputGradient)
      const { output, saved } = layerNorm(input)
      return {
        output: near(output, TOLERANCE, 1),
        saved: near(saved, TOLERANCE),
        inputGradient: near(
          layerNormGradient(input, g),
          TOLERANCE,
          largest(g.values) * largest(saved.values),
        ),
      }
    },
  }
}

export function normChecks(): Check[] {
  return SHAPES.flatMap((shape, i) => [
    batchNormCheck(shape, 3000 + i, true),
    batchNormCheck(shape, 3100 + i, false),
    layerNormCheck(shape, 3200 + i),
  ])
}

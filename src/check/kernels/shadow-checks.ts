import type { Parameter } from '../../device/device.js'
import { linear, linearGradient } from '../oracle/linear.js'
import { type Check, type Expected, near } from './check.js'
import { type LayerCase, LayerSetting } from './layer-setting.js'
import { readAll, resetParameter, startValue } from './setting.js'

/** Two operations on the same weights: each has a gradient of its own, and both see an update. */
function shadowCheck(releasedFirst: 'shadows' | 'parameters'): Check {
  const layer: LayerCase = {
    shape: { genes: 5, hidden: 7, cells: 11, capacity: 16, categories: [1], continuous: 0 },
    use: { categories: [0], continuous: 0 },
    bias: true,
    given: 'none',
  }
  const { shape, use } = layer
  const setting = new LayerSetting(layer, 3, 5500)
  const input = setting.rows(3)
  const outputGradient = setting.rows(shape.hidden)
  const later = setting.parameters.map(({ value }) => setting.draws.normals(value.length))
  return {
    name: `shadows, given back ${releasedFirst === 'shadows' ? 'before' : 'after'} their parameters`,
    async run(device) {
      const batch = await device.minibatch(setting.source, shape.capacity)
      const { weights, parameters } = setting.onDevice(device)
      const [weight, bias] = device.shadows(parameters) as [Parameter, Parameter]
      const made = {
        'new weight.gradient': weight.gradient,
        'new bias.gradient': bias.gradient,
      }
      const outputs = await readAll(device, made)
      device.gather(batch, setting.chosen)
      for (const [i, p] of parameters.entries()) resetParameter(device, p, setting.parameters[i]!)
      for (const [i, p] of parameters.entries()) device.write(p.value, later[i]!)
      const x = device.tensor(shape.capacity, 3, input)
      const output = device.tensor(shape.capacity, shape.hidden)
      const gradient = device.tensor(shape.capacity, shape.hidden, outputGradient)
      const args = { batch, ...weights, weight, bias, input: x }
      device.kernels.linear({ ...args, output })
      device.kernels.linearGradient({ ...args, outputGradient: gradient })
      Object.assign(
        outputs,
        await readAll(device, {
          output,
          'weight.gradient': weight.gradient,
          'bias.gradient': bias.gradient,
          'untouched weight.gradient': parameters[0]!.gradient,
          'untouched bias.gradient': parameters[1]!.gradient,
        }),
      )
      if (releasedFirst === 'shadows') {
        device.release(weight, bias)
        const reused = [device.tensor(9, 9), device.tensor(30, 30)]
        device.kernels.adam([{ parameter: parameters[0]! }], {
          learningRate: 0,
          beta1: 0.9,
          beta2: 0.9,
          epsilon: 1,
          weightDecay: 0,
          step: 1,
        })
        outputs.weight = await device.read(parameters[0]!.value)
        outputs.bias = await device.read(parameters[1]!.value)
        device.release(...reused, ...parameters)
      } else device.release(...parameters, weight, bias)
      device.release(batch, x, output, gradient)
      return outputs
    },
    expected() {
      const [w, b] = setting.parameters.map((p, i) => startValue({ ...p, value: later[i]! }))
      const cells = setting.cells()
      const x = setting.used(input)
      const gradient = linearGradient(x, cells, use, w!, setting.used(outputGradient))
      const all = (value: number, i: number): Expected => ({
        values: later[i]!.map(() => value),
        tolerance: 0,
      })
      return {
        'new weight.gradient': all(0, 0),
        'new bias.gradient': all(0, 1),
        output: near(linear(x, cells, use, w!, b), 1e-5),
        'weight.gradient': near(gradient.weight, 1e-5),
        'bias.gradient': near(gradient.bias, 1e-5),
        'untouched weight.gradient': all(77, 0),
        'untouched bias.gradient': all(77, 1),
        ...(releasedFirst === 'shadows' && {
          weight: { values: later[0]!, tolerance: 0 },
          bias: { values: later[1]!, tolerance: 0 },
        }),
      }
    },
  }
}

export function shadowChecks(): Check[] {
  return [shadowCheck('shadows'), shadowCheck('parameters')]
}

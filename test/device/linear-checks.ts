import type { CovariateUse, Device, Minibatch, Parameter, Tensor } from '../../src/device/device.js'
import { linear, linearGradient, log1pCounts } from '../oracle/linear.js'
import { matrix } from '../oracle/matrix.js'
import { ADAM, expectedAdam } from './adam-expected.js'
import { type Check, type Expected, near } from './check.js'
import {
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

/** Sums of a few hundred float32 products. */
const TOLERANCE = 1e-5

/** Nothing beside the input, the batch alone, or all there is. */
function covariateUses(shape: Shape): CovariateUse[] {
  const skipped = shape.categories.map(() => 0)
  return [
    { categories: skipped, continuous: 0 },
    { categories: shape.categories.map((n, k) => (k === 0 ? n : 0)), continuous: shape.continuous },
    { categories: [...shape.categories], continuous: shape.continuous },
  ]
}

interface Layer {
  inputs: number
  use: CovariateUse
}

function layerParameters(setting: Setting, { inputs, use }: Layer) {
  const outputs = setting.shape.hidden
  const covariates = use.categories.reduce((sum, n) => sum + n, 0) + use.continuous
  const scale = 1 / Math.sqrt(inputs + covariates)
  return [
    setting.parameter('weight', inputs + covariates, outputs, scale),
    setting.parameter('bias', 1, outputs),
  ] as const
}

function sparseCheck(shape: Shape, use: CovariateUse, seed: number, adam: boolean): Check {
  const setting = new Setting(shape, seed)
  const parameters = layerParameters(setting, { inputs: shape.genes, use })
  const outputGradient = setting.rows(shape.hidden)
  const covariates = `${use.categories.join('+')} and ${use.continuous} covariates`
  return {
    name: `sparseLinear${adam ? ' with adam' : ''}, ${covariates}: ${shapeName(shape)}`,
    async run(device) {
      const batch = await device.minibatch(setting.source, shape.capacity)
      const output = device.tensor(shape.capacity, shape.hidden)
      const gradient = device.tensor(shape.capacity, shape.hidden)
      const [weight, bias] = makeParameters(device, parameters) as [Parameter, Parameter]
      for (const cells of [setting.before, setting.chosen]) {
        for (const [i, p] of [weight, bias].entries()) resetParameter(device, p, parameters[i]!)
        device.gather(batch, cells)
        device.write(gradient, outputGradient)
        const layer = { batch, weight, bias, covariates: use }
        device.kernels.sparseLinear({ ...layer, output })
        device.kernels.sparseLinearGradient({
          ...layer,
          outputGradient: gradient,
          ...(adam ? { adam: ADAM } : {}),
        })
      }
      const outputs = await readAll(device, { output, ...parameterTensors([weight, bias], adam) })
      device.release(batch, output, gradient, weight, bias)
      return outputs
    },
    expected() {
      const cells = setting.cells()
      const input = log1pCounts(cells)
      const weight = startValue(parameters[0])
      const output = linear(input, cells, use, weight, startValue(parameters[1]))
      const gradient = linearGradient(input, cells, use, weight, setting.used(outputGradient))
      const expected: Record<string, Expected> = { output: near(output, TOLERANCE) }
      if (adam) {
        Object.assign(expected, expectedAdam(parameters[0], gradient.weight, TOLERANCE))
        return Object.assign(expected, expectedAdam(parameters[1], gradient.bias, TOLERANCE))
      }
      expected['weight.gradient'] = near(gradient.weight, TOLERANCE)
      expected['bias.gradient'] = near(gradient.bias, TOLERANCE)
      return expected
    },
  }
}

/** How the gradient by the input is asked for. */
type InputGradient = 'written' | 'added' | 'left out'

function denseCheck(
  shape: Shape,
  use: CovariateUse,
  inputs: number,
  seed: number,
  mode: InputGradient,
): Check {
  const setting = new Setting(shape, seed)
  const parameters = layerParameters(setting, { inputs, use })
  const inputValues = setting.rows(inputs)
  const outputGradient = setting.rows(shape.hidden)
  const already = setting.rows(inputs)
  const covariates = `${use.categories.join('+')} and ${use.continuous} covariates`

  function step(
    device: Device,
    batch: Minibatch,
    weight: Parameter,
    bias: Parameter,
    t: Record<string, Tensor>,
  ) {
    const { input, output, gradient, inputGradient } = t as Record<string, Tensor> & {
      input: Tensor
      output: Tensor
      gradient: Tensor
      inputGradient: Tensor
    }
    const layer = { batch, weight, bias, covariates: use, input }
    device.kernels.linear({ ...layer, output })
    device.kernels.linearGradient({
      ...layer,
      outputGradient: gradient,
      ...(mode === 'left out' ? {} : { inputGradient }),
      ...(mode === 'added' ? { accumulate: true } : {}),
    })
  }

  return {
    name: `linear, ${inputs} inputs, input gradient ${mode}, ${covariates}: ${shapeName(shape)}`,
    async run(device) {
      const batch = await device.minibatch(setting.source, shape.capacity)
      const input = device.tensor(shape.capacity, inputs)
      const output = device.tensor(shape.capacity, shape.hidden)
      const gradient = device.tensor(shape.capacity, shape.hidden)
      const inputGradient = device.tensor(shape.capacity, inputs)
      const [weight, bias] = makeParameters(device, parameters) as [Parameter, Parameter]
      for (const cells of [setting.before, setting.chosen]) {
        for (const [i, p] of [weight, bias].entries()) resetParameter(device, p, parameters[i]!)
        device.gather(batch, cells)
        device.write(input, inputValues)
        device.write(gradient, outputGradient)
        device.write(inputGradient, already)
        step(device, batch, weight, bias, { input, output, gradient, inputGradient })
      }
      const outputs = await readAll(device, {
        output,
        inputGradient,
        ...parameterTensors([weight, bias], false),
      })
      device.release(batch, input, output, gradient, inputGradient, weight, bias)
      return outputs
    },
    expected() {
      const cells = setting.cells()
      const input = setting.used(inputValues)
      const weight = startValue(parameters[0])
      const gradient = linearGradient(input, cells, use, weight, setting.used(outputGradient))
      const untouched = setting.used(already)
      const byInput = matrix(shape.cells, inputs, gradient.input.values)
      if (mode === 'added') for (const [i, x] of untouched.values.entries()) byInput.values[i]! += x
      return {
        output: near(linear(input, cells, use, weight, startValue(parameters[1])), TOLERANCE),
        'weight.gradient': near(gradient.weight, TOLERANCE),
        'bias.gradient': near(gradient.bias, TOLERANCE),
        inputGradient: mode === 'left out' ? near(untouched, 0) : near(byInput, TOLERANCE),
      }
    },
  }
}

export function linearChecks(): Check[] {
  const inputs = [1, 3, 10, 33, 128]
  const modes: InputGradient[] = ['written', 'added', 'left out']
  return SHAPES.flatMap((shape, i) =>
    covariateUses(shape).flatMap((use, k) => [
      sparseCheck(shape, use, 1000 + 10 * i + k, (i + k) % 2 === 1),
      denseCheck(
        shape,
        use,
        inputs[(i + k) % inputs.length]!,
        2000 + 10 * i + k,
        modes[(i + k) % modes.length]!,
      ),
    ]),
  )
}

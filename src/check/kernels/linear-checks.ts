import type { LinearArgs, LinearGradientArgs, Tensor } from '../../device/device.js'
import { linear, linearGradient } from '../oracle/linear.js'
import { type Matrix, matrix } from '../oracle/matrix.js'
import { type Check, type Expected, near } from './check.js'
import { covariateUses, type LayerCase, LayerSetting, layerName } from './layer-setting.js'
import {
  fill,
  parameterTensors,
  readAll,
  resetParameter,
  SHAPES,
  type Shape,
  shapeName,
  startValue,
} from './setting.js'

/** Sums of a few hundred float32 products. */
const TOLERANCE = 1e-5

/** How the gradient by the input is asked for. */
type InputGradient = 'written' | 'added' | 'left out'

interface DenseCase extends LayerCase {
  inputs: number
  mode: InputGradient
  /** Rows that are not cells. */
  rows?: number
  frozen?: boolean
}

const denseName = ({ inputs, mode, rows, frozen, ...layer }: DenseCase): string =>
  [
    `linear, ${inputs} inputs`,
    ...(rows === undefined ? [] : [`${rows} rows`]),
    `input gradient ${mode}`,
    ...(frozen ? ['frozen'] : []),
    `${layerName(layer)}: ${shapeName(layer.shape)}`,
  ].join(', ')

function denseCheck(dense: DenseCase, seed: number): Check {
  const { shape, use, inputs, mode, rows, frozen } = dense
  const setting = new LayerSetting(dense, inputs, seed)
  const capacity = rows ?? shape.capacity
  const values = (columns: number) =>
    rows === undefined ? setting.rows(columns) : setting.draws.normals(rows * columns)
  const used = (x: Float32Array): Matrix =>
    rows === undefined ? setting.used(x) : matrix(rows, x.length / rows, x)
  const inputValues = values(inputs)
  const outputGradient = values(shape.hidden)
  const already = values(inputs)
  return {
    name: denseName(dense),
    async run(device) {
      const batch = await device.minibatch(setting.source, shape.capacity)
      const input = device.tensor(capacity, inputs)
      const output = device.tensor(capacity, shape.hidden)
      const gradient = device.tensor(capacity, shape.hidden)
      const inputGradient = device.tensor(capacity, inputs)
      const { weights, parameters, tensors } = setting.onDevice(device)
      const layer = { batch, ...weights, input, ...(rows !== undefined && { rows }) }
      const forward: LinearArgs = { ...layer, output }
      const back: LinearGradientArgs = {
        ...layer,
        outputGradient: gradient,
        ...(mode === 'left out' ? {} : { inputGradient }),
        ...(mode === 'added' ? { accumulate: true } : {}),
        ...(frozen && { frozen }),
      }
      for (const cells of [setting.before, setting.chosen]) {
        for (const [i, p] of parameters.entries()) resetParameter(device, p, setting.parameters[i]!)
        await fill(device, batch, cells)
        const written: [Tensor, Float32Array][] = [
          [input, inputValues],
          [gradient, outputGradient],
          [inputGradient, already],
        ]
        for (const [tensor, x] of written) device.write(tensor, x)
        device.kernels.linear(forward)
        device.kernels.linearGradient(back)
      }
      const read = { output, inputGradient, ...parameterTensors(parameters, false) }
      const outputs = await readAll(device, read)
      device.release(batch, input, output, gradient, inputGradient, ...parameters, ...tensors)
      return outputs
    },
    expected() {
      const cells = setting.cells()
      const input = used(inputValues)
      const [weight, bias] = setting.parameters.map(startValue)
      const gradient = linearGradient(input, cells, use, weight!, used(outputGradient))
      const untouched = used(already)
      const byInput = matrix(input.rows, inputs, gradient.input.values)
      if (mode === 'added') for (const [i, x] of untouched.values.entries()) byInput.values[i]! += x
      const expected: Record<string, Expected> = {
        output: near(linear(input, cells, use, weight!, bias), TOLERANCE),
        inputGradient: mode === 'left out' ? near(untouched, 0) : near(byInput, TOLERANCE),
      }
      for (const { name, value } of setting.parameters) {
        expected[`${name}.gradient`] = frozen
          ? { values: value.map(() => 77), tolerance: 0 }
          : near(gradient[name as 'weight' | 'bias'], TOLERANCE)
      }
      return expected
    },
  }
}

const SHAPE: Shape = { genes: 9, hidden: 21, cells: 19, capacity: 32, categories: [3, 2], continuous: 1 }

/** What only some layers have. */
function furtherCases(): DenseCase[] {
  const none = { categories: [], continuous: 0 }
  const own = { categories: [3, 2], continuous: 1 }
  // more of both than the source has
  const more = { categories: [3, 0, 4], continuous: 2 }
  const layer = { shape: SHAPE, use: none, bias: true, given: 'none', inputs: 10 } as const
  return [
    { ...layer, bias: false, mode: 'written' },
    { ...layer, bias: false, use: own, mode: 'added' },
    { ...layer, use: more, given: 'both', mode: 'written' },
    { ...layer, use: more, given: 'both', bias: false, mode: 'left out' },
    { ...layer, use: { categories: [0, 5], continuous: 1 }, given: 'codes', mode: 'added' },
    { ...layer, use: { categories: [3, 2], continuous: 3 }, given: 'values', mode: 'written' },
    { ...layer, use: { categories: [0, 2], continuous: 0 }, given: 'codes', mode: 'left out' },
    { ...layer, rows: 7, mode: 'written' },
    { ...layer, rows: 50, mode: 'added' },
    { ...layer, rows: 32, bias: false, mode: 'left out' },
    { ...layer, rows: 1, inputs: 3, mode: 'written' },
    { ...layer, frozen: true, use: own, mode: 'written' },
    { ...layer, frozen: true, use: more, given: 'both', bias: false, mode: 'added' },
    { ...layer, frozen: true, rows: 7, mode: 'written' },
  ]
}

export function linearChecks(): Check[] {
  const inputs = [1, 3, 10, 33, 128]
  const modes: InputGradient[] = ['written', 'added', 'left out']
  const usual = SHAPES.flatMap((shape, i) =>
    covariateUses(shape).map((use, k) =>
      denseCheck(
        {
          shape,
          use,
          bias: true,
          given: 'none',
          inputs: inputs[(i + k) % inputs.length]!,
          mode: modes[(i + k) % modes.length]!,
        },
        2000 + 10 * i + k,
      ),
    ),
  )
  return [...usual, ...furtherCases().map((dense, i) => denseCheck(dense, 2800 + i))]
}

import { type AdamNumbers, adam } from '../oracle/adam.js'
import { Draws } from '../oracle/draws.js'
import { matrix } from '../oracle/matrix.js'
import { ADAM, expectedAdam } from './adam-expected.js'
import type { Check, Expected } from './check.js'
import { near } from './check.js'
import {
  makeParameters,
  type ParameterValues,
  parameterTensors,
  readAll,
  resetParameter,
  Setting,
  SHAPES,
  type Shape,
  shapeName,
} from './setting.js'
import { OTHER_ADAM, STEP_ADAM } from './step-values.js'

const TOLERANCE = 1e-5

const PARAMETER_SHAPES: readonly (readonly [number, number])[] = [
  [1, 1],
  [1, 3],
  [5, 1],
  [17, 16],
  [33, 17],
  [130, 128],
  [257, 1],
]

/** The first update from zero moments too, with PyTorch's own epsilon and no decay. */
function adamCheck(first: boolean): Check {
  const setting = new Setting(SHAPES[1]!, 5000 + Number(first))
  const settings: AdamNumbers = first ? { ...ADAM, epsilon: 1e-8, weightDecay: 0, step: 1 } : ADAM
  const parameters = PARAMETER_SHAPES.map(([rows, columns], i): ParameterValues => {
    const p = setting.parameter(`p${i}`, rows, columns)
    return first
      ? {
          ...p,
          firstMoment: new Float32Array(rows * columns),
          secondMoment: new Float32Array(rows * columns),
        }
      : p
  })
  const gradients = parameters.map((p) => setting.draws.normals(p.value.length))
  // One parameter stays out of the update and must stay as it was.
  const last = parameters.length - 1
  return {
    name: `adam, ${first ? 'first step' : 'a later step'}`,
    async run(device) {
      const made = makeParameters(device, parameters)
      for (const [i, p] of made.entries()) {
        resetParameter(device, p, parameters[i]!)
        device.write(p.gradient, gradients[i]!)
      }
      device.kernels.adam(
        made.slice(0, last).map((parameter) => ({ parameter })),
        settings,
      )
      const outputs = await readAll(device, parameterTensors(made, true))
      device.release(...made)
      return outputs
    },
    expected() {
      const expected: Record<string, Expected> = {}
      for (const [i, p] of parameters.slice(0, last).entries()) {
        const gradient = matrix(p.rows, p.columns, gradients[i]!)
        Object.assign(expected, expectedAdam(p, gradient, TOLERANCE, 0, settings))
      }
      const { name, value } = parameters[last]!
      return { ...expected, [`${name}.value`]: { values: value, tolerance: 0 } }
    },
  }
}

/** Parameters in some of their rows: the rest is left as it was. */
function adamRowsCheck(): Check {
  const setting = new Setting(SHAPES[1]!, 5050)
  const cases: { shape: readonly [number, number]; rows?: readonly [number, number] }[] = [
    { shape: [17, 16], rows: [0, 5] },
    { shape: [17, 16], rows: [11, 17] },
    { shape: [33, 17], rows: [7, 20] },
    { shape: [9, 1], rows: [3, 4] },
    { shape: [9, 5], rows: [1, 8] },
    { shape: [130, 33], rows: [128, 130] },
    { shape: [5, 4], rows: [0, 5] },
    { shape: [21, 3] },
    { shape: [6, 3], rows: [2, 2] },
  ]
  const parameters = cases.map(({ shape }, i) => setting.parameter(`p${i}`, ...shape))
  const gradients = parameters.map((p) => setting.draws.normals(p.value.length))
  return {
    name: 'adam, some of the rows, by step numbers',
    async run(device) {
      const made = makeParameters(device, parameters)
      for (const [i, p] of made.entries()) {
        resetParameter(device, p, parameters[i]!)
        device.write(p.gradient, gradients[i]!)
      }
      const parts = made.map((parameter, i) => {
        const { rows } = cases[i]!
        return { parameter, ...(rows && { rows }) }
      })
      device.step({ ...OTHER_ADAM })
      device.step({ ...ADAM })
      device.kernels.adam(parts, STEP_ADAM)
      const outputs = await readAll(device, parameterTensors(made, true))
      device.release(...made)
      return outputs
    },
    expected() {
      const expected: Record<string, Expected> = {}
      for (const [i, p] of parameters.entries()) {
        const all = expectedAdam(p, matrix(p.rows, p.columns, gradients[i]!), TOLERANCE)
        const [first, end] = cases[i]!.rows ?? [0, p.rows]
        for (const part of ['value', 'firstMoment', 'secondMoment'] as const) {
          const { values, tolerance, scale } = all[`${p.name}.${part}`]!
          const within = (k: number) => k >= first * p.columns && k < end * p.columns
          const size = (k: number) => (typeof scale === 'number' ? scale : scale![k]!)
          expected[`${p.name}.${part}`] = {
            values: Float64Array.from(values, (x, k) => (within(k) ? x : p[part][k]!)),
            tolerance: 1,
            scale: Float64Array.from(values, (_, k) => (within(k) ? tolerance * size(k) : 0)),
          }
        }
      }
      return expected
    },
  }
}

/** A learning rate of 1e-3 over fifty steps, the moments carried on the device. */
function adamRunCheck(): Check {
  const draws = new Draws(5200)
  const [rows, columns] = [17, 33]
  const start = draws.normals(rows * columns)
  const gradients = Array.from({ length: 50 }, () => draws.normals(rows * columns))
  const settings = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 0.01, weightDecay: 1e-6 }
  return {
    name: 'adam, fifty steps',
    async run(device) {
      const [p] = device.parameters([{ name: 'p', rows, columns, values: start }])
      for (const [i, gradient] of gradients.entries()) {
        device.write(p!.gradient, gradient)
        device.kernels.adam([{ parameter: p! }], { ...settings, step: i + 1 })
      }
      const value = await device.read(p!.value)
      device.release(p!)
      return { value }
    },
    expected() {
      let state = {
        value: matrix(rows, columns, start),
        firstMoment: matrix(rows, columns),
        secondMoment: matrix(rows, columns),
      }
      for (const [i, gradient] of gradients.entries()) {
        state = adam(state, matrix(rows, columns, gradient), { ...settings, step: i + 1 })
      }
      return { value: near(state.value, 1e-6) }
    },
  }
}

function addSumCheck(shape: Shape, seed: number): Check {
  const setting = new Setting(shape, seed)
  const values = setting.rows(1)
  return {
    name: `addSum: ${shapeName(shape)}`,
    async run(device) {
      const batch = await device.minibatch(setting.source, shape.capacity)
      const tensor = device.tensor(shape.capacity, 1, values)
      const sums = device.tensor(1, 5)
      device.gather(batch, setting.before)
      device.gather(batch, setting.chosen)
      device.write(sums, Float32Array.of(1, 2, 3, 4, 5))
      device.kernels.addSum(batch, tensor, sums, 0)
      device.kernels.addSum(batch, tensor, sums, 3)
      device.kernels.addSum(batch, tensor, sums, 3)
      const outputs = await readAll(device, { sums })
      device.release(batch, tensor, sums)
      return outputs
    },
    expected() {
      const used = setting.used(values).values
      const sum = used.reduce((total, x) => total + x, 0)
      const size = used.reduce((total, x) => total + Math.abs(x), 5)
      return { sums: near(matrix(1, 5, [1 + sum, 2, 3, 4 + 2 * sum, 5]), TOLERANCE, size) }
    },
  }
}

export function updateChecks(): Check[] {
  return [
    adamCheck(true),
    adamCheck(false),
    adamRowsCheck(),
    adamRunCheck(),
    ...SHAPES.filter(({ fetched }) => !fetched).map((shape, i) => addSumCheck(shape, 5300 + i)),
  ]
}

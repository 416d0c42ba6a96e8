import type { AxesOf, MapReduceArgs } from '../../src/device/device.js'
import { type Binary, constant, type Expression, type Unary } from '../../src/device/expression.js'
import { minus, StepNumber, times } from '../../src/device/step-number.js'
import type { Check } from './check.js'
import { type MapCase, MapSetting } from './map-setting.js'
import type { Shape } from './setting.js'

type E = Expression<number>

// not the functions of src, which leave out what is 0 or 1
const x = (input: number): E => ({ kind: 'input', input })
const one = (op: Unary, a: E): E => ({ kind: 'unary', op, a })
const two = (op: Binary, a: E, b: E): E => ({ kind: 'binary', op, a, b })
const add = (a: E, b: E) => two('add', a, b)
const subtract = (a: E, b: E) => two('subtract', a, b)
const multiply = (a: E, b: E) => two('multiply', a, b)
const divide = (a: E, b: E) => two('divide', a, b)
const step = (value: StepNumber): E => ({ kind: 'step', value })
const size = (axis: number): E => ({ kind: 'size', axis })

const NONE = undefined

/** Where each function of one number is asked: where it is small, large, or close to where it turns. */
const PLACES: Readonly<Record<Unary, readonly number[]>> = {
  negative: [-1e30, -2.5, -1e-30, 0, 1e-30, 3, 1e30],
  exp: [-1e30, -100, -87, -20, -1, -1e-6, 0, 1e-6, 0.5, 1, 20, 88],
  log: [1e-37, 1e-10, 1e-3, 0.5, 0.999999, 1, 1.000001, 1.5, 3, 1e5, 1e30],
  sqrt: [0, 1e-30, 1e-6, 0.25, 1, 2, 1e10, 1e30],
  softplus: [-1e30, -100, -20, -12, -5, -1, -1e-6, 0, 1e-6, 1, 5, 20, 100, 1e30],
  sigmoid: [-1e30, -100, -20, -5, -1, -1e-6, 0, 1e-6, 1, 5, 20, 100, 1e30],
  cos: [-100, -31.5, -6.3, -3.14, -1.6, -1.5, -0.1, 0, 1e-6, 0.5, 1.57, 1.58, 3, 6.2, 30, 99.9],
}

function unaryCases(): MapCase[] {
  return (Object.keys(PLACES) as Unary[]).map((op) => {
    const values = PLACES[op]
    return {
      name: op,
      axes: [values.length],
      inputs: [{ axes: [0, NONE], values }],
      expression: one(op, x(0)),
      outputAxes: [0, NONE],
      // of the result itself, but for the smallest; the cosine's own size is 1
      floor: { log: 1, cos: 1, softplus: 1e-6 }[op as string] ?? 1e-30,
      tolerance: 2e-5,
    }
  })
}

function binaryCases(): MapCase[] {
  const left = [-3e10, -2.5, -1, -1e-6, 0, 1e-6, 1, 1.000001, 2.5, 3e10]
  const ops: Binary[] = ['add', 'subtract', 'multiply', 'divide', 'maximum', 'minimum', 'greater']
  return ops.map((op) => {
    const right = op === 'divide' ? left.filter((b) => b !== 0) : left
    return {
      name: `${op} of every pair`,
      axes: [left.length, right.length],
      inputs: [
        { axes: [0, NONE], values: left },
        { axes: [NONE, 1], values: right },
      ],
      expression: two(op, x(0), x(1)),
      outputAxes: [0, 1],
      floor: 1e-6,
      tolerance: op === 'greater' ? 0 : 1e-6,
    }
  })
}

/** Density of Normal(mean, exp(v)) at x: what mixtures are made of. */
function logNormal(at: E, mean: E, v: E): E {
  const distance = subtract(at, mean)
  const scaled = multiply(multiply(distance, distance), one('exp', one('negative', v)))
  return multiply(constant(-0.5), add(add(scaled, v), constant(Math.log(2 * Math.PI))))
}

const TALL: Shape = { genes: 2, hidden: 1, cells: 257, capacity: 300, categories: [1], continuous: 0 }
const ONE: Shape = { genes: 2, hidden: 1, cells: 1, capacity: 4, categories: [1], continuous: 0 }

const REDUCTIONS: readonly MapReduceArgs['reduce'][] = ['sum', 'max', 'logsumexp']

/** A product of a matrix and its neighbours, which is negative in places. */
const mixed = add(multiply(x(0), x(1)), x(2))

/** Over each set of axes of a matrix, in both orders. */
function matrixCases(): MapCase[] {
  const outputs: AxesOf[] = [
    [0, 1],
    [1, 0],
    [0, NONE],
    [NONE, 0],
    [1, NONE],
    [NONE, 1],
    [NONE, NONE],
  ]
  const inputs = [{ axes: [0, 1] }, { axes: [NONE, 1] }, { axes: [0, NONE] }] as const
  const made = (axes: MapReduceArgs['axes'], shape: Shape | undefined, reduce: MapReduceArgs['reduce']) =>
    outputs.map(
      (outputAxes): MapCase => ({
        name: `${reduce} of ${axes.join(' × ')}${shape ? `, ${shape.cells} cells` : ''} to ${place(outputAxes)}`,
        axes,
        inputs,
        expression: mixed,
        outputAxes,
        reduce,
        ...(shape && { shape }),
      }),
    )
  return REDUCTIONS.flatMap((reduce) => [
    ...made(['cells', 33], undefined, reduce),
    ...made(['cells', 130], TALL, reduce),
    ...made([70, 'cells'], ONE, reduce),
  ])
}

const place = (axes: AxesOf): string => axes.map((axis) => axis ?? 'one').join(' × ')

/** Pairs over a third axis. */
function cubeCases(): MapCase[] {
  const outputs: AxesOf[] = [
    [0, 1],
    [1, 0],
    [0, 2],
    [1, 2],
    [2, 1],
    [0, NONE],
    [NONE, 1],
    [NONE, 2],
    [2, NONE],
    [NONE, NONE],
  ]
  const inputs = [{ axes: [0, 2] }, { axes: [1, 2] }, { axes: [2, 1] }, { axes: [NONE, 2] }] as const
  return REDUCTIONS.flatMap((reduce) =>
    outputs.map(
      (outputAxes): MapCase => ({
        name: `${reduce} of pairs to ${place(outputAxes)}`,
        axes: ['cells', 9, 5],
        inputs,
        expression: add(logNormal(x(0), x(1), x(3)), x(2)),
        outputAxes,
        reduce,
      }),
    ),
  )
}

function furtherCases(): MapCase[] {
  const square = (a: E) => multiply(a, a)
  const [beta, rate] = [StepNumber.input('beta'), StepNumber.input('rate')]
  return [
    {
      name: 'squared distances of cells, one tensor on both sides',
      axes: ['cells', 'cells', 10],
      inputs: [{ axes: [0, 2] }, { axes: [1, 2], sameAs: 0 }],
      expression: square(subtract(x(0), x(1))),
      outputAxes: [0, 1],
    },
    {
      name: 'cells × cells to columns',
      axes: ['cells', 'cells', 3],
      inputs: [{ axes: [0, 2] }, { axes: [1, 2] }, { axes: [0, 1] }],
      expression: multiply(x(2), subtract(x(0), x(1))),
      outputAxes: [0, 2],
    },
    {
      name: 'densities of many components',
      axes: ['cells', 200, 12],
      inputs: [{ axes: [0, 2] }, { axes: [1, 2] }, { axes: [1, 2] }],
      expression: logNormal(x(0), x(1), x(2)),
      outputAxes: [0, 1],
    },
    {
      name: 'gradient of densities by the components',
      axes: ['cells', 40, 5],
      inputs: [{ axes: [0, 2] }, { axes: [1, 2] }, { axes: [1, 2] }, { axes: [0, 1] }],
      expression: multiply(x(3), multiply(subtract(x(0), x(1)), one('exp', one('negative', x(2))))),
      outputAxes: [1, 2],
      shape: TALL,
    },
    {
      name: 'one axis',
      axes: ['cells'],
      inputs: [{ axes: [0, NONE] }, { axes: [NONE, NONE] }],
      expression: multiply(x(0), one('exp', x(1))),
      outputAxes: [0, NONE],
    },
    {
      name: 'one number to every cell',
      axes: ['cells'],
      inputs: [{ axes: [NONE, NONE] }],
      expression: x(0),
      outputAxes: [0, NONE],
    },
    {
      name: 'one number of one number',
      axes: [1, 1],
      inputs: [{ axes: [NONE, NONE] }],
      expression: one('softplus', x(0)),
      outputAxes: [NONE, NONE],
    },
    {
      name: 'sum over an axis that no input has',
      axes: ['cells', 7],
      inputs: [{ axes: [0, NONE] }],
      expression: square(x(0)),
      outputAxes: [0, NONE],
    },
    {
      name: 'logsumexp over an axis that no input has',
      axes: ['cells', 7],
      inputs: [{ axes: [0, NONE] }],
      expression: x(0),
      outputAxes: [0, NONE],
      reduce: 'logsumexp',
    },
    {
      name: 'sum over cells of what has none',
      axes: ['cells', 7],
      inputs: [{ axes: [NONE, 1] }],
      expression: x(0),
      outputAxes: [NONE, 1],
    },
    {
      name: 'output along an axis that no input has',
      axes: ['cells', 7],
      inputs: [{ axes: [0, NONE] }],
      expression: x(0),
      outputAxes: [0, 1],
    },
    {
      name: 'a constant, without an input',
      axes: ['cells'],
      inputs: [],
      expression: divide(constant(-1), size(0)),
      outputAxes: [0, NONE],
    },
    {
      name: 'a step number, without an input',
      axes: [3, 4],
      inputs: [],
      expression: step(rate),
      outputAxes: [0, 1],
      step: { rate: 0.37 },
    },
    {
      name: 'a sum without an input',
      axes: ['cells', 6],
      inputs: [],
      expression: constant(0.5),
      outputAxes: [NONE, NONE],
    },
    {
      name: 'step numbers and sizes',
      axes: ['cells', 6],
      inputs: [{ axes: [0, 1] }],
      expression: add(
        multiply(step(times(beta, minus(1, rate)) as StepNumber), divide(x(0), size(0))),
        multiply(step(rate), divide(step(beta), size(1))),
      ),
      outputAxes: [0, 1],
      floor: 1e-3,
      step: { beta: 0.8, rate: 0.05 },
    },
    {
      name: 'mean over cells by a step number',
      axes: ['cells', 6],
      inputs: [{ axes: [0, 1] }],
      expression: divide(multiply(step(beta), x(0)), size(0)),
      outputAxes: [NONE, 1],
      floor: 1e-3,
      step: { beta: 3.5 },
    },
    {
      name: 'a row of a table',
      axes: ['cells', 8],
      inputs: [{ axes: [0, 1] }, { axes: [NONE, 1], row: 1 }, { axes: [NONE, 1], row: 0 }],
      expression: divide(subtract(x(0), x(1)), one('sqrt', add(one('exp', x(2)), constant(1e-3)))),
      outputAxes: [0, 1],
    },
    {
      name: 'two rows of one table, summed over the cells',
      axes: ['cells', 8],
      inputs: [{ axes: [0, 1] }, { axes: [NONE, 1], row: 2 }, { axes: [NONE, 1], row: 2, sameAs: 1 }],
      expression: multiply(x(0), add(x(1), x(2))),
      outputAxes: [NONE, 1],
    },
    {
      name: 'transposed inputs',
      axes: ['cells', 11],
      inputs: [{ axes: [1, 0] }, { axes: [0, 1] }, { axes: [1, NONE] }, { axes: [NONE, 0] }],
      expression: subtract(multiply(x(0), x(2)), multiply(x(1), x(3))),
      outputAxes: [0, 1],
    },
    ...(
      [
        ['pointwise', [0, 1]],
        ['a sum over cells', [NONE, 1]],
        ['a sum over all', [NONE, NONE]],
        ['transposed', [1, 0]],
      ] as const
    ).map(
      ([what, outputAxes]): MapCase => ({
        name: `added: ${what}`,
        axes: ['cells', 21],
        inputs: [{ axes: [0, 1] }, { axes: [NONE, 1] }],
        expression: multiply(x(0), x(1)),
        outputAxes,
        accumulate: true,
      }),
    ),
    {
      name: 'logsumexp of large and of very negative numbers',
      axes: [4, 3],
      inputs: [{ axes: [0, 1], values: [1e4, 1e4, 9999, -1e4, -1e4, -2e4, 0, -1e30, 1, 80, 90, 100] }],
      expression: x(0),
      outputAxes: [0, NONE],
      reduce: 'logsumexp',
    },
    {
      name: 'max of very negative numbers',
      axes: [2, 3],
      inputs: [{ axes: [0, 1], values: [-1e30, -2e30, -3e30, -7, -5, -6] }],
      expression: x(0),
      outputAxes: [0, NONE],
      reduce: 'max',
      floor: 1e-6,
    },
    {
      name: 'nothing lost in a long sum',
      axes: ['cells', 300],
      inputs: [{ axes: [0, 1] }],
      expression: one('sigmoid', x(0)),
      outputAxes: [NONE, NONE],
      shape: TALL,
    },
    {
      name: 'a shared part, used many times over',
      axes: ['cells', 5],
      inputs: [{ axes: [0, 1] }],
      // 2^20 paths through 20 operations
      expression: Array.from({ length: 20 }).reduce<E>(
        (sum) => multiply(add(sum, sum), constant(0.5)),
        one('cos', x(0)),
      ),
      outputAxes: [0, 1],
    },
  ]
}

export function mapChecks(): Check[] {
  const cases = [...unaryCases(), ...binaryCases(), ...matrixCases(), ...cubeCases(), ...furtherCases()]
  return cases.map((map, i) => new MapSetting(map, 9000 + i).check())
}

import { constant } from '../../device/expression.js'
import { minus, StepNumber, times } from '../../device/step-number.js'
import type { Check } from './check.js'
import { binaryCases, cubeCases, matrixCases, unaryCases } from './map-cases.js'
import { type MapCase, MapSetting } from './map-setting.js'
import {
  add,
  divide,
  type E,
  logNormal,
  multiply,
  NONE,
  one,
  size,
  step,
  subtract,
  TALL,
  x,
} from './map-terms.js'

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

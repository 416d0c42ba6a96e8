import type { AxesOf, MapReduceArgs } from '../../device/device.js'
import type { Binary, Unary } from '../../device/expression.js'
import type { MapCase } from './map-setting.js'
import { add, logNormal, multiply, NONE, ONE, one, TALL, two, x } from './map-terms.js'
import type { Shape } from './setting.js'

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

export function unaryCases(): MapCase[] {
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

export function binaryCases(): MapCase[] {
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

const REDUCTIONS: readonly MapReduceArgs['reduce'][] = ['sum', 'max', 'logsumexp']

/** A product of a matrix and its neighbours, which is negative in places. */
const mixed = add(multiply(x(0), x(1)), x(2))

/** Over each set of axes of a matrix, in both orders. */
export function matrixCases(): MapCase[] {
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
export function cubeCases(): MapCase[] {
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

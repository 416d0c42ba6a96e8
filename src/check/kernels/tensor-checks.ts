import { Draws } from '../oracle/draws.js'
import type { Check, Outputs } from './check.js'

const SHAPES: readonly (readonly [number, number])[] = [
  [1, 1],
  [1, 5],
  [17, 1],
  [3, 16],
  [13, 33],
  [2, 257],
]

/** What goes in comes out, whatever the padding; new tensors are zero, in used memory too. */
function roundTrip(): Check {
  const draws = new Draws(900)
  const written = SHAPES.map(([rows, columns]) => draws.normals(rows * columns))
  return {
    name: 'tensors hold what is written',
    async run(device) {
      const outputs: Outputs = {}
      for (const [i, [rows, columns]] of SHAPES.entries()) {
        const made = device.tensor(rows, columns, written[i]!)
        outputs[`made ${i}`] = await device.read(made)
        device.release(made)
      }
      const tensors = SHAPES.map(([rows, columns]) => device.tensor(rows, columns))
      for (const [i, tensor] of tensors.entries()) outputs[`new ${i}`] = await device.read(tensor)
      for (const [i, tensor] of tensors.entries()) device.write(tensor, written[i]!)
      for (const [i, tensor] of tensors.entries()) outputs[`written ${i}`] = await device.read(tensor)
      device.release(...tensors)
      return outputs
    },
    expected() {
      return Object.fromEntries(
        written.flatMap((values, i) => [
          [`made ${i}`, { values, tolerance: 0 }],
          [`new ${i}`, { values: new Float32Array(values.length), tolerance: 0 }],
          [`written ${i}`, { values, tolerance: 0 }],
        ]),
      )
    },
  }
}

/** Parameters start with their values, and with gradients and moments of zero. */
function parameters(): Check {
  const draws = new Draws(901)
  const specs = SHAPES.map(([rows, columns], i) => ({
    name: `p${i}`,
    rows,
    columns,
    values: draws.normals(rows * columns),
  }))
  return {
    name: 'parameters start with their values',
    async run(device) {
      const made = device.parameters(specs)
      const outputs: Outputs = {}
      for (const p of made) {
        outputs[`${p.name}.value`] = await device.read(p.value)
        for (const part of ['gradient', 'firstMoment', 'secondMoment'] as const) {
          outputs[`${p.name}.${part}`] = await device.read(p[part])
        }
      }
      device.release(...made)
      return outputs
    },
    expected() {
      return Object.fromEntries(
        specs.flatMap(({ name, values }) => [
          [`${name}.value`, { values, tolerance: 0 }],
          ...['gradient', 'firstMoment', 'secondMoment'].map((part) => [
            `${name}.${part}`,
            { values: new Float32Array(values.length), tolerance: 0 },
          ]),
        ]),
      )
    },
  }
}

export function tensorChecks(): Check[] {
  return [roundTrip(), parameters()]
}

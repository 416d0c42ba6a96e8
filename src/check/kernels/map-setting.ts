import type { AxesOf, MapReduceArgs } from '../../device/device.js'
import type { Expression } from '../../device/expression.js'
import type { StepInputs } from '../../device/step-number.js'
import { type MapArguments, mapReduce } from '../oracle/map-reduce.js'
import { filled, type Matrix, matrix } from '../oracle/matrix.js'
import type { Check, Outputs } from './check.js'
import { fill, Setting, type Shape } from './setting.js'

/** One input of a function. */
export interface InputCase {
  axes: AxesOf
  /** That is read where the rows run along no axis; there are two rows more. */
  row?: number
  /** Normal values when left out. */
  values?: readonly number[]
  /** The same tensor as this input before it. */
  sameAs?: number
}

export interface MapCase {
  name: string
  axes: MapReduceArgs['axes']
  inputs: readonly InputCase[]
  expression: Expression<number>
  outputAxes: AxesOf
  reduce?: MapReduceArgs['reduce']
  accumulate?: boolean
  step?: StepInputs
  /** Of the sizes of what is summed, or of the value itself, at least of `floor`. */
  tolerance?: number
  floor?: number
  shape?: Shape
}

const SHAPE: Shape = { genes: 2, hidden: 1, cells: 19, capacity: 32, categories: [1], continuous: 0 }

/** Of float32 sums and elementary functions. */
const TOLERANCE = 1e-5

/** The first rows and columns. */
function cropped(values: Float32Array, columns: number, [n, m]: readonly [number, number]): Float32Array {
  return Float32Array.from(filled(n, m, (i, j) => values[i * columns + j]!).values)
}

/** A function of seeded tensors on devices and by the oracle. What lies past the minibatch's cells is large. */
export class MapSetting extends Setting {
  readonly #inputs: readonly Float32Array[]
  readonly #before: Float32Array

  constructor(
    readonly map: MapCase,
    seed: number,
  ) {
    super(map.shape ?? SHAPE, seed)
    const inputs: Float32Array[] = []
    for (const input of map.inputs) {
      if (input.sameAs !== undefined) inputs.push(inputs[input.sameAs]!)
      else inputs.push(input.values ? Float32Array.from(input.values) : this.#seeded(input))
    }
    this.#inputs = inputs
    this.#before = this.draws.normals(this.#size(map.outputAxes))
  }

  /** Rows and columns of a tensor, of the capacity or of the cells of the minibatch. */
  #extents(axes: AxesOf, row = 0, cells = this.shape.capacity): [number, number] {
    const extent = (axis: number | undefined) => {
      const size = axis === undefined ? 1 : this.map.axes[axis]!
      return size === 'cells' ? cells : size
    }
    return [axes[0] === undefined ? row + 1 : extent(axes[0]), extent(axes[1])]
  }

  #size(axes: AxesOf): number {
    const [rows, columns] = this.#extents(axes)
    return rows * columns
  }

  #shapeOf({ axes, row }: InputCase): [number, number] {
    return this.#extents(axes, row === undefined ? 0 : row + 2)
  }

  #seeded(input: InputCase): Float32Array {
    const [rows, columns] = this.#shapeOf(input)
    const past = (axis: number | undefined, i: number) =>
      axis !== undefined && this.map.axes[axis] === 'cells' && i >= this.shape.cells
    return Float32Array.from({ length: rows * columns }, (_, i) => {
      const x = this.draws.normal()
      const leftover = past(input.axes[0], Math.floor(i / columns)) || past(input.axes[1], i % columns)
      return leftover ? 1000 * x : x
    })
  }

  check(): Check {
    const { map, shape, source } = this
    const { reduce = 'sum', accumulate = false, step } = map
    const [rows, columns] = this.#extents(map.outputAxes)
    return {
      name: `mapReduce, ${map.name}`,
      run: async (device): Promise<Outputs> => {
        const batch = await device.minibatch(source, shape.capacity)
        const tensors = map.inputs.map((input, i) => {
          const [n, m] = this.#shapeOf(input)
          return device.tensor(n, m, this.#inputs[i])
        })
        const output = device.tensor(rows, columns)
        const args: MapReduceArgs = {
          batch,
          axes: map.axes,
          inputs: map.inputs.map(({ axes, row, sameAs }, i) => ({
            tensor: tensors[sameAs ?? i]!,
            axes,
            ...(row !== undefined && { row }),
          })),
          expression: map.expression,
          output,
          outputAxes: map.outputAxes,
          reduce,
          ...(accumulate && { accumulate }),
        }
        const otherStep = step && Object.fromEntries(Object.keys(step).map((name) => [name, 13]))
        for (const [cells, inputs] of [
          [this.before, otherStep],
          [this.chosen, step],
        ] as const) {
          if (inputs) device.step(inputs)
          await fill(device, batch, cells)
          device.write(output, this.#before)
          device.kernels.mapReduce(args)
        }
        const all = await device.read(output)
        device.release(batch, ...tensors, output)
        return { output: cropped(all, columns, this.#extents(map.outputAxes, 0, shape.cells)) }
      },
      expected: () => {
        const { output, magnitude } = mapReduce(this.#oracle())
        const { floor = 1, tolerance = TOLERANCE } = map
        const before = cropped(this.#before, columns, [output.rows, output.columns])
        const values = accumulate ? output.values.map((x, i) => x + before[i]!) : output.values
        const scale = magnitude.values.map((size) => Math.max(size, floor))
        return { output: { values, tolerance, scale } }
      },
    }
  }

  #oracle(): MapArguments {
    const { axes, inputs, expression, outputAxes, reduce = 'sum', step } = this.map
    const values = (input: InputCase, i: number): Matrix => {
      const [rows, columns] = this.#shapeOf(input)
      return matrix(rows, columns, this.#inputs[i]!)
    }
    return {
      sizes: axes.map((size) => (size === 'cells' ? this.shape.cells : size)),
      inputs: inputs.map((input, i) => ({
        values: values(input, i),
        axes: input.axes,
        ...(input.row !== undefined && { row: input.row }),
      })),
      expression,
      outputAxes,
      reduce,
      ...(step && { step }),
    }
  }
}

import type { MapReduceArgs } from '../../device.js'
import { expressionKey, stepsOf } from '../../expression.js'
import { gpu, view } from '../gpu-tensor.js'
import { type KernelContext, strided } from '../queue/kernel-context.js'
import type { Groups } from '../queue/launch.js'
import type { ScalarValue } from '../steps/step-scalars.js'
import {
  inputOf,
  MAP_THREADS,
  type MapShape,
  mapReduce,
  rowOf,
  sizeOf,
  stepOf,
  strideOf,
} from '../wgsl/map-reduce.js'

/** Points of an element from which a workgroup works it out together, if there are not many elements. */
const MANY_POINTS = 64
/** Elements that keep a card busy with a thread each. */
const MANY_OUTPUTS = 8192

/** What of a function stays, whatever the minibatch. */
interface Plan {
  shape: Omit<MapShape, 'together'>
  key: string
}

/** Functions over small index spaces. */
export class MapKernels {
  readonly #context: KernelContext
  /** Made once for arguments that are used in every step. */
  readonly #plans = new WeakMap<MapReduceArgs, Plan>()

  constructor(context: KernelContext) {
    this.#context = context
  }

  mapReduce(args: MapReduceArgs): void {
    let plan = this.#plans.get(args)
    if (!plan) {
      plan = planOf(args)
      this.#plans.set(args, plan)
    }
    const { batch, axes, inputs, output, outputAxes, expression } = args
    const sizes = axes.map((axis) => (axis === 'cells' ? batch.nCells : axis))
    const extent = (axis: number | undefined) => (axis === undefined ? 1 : sizes[axis]!)
    const columns = extent(outputAxes[1])
    const outputs = extent(outputAxes[0]) * columns
    const points = sizes.reduce((product, size) => product * size, 1) / outputs
    const together = points >= MANY_POINTS && outputs < MANY_OUTPUTS
    const scalars: Record<string, ScalarValue> = { outputs, columns, stride: gpu(output).columns }
    for (const [axis, size] of sizes.entries()) scalars[sizeOf(axis)] = size
    const buffers = { output: view(output) } as Record<string, ReturnType<typeof view>>
    for (const [i, { tensor, axes: along, row = 0 }] of inputs.entries()) {
      buffers[inputOf(i)] = view(tensor)
      if (along[0] === undefined) scalars[rowOf(i)] = row * tensor.columns
      else scalars[strideOf(i)] = tensor.columns
    }
    for (const [i, step] of stepsOf(expression).entries()) scalars[stepOf(i)] = step
    const groups: Groups = together ? [outputs, 1, 1] : strided(outputs, MAP_THREADS)
    const kernel = mapReduce(`${plan.key} ${together}`, { ...plan.shape, together })
    this.#context.recorder.dispatch(kernel, { buffers, scalars, groups })
  }
}

function planOf({ axes, inputs, expression, outputAxes, reduce, accumulate = false }: MapReduceArgs): Plan {
  const along = inputs.map((input) => input.axes)
  const place = ([rows, columns]: MapReduceArgs['outputAxes']) => `${rows ?? '-'},${columns ?? '-'}`
  const key = [
    axes.length,
    along.map(place).join('/'),
    place(outputAxes),
    reduce,
    accumulate,
    expressionKey(expression),
  ].join(' ')
  return { shape: { axes: axes.length, inputs: along, expression, outputAxes, reduce, accumulate }, key }
}

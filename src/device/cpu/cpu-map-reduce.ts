import type { AxesOf, MapReduceArgs } from '../device.js'
import { type Expression, instructionsOf } from '../expression.js'
import type { StepInputs, StepNumber } from '../step-number.js'
import type { Arena } from './arena.js'
import type { Caller } from './caller.js'
import type { CpuMinibatch } from './cpu-minibatch.js'
import { type CpuTensor, cpu } from './cpu-tensor.js'

/** Numbers of the operations in kernels/map-reduce.c. */
const OPERATIONS = {
  constant: 0,
  input: 1,
  negative: 2,
  exp: 3,
  log: 4,
  sqrt: 5,
  softplus: 6,
  sigmoid: 7,
  cos: 8,
  add: 9,
  subtract: 10,
  multiply: 11,
  divide: 12,
  maximum: 13,
  minimum: 14,
  greater: 15,
} as const

const REDUCTIONS = { sum: 0, max: 1, logsumexp: 2 } as const

/** Points that the kernel computes side by side (`LANES`). */
const LANES = 64
const INSTRUCTION_WORDS = 4

/** A function as the kernel reads it, and the words that each call has anew. */
interface Plan {
  instructions: Int32Array
  inputs: Int32Array
  /** Words of the instructions that are numbers of the step, or lengths of axes. */
  changing: readonly { word: number; value: StepNumber | number }[]
  axes: readonly (number | 'cells')[]
  /** Which axes the output has. */
  kept: readonly boolean[]
}

/** Functions over small index spaces on CPU threads. */
export class CpuMapReduce {
  readonly #arena: Arena
  readonly #call: Caller
  readonly #threads: number
  /** Made once for arguments that are used in every step. */
  readonly #plans = new WeakMap<MapReduceArgs, Plan>()

  constructor(arena: Arena, call: Caller, threads: number) {
    this.#arena = arena
    this.#call = call
    this.#threads = threads
  }

  run(args: MapReduceArgs, step: StepInputs): void {
    let plan = this.#plans.get(args)
    if (!plan) {
      plan = planOf(args)
      this.#plans.set(args, plan)
    }
    const { instructions, inputs, changing, axes, kept } = plan
    const batch = args.batch as CpuMinibatch
    const nInstructions = instructions.length / INSTRUCTION_WORDS
    const nInputs = args.inputs.length
    const sizes = axes.map((axis) => (axis === 'cells' ? batch.nCells : axis))
    const scratchStride = nInstructions * LANES + nInputs * LANES + LANES
    const scratch = batch.space('map scratch', this.#threads * scratchStride)
    const place = batch.space('map inputs', inputs.length)
    const program = batch.space('map instructions', instructions.length)
    const { ints, floats } = this.#arena
    ints.set(inputs, place)
    ints.set(instructions, program)
    for (const { word, value } of changing) {
      floats[program + word] = typeof value === 'number' ? sizes[value]! : value.at(step)
    }
    const size = (axis: number, ofKept: boolean) => (kept[axis] === ofKept ? (sizes[axis] ?? 1) : 1)
    this.#call('mapReduce', {
      kept0: size(0, true),
      kept1: size(1, true),
      kept2: size(2, true),
      over0: size(0, false),
      over1: size(1, false),
      over2: size(2, false),
      nInputs,
      inputs: place,
      nInstructions,
      instructions: program,
      reduce: REDUCTIONS[args.reduce],
      accumulate: args.accumulate ?? false,
      output: args.output,
      scratch,
      scratchStride,
    })
  }
}

/** Where a tensor's element lies: the word at which it starts, and words from one position of each axis to the next. */
function placeOf(start: number, tensor: CpuTensor, [rows, columns]: AxesOf): number[] {
  const strides = [0, 0, 0]
  if (rows !== undefined) strides[rows]! += tensor.stride
  if (columns !== undefined) strides[columns]! += 1
  return [start, ...strides]
}

const bits = new Float32Array(1)
const word = new Int32Array(bits.buffer)

function wordOf(x: number): number {
  bits[0] = x
  return word[0]!
}

function planOf({ axes, inputs, expression, output, outputAxes }: MapReduceArgs): Plan {
  const words: number[] = []
  const changing: { word: number; value: StepNumber | number }[] = []
  for (const { of, a, b } of instructionsOf(expression)) {
    if (of.kind === 'step') changing.push({ word: words.length + INSTRUCTION_WORDS - 1, value: of.value })
    if (of.kind === 'size') changing.push({ word: words.length + INSTRUCTION_WORDS - 1, value: of.axis })
    words.push(...instruction(of, a, b))
  }
  const places = inputs.flatMap(({ tensor, axes: along, row = 0 }) => {
    const own = cpu(tensor)
    return placeOf(own.offset + row * own.stride, own, along)
  })
  return {
    instructions: Int32Array.from(words),
    inputs: Int32Array.from([...places, ...placeOf(0, cpu(output), outputAxes)]),
    changing,
    axes,
    kept: axes.map((_, axis) => outputAxes.includes(axis)),
  }
}

function instruction(of: Expression<number>, a: number, b: number): [number, number, number, number] {
  switch (of.kind) {
    case 'constant':
      return [OPERATIONS.constant, 0, 0, wordOf(of.value)]
    case 'step':
    case 'size':
      return [OPERATIONS.constant, 0, 0, 0]
    case 'input':
      return [OPERATIONS.input, of.input, 0, 0]
    default:
      return [OPERATIONS[of.op], a, b, 0]
  }
}

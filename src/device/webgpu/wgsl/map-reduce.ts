import type { MapReduceArgs } from '../../device.js'
import { type Instruction, instructionsOf, stepsOf } from '../../expression.js'
import { type KernelSource, kernelSource, type Scalar } from '../queue/kernel-source.js'
import { type Scope, sharedCode } from '../queue/scope.js'
import { COS_TURN, MATH } from './math.js'
import { workgroupMaximum, workgroupSum } from './workgroup.js'

/** Threads of a workgroup. */
export const MAP_THREADS = 256

/** What a function of tensors is compiled for; how large its axes are is told with each dispatch. */
export interface MapShape extends Pick<MapReduceArgs, 'expression' | 'outputAxes' | 'reduce'> {
  readonly axes: number
  readonly inputs: readonly MapReduceArgs['inputs'][number]['axes'][]
  readonly accumulate: boolean
  /** Whether a workgroup works out an element of the output, or each thread one. */
  readonly together: boolean
}

export const sizeOf = (axis: number): string => `size${axis}`
export const stepOf = (i: number): string => `step${i}`
export const inputOf = (i: number): string => `input${i}`
/** Words from one row of an input to the next, and from its start to the row that is read where rows run along no axis. */
export const strideOf = (i: number): string => `stride${i}`
export const rowOf = (i: number): string => `row${i}`

/** What the elementary functions of other kernels have no need of: results outside their domains, as the CPU has them. */
const MAP_MATH = sharedCode(
  'map_math',
  /* wgsl */ `
// no constant in the eyes of a compiler, which may refuse an infinity
fn from_bits(bits: u32) -> f32 { return bitcast<f32>(bits); }

fn log_any(x: f32) -> f32 {
  if (x > 0.0) { return log_(max(x, 1.17549435e-38)); }
  return from_bits(select(0x7fc00000u, 0xff800000u, x == 0.0));
}

// the turns are taken off in two parts, so that what is left keeps its low bits
fn cos_(x: f32) -> f32 {
  let n = round(x * 0.15915494309);
  let rest = (x - n * 6.28125) - n * 1.9353071796e-3;
  let u = rest * 0.15915494309;
  return cos_turn(min(select(u, u + 1.0, u < 0.0), 0.99999994));
}
`,
  MATH,
  COS_TURN,
)

const bits = new Float32Array(1)
const word = new Uint32Array(bits.buffer)

/** A float32 as WGSL has it; what it has no literals for by its bits. */
export function literal(x: number): string {
  bits[0] = x
  return Number.isFinite(bits[0]) ? `f32(${bits[0]!.toExponential()})` : `from_bits(${word[0]}u)`
}

const UNARY = {
  negative: (a: string) => `-${a}`,
  exp: (a: string) => `exp_(${a})`,
  log: (a: string) => `log_any(${a})`,
  sqrt: (a: string) => `sqrt(${a})`,
  softplus: (a: string) => `softplus(${a})`,
  sigmoid: (a: string) => `sigmoid(${a})`,
  cos: (a: string) => `cos_(${a})`,
} as const

const BINARY = {
  add: (a: string, b: string) => `${a} + ${b}`,
  subtract: (a: string, b: string) => `${a} - ${b}`,
  multiply: (a: string, b: string) => `${a} * ${b}`,
  divide: (a: string, b: string) => `${a} / ${b}`,
  maximum: (a: string, b: string) => `select(${b}, ${a}, ${a} > ${b})`,
  minimum: (a: string, b: string) => `select(${b}, ${a}, ${a} < ${b})`,
  greater: (a: string, b: string) => `select(0.0, 1.0, ${a} > ${b})`,
} as const

type MapScope = Scope<string, string>

const position = (axis: number): string => `at.${'xyz'[axis]}`

/** The word of an input at a point `at`. */
function placeOf({ p }: MapScope, i: number, [rows, columns]: MapShape['inputs'][number]): string {
  const column = columns === undefined ? '' : ` + ${position(columns)}`
  return (rows === undefined ? p[rowOf(i)]! : `${position(rows)} * ${p[strideOf(i)]}`) + column
}

/** Declares a function that gives the value at a point (vec3u). */
function pointOf(scope: MapScope, { expression, inputs }: MapShape): string {
  const { p, buffers, fn } = scope
  const steps = stepsOf(expression).map(({ text }) => text)
  const termOf = ({ of, a, b }: Instruction): string => {
    switch (of.kind) {
      case 'constant':
        return literal(of.value)
      case 'step':
        return p[stepOf(steps.indexOf(of.value.text))]!
      case 'size':
        return `f32(${p[sizeOf(of.axis)]})`
      case 'input':
        return buffers[inputOf(of.input)]!`${placeOf(scope, of.input, inputs[of.input]!)}`
      case 'unary':
        return UNARY[of.op](`v${a}`)
      case 'binary':
        return BINARY[of.op](`v${a}`, `v${b}`)
    }
  }
  const instructions = instructionsOf(expression)
  const lines = instructions.map((instruction, k) => `  let v${k} = ${termOf(instruction)};`)
  return fn('point', '(at: vec3u) -> f32', `${lines.join('\n')}\n  return v${instructions.length - 1};`)
}

/** The axes that the output does not have. */
const overOf = ({ axes, outputAxes }: MapShape): number[] =>
  Array.from({ length: axes }, (_, axis) => axis).filter((axis) => !outputAxes.includes(axis))

/** WGSL that gathers what `gather` does with `x`, the value at each point of an output, in turn by one thread. */
function inTurn({ p }: MapScope, shape: MapShape, point: string, gather: string): string {
  const over = overOf(shape)
  const loops = over.map((axis) => {
    const at = position(axis)
    return `for (${at} = 0u; ${at} < ${p[sizeOf(axis)]}; ${at}++) {`
  })
  return `${loops.join(' ')} {
    let x = ${point}(at);
    ${gather}
  ${'}'.repeat(over.length + 1)}`
}

/** The same by all threads of a workgroup, each for every so many points. */
function byAll({ p }: MapScope, shape: MapShape, point: string, gather: string): string {
  const over = overOf(shape)
  const sizes = over.map((axis) => p[sizeOf(axis)]!)
  const places = over.map((axis, k) => {
    const inner = sizes.slice(k + 1)
    const along = inner.length > 0 ? `i / (${inner.join(' * ')})` : 'i'
    return `${position(axis)} = ${k > 0 ? `${along} % ${sizes[k]}` : along};`
  })
  return /* wgsl */ `for (var i = t; i < ${sizes.join(' * ') || '1u'}; i += ${MAP_THREADS}u) {
    ${places.join(' ')}
    let x = ${point}(at);
    ${gather}
  }`
}

/** WGSL after which `result` is the value of the output's element, whose axes `at` has. */
function reduced(scope: MapScope, shape: MapShape): string {
  const { use } = scope
  const { reduce, together } = shape
  const point = pointOf(scope, shape)
  const gather = (what: string) => (together ? byAll : inTurn)(scope, shape, point, what)
  const sum = (x: string) => (together ? `${use(workgroupSum(MAP_THREADS))}(t, ${x})` : x)
  const maximum = (x: string) => (together ? `${use(workgroupMaximum(MAP_THREADS))}(t, ${x})` : x)
  if (reduce === 'sum') {
    return /* wgsl */ `
  var sum = 0.0;
  ${gather('sum += x;')}
  let result = ${sum('sum')};`
  }
  const most = /* wgsl */ `
  var largest = from_bits(0xff800000u);
  ${gather('largest = select(largest, x, x > largest);')}
  let most = ${maximum('largest')};`
  if (reduce === 'max') return `${most}\n  let result = most;`
  return /* wgsl */ `${most}
  var sum = 0.0;
  ${gather('sum += exp_(x - most);')}
  let total = ${sum('sum')};
  // of nothing but zeros, or of an infinity, the logarithm is the largest
  let result = select(most, most + log_any(total), most > from_bits(0xff800000u));`
}

/** Scalars of a function: sizes of its axes, where its inputs' elements lie, and numbers of the step. */
function scalarsOf({ axes, inputs, expression }: MapShape): Record<string, Scalar> {
  const scalars: Record<string, Scalar> = { outputs: 'u32', columns: 'u32', stride: 'u32' }
  for (let axis = 0; axis < axes; axis++) scalars[sizeOf(axis)] = 'u32'
  for (const [i, [rows]] of inputs.entries()) scalars[rows === undefined ? rowOf(i) : strideOf(i)] = 'u32'
  for (const i of stepsOf(expression).keys()) scalars[stepOf(i)] = 'f32'
  return scalars
}

const made = new Map<string, KernelSource>()

/**
 * A function at every point of a space of up to three axes, gathered over those that its output does not have. Elements of the
 * output are numbered row by row.
 *
 * @param key the same for shapes that are compiled to the same
 */
export function mapReduce(key: string, shape: MapShape): KernelSource {
  let source = made.get(key)
  if (!source) {
    source = makeKernel(shape)
    made.set(key, source)
  }
  return source
}

function makeKernel(shape: MapShape): KernelSource {
  const { inputs, outputAxes, accumulate, together } = shape
  const buffers: Record<string, 'read f32' | 'read_write f32'> = { output: 'read_write f32' }
  for (const i of inputs.keys()) buffers[inputOf(i)] = 'read f32'
  const [rows, columns] = outputAxes
  return kernelSource<string, string>({
    name: `function, ${shape.reduce}${together ? ' by workgroups' : ''}`,
    threads: MAP_THREADS,
    light: true,
    scalars: scalarsOf(shape),
    buffers,
    code: (scope) => {
      const { p, use } = scope
      const output = scope.buffers.output!
      use(MAP_MATH)
      const place = /* wgsl */ `
  var at = vec3u();
  ${rows === undefined ? '' : `${position(rows)} = o / ${p.columns};`}
  ${columns === undefined ? '' : `${position(columns)} = o % ${p.columns};`}`
      const element = output`o / ${p.columns!} * ${p.stride!} + o % ${p.columns!}`
      const put = `${element} = result${accumulate ? ` + ${element}` : ''};`
      if (together) {
        return /* wgsl */ `
  let o = group.x;
  ${place}
  ${reduced(scope, shape)}
  if (t == 0u) { ${put} }`
      }
      return /* wgsl */ `
  for (var o = group.x * ${MAP_THREADS}u + t; o < ${p.outputs}; o += groups.x * ${MAP_THREADS}u) {
  ${place}
  ${reduced(scope, shape)}
  ${put}
  }`
    },
  })
}

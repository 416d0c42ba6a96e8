import type { Tensor1D, TensorContainer } from '@tensorflow/tfjs-core'
import { makeAttributes } from './native-attributes.js'
import { NativeVariable } from './native-variable.js'
import type { NodeBackend } from './node-backend.js'
import type { AdamStep, Handle, Operand, Ops, Slots, SparseMatrix, Store, TensorFlow } from './ops.js'

/**
 * Share of nonzeros below which TensorFlow's sparse product is the faster one: it takes 1.2 ns a nonzero and column where its
 * dense product takes 0.02 ns an element and column (2-core x86-64, TensorFlow 2.21).
 */
const SPARSE_BELOW = 0.02

/**
 * TensorFlow's own operations through tfjs-node. They are called by name, which takes a quarter of the time that TensorFlow.js
 * takes for one of its operations, and brings those that TensorFlow.js does not have.
 */
export class NativeOps implements Ops {
  readonly #tf: TensorFlow
  readonly #backend: NodeBackend
  readonly #attributes: ReturnType<typeof makeAttributes>
  readonly #scalars = new Map<number, Handle>()
  readonly #changing = new Map<string, { value: number; handle: Handle }>()
  /** Int32 tensors by their values, joined. */
  readonly #integers = new Map<string, Handle>()
  /** Columns of ones by length. */
  readonly #ones = new Map<number, Handle>()
  /** Numbers of int64 tensors that hold a shape, by the shape. */
  readonly #shapes = new Map<string, number>()
  readonly #sparseBelow: number

  constructor(tf: TensorFlow, backend: NodeBackend, sparseBelow = SPARSE_BELOW) {
    this.#tf = tf
    this.#backend = backend
    this.#attributes = makeAttributes(backend.binding)
    this.#sparseBelow = sparseBelow
  }

  #run(name: string, ...inputs: Handle[]): Handle {
    return this.#backend.executeSingleOutput(name, this.#attributes.float, inputs)
  }

  #binary(name: string, a: Handle, b: Operand): Handle {
    return this.#run(name, a, typeof b === 'number' ? this.scalar(b) : b)
  }

  scalar(value: number): Handle {
    let scalar = this.#scalars.get(value)
    if (!scalar) {
      scalar = this.upload(Float32Array.of(value), [])
      this.#scalars.set(value, scalar)
    }
    return scalar
  }

  #integer(...values: number[]): Handle {
    const key = values.join(' ')
    let handle = this.#integers.get(key)
    if (!handle) {
      handle = this.upload(Int32Array.from(values), values.length === 1 ? [] : [values.length])
      this.#integers.set(key, handle)
    }
    return handle
  }

  add = (a: Handle, b: Operand): Handle => this.#binary('AddV2', a, b)
  sub = (a: Handle, b: Operand): Handle => this.#binary('Sub', a, b)
  mul = (a: Handle, b: Operand): Handle => this.#binary('Mul', a, b)
  div = (a: Handle, b: Operand): Handle => this.#binary('RealDiv', a, b)
  maximum = (a: Handle, b: Operand): Handle => this.#binary('Maximum', a, b)
  minimum = (a: Handle, b: Operand): Handle => this.#binary('Minimum', a, b)
  neg = (a: Handle): Handle => this.#run('Neg', a)
  reciprocal = (a: Handle): Handle => this.#run('Reciprocal', a)
  square = (a: Handle): Handle => this.#run('Square', a)
  sqrt = (a: Handle): Handle => this.#run('Sqrt', a)
  rsqrt = (a: Handle): Handle => this.#run('Rsqrt', a)
  cos = (a: Handle): Handle => this.#run('Cos', a)
  exp = (a: Handle): Handle => this.#run('Exp', a)
  log = (a: Handle): Handle => this.#run('Log', a)
  log1p = (a: Handle): Handle => this.#run('Log1p', a)
  sigmoid = (a: Handle): Handle => this.#run('Sigmoid', a)
  softplus = (a: Handle): Handle => this.#run('Softplus', a)
  sign = (a: Handle): Handle => this.#run('Sign', a)
  relu = (a: Handle): Handle => this.#run('Relu', a)
  softmax = (a: Handle): Handle => this.#run('Softmax', a)
  reluGradient = (gradient: Handle, output: Handle): Handle => this.#run('ReluGrad', gradient, output)

  matMul(a: Handle, b: Handle, transposeA = false, transposeB = false): Handle {
    const { products } = this.#attributes
    const attributes = products[transposeA ? (transposeB ? 'tt' : 'tn') : transposeB ? 'nt' : 'nn']
    return this.#backend.executeSingleOutput('MatMul', attributes, [a, b])
  }

  sparseMatMul(a: SparseMatrix, b: Handle, transposeA: boolean): Handle {
    const dense = a.nonzeros === 0 || a.nonzeros >= this.#sparseBelow * a.rows * a.columns
    if (dense) return this.matMul(a.dense(), b, transposeA)
    const { binding } = this.#backend
    const [indices, values, right] = this.#backend.getInputTensorIds([a.indices(), a.values(), b])
    const [output] = binding.executeOp(
      'SparseTensorDenseMatMul',
      transposeA ? this.#attributes.sparseTransposed : this.#attributes.sparse,
      [indices!, values!, this.#shape(a.rows, a.columns), right!],
      1,
    )
    return this.#backend.createOutputTensor(output)
  }

  /** TensorFlow.js has no int64: the addon takes one as two words, the lower first. */
  #shape(rows: number, columns: number): number {
    const key = `${rows} ${columns}`
    let id = this.#shapes.get(key)
    if (id === undefined) {
      const { binding } = this.#backend
      id = binding.createTensor([2], binding.TF_INT64, Int32Array.of(rows, 0, columns, 0))
      this.#shapes.set(key, id)
    }
    return id
  }

  sumOfRows(a: Handle): Handle {
    return this.matMul(a, this.#column(a.shape[1]!))
  }

  sumOfColumns(a: Handle): Handle {
    return this.matMul(this.#column(a.shape[0]!), a, true)
  }

  /** Ones: TensorFlow's product with them is three times as fast as its sum. */
  #column(length: number): Handle {
    let ones = this.#ones.get(length)
    if (!ones) {
      ones = this.upload(new Float32Array(length).fill(1), [length, 1])
      this.#ones.set(length, ones)
    }
    return ones
  }

  #reduce(name: string, a: Handle, axes: readonly number[]): Handle {
    const over = this.#integer(...axes)
    return this.#backend.executeSingleOutput(name, this.#attributes.reduce, [a, over])
  }

  sumOver = (a: Handle, axes: readonly number[]): Handle => this.#reduce('Sum', a, axes)
  largestOver = (a: Handle, axes: readonly number[]): Handle => this.#reduce('Max', a, axes)

  slice(a: Handle, from: readonly [number, number], size: readonly [number, number]): Handle {
    const inputs = [a, this.#integer(...from), this.#integer(...size)]
    return this.#backend.executeSingleOutput('Slice', this.#attributes.slice, inputs)
  }

  sliceRows(a: Handle, first: number, count: number): Handle {
    return this.slice(a, [first, 0], [count, a.shape[1]!])
  }

  sliceColumn(a: Handle, column: number): Handle {
    return this.slice(a, [0, column], [a.shape[0]!, 1])
  }

  concatRows(parts: readonly Handle[]): Handle {
    const attributes = this.#attributes.concat(parts.length)
    return this.#backend.executeSingleOutput('ConcatV2', attributes, [...parts, this.#integer(0)])
  }

  reshape(a: Handle, shape: readonly number[]): Handle {
    return this.#tf.reshape(a, [...shape])
  }

  transpose(a: Handle): Handle {
    return this.#backend.executeSingleOutput('Transpose', this.#attributes.transpose, [
      a,
      this.#integer(1, 0),
    ])
  }

  stretch(a: Handle, shape: readonly number[]): Handle {
    return this.#tf.broadcastTo(a, [...shape])
  }

  integers(a: Handle): Handle {
    return this.#tf.cast(this.#tf.reshape(a, [a.size]), 'int32')
  }

  oneHot(codes: Handle, columns: number): Handle {
    return this.#tf.cast(this.#tf.oneHot(codes as Tensor1D, columns), 'float32')
  }

  gatherRows(a: Handle, indices: Handle): Handle {
    return this.#backend.executeSingleOutput('GatherV2', this.#attributes.gather, [
      a,
      indices,
      this.#integer(0),
    ])
  }

  gatherElements(a: Handle, positions: Handle): Handle {
    return this.#backend.executeSingleOutput('GatherNd', this.#attributes.gatherNd, [a, positions])
  }

  segmentSum(values: Handle, segments: Handle, rows: number, columns: number): Handle {
    const inputs = [values, segments, this.#integer(rows * columns)]
    const sums = this.#backend.executeSingleOutput('UnsortedSegmentSum', this.#attributes.segments, inputs)
    return this.#tf.reshape(sums, [rows, columns])
  }

  tidy<T extends TensorContainer>(run: () => T): T {
    return this.#tf.tidy(run)
  }

  changing(name: string, value: number): Handle {
    const last = this.#changing.get(name)
    if (last?.value === value) return last.handle
    last?.handle.dispose()
    const handle = this.upload(Float32Array.of(value), [])
    this.#changing.set(name, { value, handle })
    return handle
  }

  keep(a: Handle): Handle {
    return this.#tf.keep(a)
  }

  upload(values: Float32Array | Int32Array, shape: readonly number[]): Handle {
    const dtype = values instanceof Int32Array ? 'int32' : 'float32'
    return this.#tf.keep(this.#tf.engine().makeTensor(values, [...shape], dtype))
  }

  variable(values: Float32Array, rows: number, columns: number): Store {
    const variable = new NativeVariable(this.#tf, this.#backend, rows, columns)
    const start = this.upload(values, [rows, columns])
    variable.set(start)
    return variable
  }

  /** TensorFlow's Adam adds its epsilon before the second moment's correction: √v·root + ε = root·(√v + ε / root). */
  adam({ value, firstMoment, secondMoment }: Slots, gradient: Handle, step: AdamStep): void {
    const { weightDecay } = step
    const whole =
      weightDecay === 0
        ? gradient
        : this.tidy(() => {
            const decay = this.changing('adam weightDecay', weightDecay)
            return this.add(gradient, this.mul(value.get(), decay))
          })
    const variables = [value, firstMoment, secondMoment] as NativeVariable[]
    for (const variable of variables) variable.letGo()
    this.#backend.executeMultipleOutputs(
      'ResourceApplyAdam',
      this.#attributes.adam,
      [
        ...variables.map(({ resource }) => resource),
        // powers of 0 switch its own corrections off
        this.scalar(0),
        this.scalar(0),
        this.changing('fused rate', step.rate / step.root),
        this.changing('adam beta1', step.beta1),
        this.changing('adam beta2', step.beta2),
        this.changing('fused epsilon', step.epsilon / step.root),
        whole,
      ],
      0,
    )
  }

  dispose(): void {
    for (const kept of [this.#scalars, this.#integers, this.#ones]) {
      for (const handle of kept.values()) handle.dispose()
      kept.clear()
    }
    for (const { handle } of this.#changing.values()) handle.dispose()
    this.#changing.clear()
    for (const id of this.#shapes.values()) this.#backend.binding.deleteTensor(id)
    this.#shapes.clear()
  }
}

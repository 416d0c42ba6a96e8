import type { Tensor1D, TensorContainer } from '@tensorflow/tfjs-core'
import { adamUpdate } from './adam.js'
import type { AdamStep, Handle, Operand, Ops, Slots, SparseMatrix, Store, TensorFlow } from './ops.js'
import { KeptTensor } from './tf-tensor.js'

/** The operations through TensorFlow.js itself, on whatever backend it runs. */
export class CoreOps implements Ops {
  readonly #tf: TensorFlow

  constructor(tf: TensorFlow) {
    this.#tf = tf
  }

  add = (a: Handle, b: Operand): Handle => this.#tf.add(a, b)
  sub = (a: Handle, b: Operand): Handle => this.#tf.sub(a, b)
  mul = (a: Handle, b: Operand): Handle => this.#tf.mul(a, b)
  div = (a: Handle, b: Operand): Handle => this.#tf.div(a, b)
  maximum = (a: Handle, b: Operand): Handle => this.#tf.maximum(a, b)
  minimum = (a: Handle, b: Operand): Handle => this.#tf.minimum(a, b)
  neg = (a: Handle): Handle => this.#tf.neg(a)
  reciprocal = (a: Handle): Handle => this.#tf.reciprocal(a)
  square = (a: Handle): Handle => this.#tf.square(a)
  sqrt = (a: Handle): Handle => this.#tf.sqrt(a)
  rsqrt = (a: Handle): Handle => this.#tf.rsqrt(a)
  cos = (a: Handle): Handle => this.#tf.cos(a)
  exp = (a: Handle): Handle => this.#tf.exp(a)
  log = (a: Handle): Handle => this.#tf.log(a)
  log1p = (a: Handle): Handle => this.#tf.log1p(a)
  sigmoid = (a: Handle): Handle => this.#tf.sigmoid(a)
  softplus = (a: Handle): Handle => this.#tf.softplus(a)
  sign = (a: Handle): Handle => this.#tf.sign(a)
  relu = (a: Handle): Handle => this.#tf.relu(a)
  softmax = (a: Handle): Handle => this.#tf.softmax(a)

  reluGradient(gradient: Handle, output: Handle): Handle {
    return this.#tf.mul(gradient, this.#tf.step(output))
  }

  matMul(a: Handle, b: Handle, transposeA = false, transposeB = false): Handle {
    return this.#tf.matMul(a, b, transposeA, transposeB)
  }

  sparseMatMul(a: SparseMatrix, b: Handle, transposeA: boolean): Handle {
    return this.#tf.matMul(a.dense(), b, transposeA)
  }

  sumOfRows(a: Handle): Handle {
    return this.#tf.sum(a, 1, true)
  }

  sumOfColumns(a: Handle): Handle {
    return this.#tf.sum(a, 0, true)
  }

  sumOver(a: Handle, axes: readonly number[]): Handle {
    return this.#tf.sum(a, [...axes], true)
  }

  largestOver(a: Handle, axes: readonly number[]): Handle {
    return this.#tf.max(a, [...axes], true)
  }

  slice(a: Handle, from: readonly [number, number], size: readonly [number, number]): Handle {
    return this.#tf.slice(a, [...from], [...size])
  }

  sliceRows(a: Handle, first: number, count: number): Handle {
    return this.slice(a, [first, 0], [count, a.shape[1]!])
  }

  sliceColumn(a: Handle, column: number): Handle {
    return this.slice(a, [0, column], [a.shape[0]!, 1])
  }

  concatRows(parts: readonly Handle[]): Handle {
    return this.#tf.concat([...parts], 0)
  }

  reshape(a: Handle, shape: readonly number[]): Handle {
    return this.#tf.reshape(a, [...shape])
  }

  transpose(a: Handle): Handle {
    return this.#tf.transpose(a)
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
    return this.#tf.gather(a, indices)
  }

  gatherElements(a: Handle, positions: Handle): Handle {
    return this.#tf.gatherND(a, positions)
  }

  segmentSum(values: Handle, segments: Handle, rows: number, columns: number): Handle {
    const places = this.#tf.reshape(segments, [segments.size, 1])
    return this.#tf.reshape(this.#tf.scatterND(places, values, [rows * columns]), [rows, columns])
  }

  tidy<T extends TensorContainer>(run: () => T): T {
    return this.#tf.tidy(run)
  }

  scalar(value: number): Handle {
    return this.#tf.scalar(value)
  }

  changing(_name: string, value: number): Handle {
    return this.#tf.scalar(value)
  }

  keep(a: Handle): Handle {
    return this.#tf.keep(a)
  }

  upload(values: Float32Array | Int32Array, shape: readonly number[]): Handle {
    const dtype = values instanceof Int32Array ? 'int32' : 'float32'
    return this.#tf.keep(this.#tf.tensor(values, [...shape], dtype))
  }

  variable(values: Float32Array, rows: number, columns: number): Store {
    return new KeptTensor(this, this.upload(values, [rows, columns]))
  }

  adam({ value, firstMoment, secondMoment }: Slots, gradient: Handle, step: AdamStep): void {
    const before = { w: value.get(), m: firstMoment.get(), v: secondMoment.get() }
    const { w, m, v } = adamUpdate(this, before, gradient, step)
    value.set(w)
    firstMoment.set(m)
    secondMoment.set(v)
  }

  dispose(): void {}
}

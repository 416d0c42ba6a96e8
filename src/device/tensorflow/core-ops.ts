import type { TensorContainer } from '@tensorflow/tfjs-core'
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

  sliceRows(a: Handle, first: number, count: number): Handle {
    return this.#tf.slice(a, [first, 0], [count, a.shape[1]!])
  }

  sliceColumn(a: Handle, column: number): Handle {
    return this.#tf.slice(a, [0, column], [a.shape[0]!, 1])
  }

  concatRows(parts: readonly Handle[]): Handle {
    return this.#tf.concat([...parts], 0)
  }

  flatten(a: Handle): Handle {
    return this.#tf.reshape(a, [a.size])
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
    const { rate, root, beta1, beta2, epsilon, weightDecay } = step
    const w = value.get()
    const g = weightDecay === 0 ? gradient : this.add(gradient, this.mul(w, weightDecay))
    const m = this.add(this.mul(firstMoment.get(), beta1), this.mul(g, 1 - beta1))
    const v = this.add(this.mul(secondMoment.get(), beta2), this.mul(this.square(g), 1 - beta2))
    const divisor = this.add(this.mul(this.sqrt(v), root), epsilon)
    value.set(this.sub(w, this.div(this.mul(m, rate), divisor)))
    firstMoment.set(m)
    secondMoment.set(v)
  }

  dispose(): void {}
}

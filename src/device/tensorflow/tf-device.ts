import type { CellSource, Device, Minibatch, Parameter, ParameterSpec, Tensor } from '../device.js'
import type { Ops, TensorFlow } from './ops.js'
import { TfKernels } from './tf-kernels.js'
import { ownBatch, TfMinibatch } from './tf-minibatch.js'
import { KeptTensor, own, ownParameter, TfTensor } from './tf-tensor.js'

/** A device over TensorFlow.js: the kernels are sequences of its operations, whatever backend runs them. */
export class TensorFlowDevice implements Device {
  readonly kind = 'tensorflow'
  readonly label: string
  readonly build: string
  readonly kernels: TfKernels
  readonly #tf: TensorFlow
  readonly #ops: Ops

  constructor(tf: TensorFlow, ops: Ops, about: { label: string; build: string }) {
    this.label = about.label
    this.build = about.build
    this.#tf = tf
    this.#ops = ops
    this.kernels = new TfKernels(tf, ops)
  }

  tensor(rows: number, columns: number, values: Float32Array = new Float32Array(rows * columns)): Tensor {
    checkLength(rows, columns, values)
    // TensorFlow reads the array itself, later
    return new TfTensor(
      rows,
      columns,
      new KeptTensor(this.#ops, this.#ops.upload(values.slice(), [rows, columns])),
    )
  }

  parameters(specs: readonly ParameterSpec[]): Parameter[] {
    return specs.map(({ name, rows, columns, values }) => ({
      name,
      value: this.#variable(rows, columns, values),
      gradient: this.tensor(rows, columns),
      firstMoment: this.#variable(rows, columns),
      secondMoment: this.#variable(rows, columns),
    }))
  }

  #variable(
    rows: number,
    columns: number,
    values: Float32Array = new Float32Array(rows * columns),
  ): TfTensor {
    checkLength(rows, columns, values)
    return new TfTensor(rows, columns, this.#ops.variable(values.slice(), rows, columns))
  }

  write(tensor: Tensor, values: Float32Array): void {
    checkLength(tensor.rows, tensor.columns, values)
    own(tensor).set(this.#ops.upload(values.slice(), [tensor.rows, tensor.columns]))
  }

  async read(tensor: Tensor): Promise<Float32Array> {
    const values = new Float32Array(tensor.rows * tensor.columns)
    this.#tf.tidy(() => {
      values.set(own(tensor).get().dataSync() as Float32Array)
    })
    return values
  }

  async minibatch(source: CellSource, capacity: number): Promise<Minibatch> {
    return new TfMinibatch(this.#ops, source, capacity)
  }

  gather(batch: Minibatch, cells: Int32Array): void {
    ownBatch(batch).fill(cells)
  }

  release(...items: readonly (Tensor | Parameter | Minibatch)[]): void {
    for (const item of items) {
      if (item instanceof TfMinibatch) item.release()
      else if (item instanceof TfTensor) item.store.dispose()
      else if ('value' in item) {
        const { value, gradient, firstMoment, secondMoment } = ownParameter(item)
        this.release(value, gradient, firstMoment, secondMoment)
      }
    }
  }

  async dispose(): Promise<void> {
    this.kernels.dispose()
    this.#ops.dispose()
  }
}

function checkLength(rows: number, columns: number, values: Float32Array): void {
  if (values.length === rows * columns) return
  throw new RangeError(`A ${rows} x ${columns} tensor takes ${rows * columns} values, not ${values.length}.`)
}

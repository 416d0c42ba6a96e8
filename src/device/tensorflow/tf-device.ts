import type { CellSource, Device, Minibatch, Parameter, ParameterSpec, Tensor } from '../device.js'
import type { StepInputs } from '../step-number.js'
import type { Ops, TensorFlow } from './ops.js'
import { TfKernels } from './tf-kernels.js'
import { ownBatch, TfMinibatch } from './tf-minibatch.js'
import { KeptTensor, own, ownParameter, TfParameter, TfTensor } from './tf-tensor.js'

/** A device over TensorFlow.js: the kernels are sequences of its operations, whatever backend runs them. */
export class TensorFlowDevice implements Device {
  readonly kind = 'tensorflow'
  readonly label: string
  readonly build: string
  readonly kernels: TfKernels
  readonly #ops: Ops

  constructor(tf: TensorFlow, ops: Ops, about: { label: string; build: string }) {
    this.label = about.label
    this.build = about.build
    this.#ops = ops
    this.kernels = new TfKernels(tf, ops)
  }

  tensor(rows: number, columns: number, values: Float32Array = new Float32Array(rows * columns)): TfTensor {
    checkLength(rows, columns, values)
    // TensorFlow reads the array itself, later
    return new TfTensor(
      rows,
      columns,
      new KeptTensor(this.#ops, this.#ops.upload(values.slice(), [rows, columns])),
    )
  }

  parameters(specs: readonly ParameterSpec[]): Parameter[] {
    return specs.map(({ name, rows, columns, values }) =>
      TfParameter.of(name, {
        value: this.#variable(rows, columns, values),
        gradient: this.tensor(rows, columns),
        firstMoment: this.#variable(rows, columns),
        secondMoment: this.#variable(rows, columns),
      }),
    )
  }

  shadows(parameters: readonly Parameter[]): Parameter[] {
    return parameters.map((parameter) => {
      const { rows, columns } = parameter.gradient
      return ownParameter(parameter).shadow(this.tensor(rows, columns))
    })
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
    return own(tensor).values()
  }

  async minibatch(source: CellSource, capacity: number): Promise<Minibatch> {
    return new TfMinibatch(this.#ops, source, capacity)
  }

  load(batch: Minibatch, cells: Int32Array): void | Promise<void> {
    return ownBatch(batch).load(cells)
  }

  gather(batch: Minibatch, cells: Int32Array): void {
    ownBatch(batch).fill(cells)
  }

  step(inputs: StepInputs): void {
    this.kernels.step(inputs)
  }

  release(...items: readonly (Tensor | Parameter | Minibatch)[]): void {
    for (const item of items) {
      if (item instanceof TfMinibatch) item.release()
      else if (item instanceof TfTensor) {
        this.kernels.forget(item)
        item.store.dispose()
      } else if (item instanceof TfParameter) this.release(...item.owned)
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

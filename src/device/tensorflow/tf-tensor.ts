import type { Parameter, Tensor } from '../device.js'
import type { Handle, Ops, Slots, Store } from './ops.js'

/** A store that holds a handle of its own. */
export class KeptTensor implements Store {
  readonly #ops: Ops
  #handle: Handle

  constructor(ops: Ops, handle: Handle) {
    this.#ops = ops
    this.#handle = ops.keep(handle)
  }

  get(): Handle {
    return this.#handle
  }

  set(handle: Handle): void {
    if (handle === this.#handle) return
    this.#handle.dispose()
    this.#handle = this.#ops.keep(handle)
  }

  dispose(): void {
    this.#handle.dispose()
  }
}

/** A matrix of this device. What a kernel wrote may have fewer rows, or columns: those of the minibatch. */
export class TfTensor implements Tensor {
  readonly rows: number
  readonly columns: number
  readonly store: Store

  constructor(rows: number, columns: number, store: Store) {
    this.rows = rows
    this.columns = columns
    this.store = store
  }

  get(): Handle {
    return this.store.get()
  }

  set(handle: Handle): void {
    this.store.set(handle)
  }

  /** The first rows. */
  first(ops: Ops, rows: number): Handle {
    const handle = this.get()
    const there = handle.shape[0]!
    if (there === rows) return handle
    if (there < rows) throw new RangeError(`A tensor of ${there} rows was read for ${rows}.`)
    return ops.sliceRows(handle, 0, rows)
  }

  /** The values row by row, with zeros where a kernel wrote fewer. */
  values(): Float32Array {
    const handle = this.get()
    const written = handle.dataSync() as Float32Array
    const columns = handle.shape[1]!
    const all = new Float32Array(this.rows * this.columns)
    if (columns === this.columns) all.set(written)
    else {
      for (let row = 0; row < handle.shape[0]!; row++)
        all.set(written.subarray(row * columns, (row + 1) * columns), row * this.columns)
    }
    return all
  }
}

/** A trained tensor, or a gradient beside another's. */
export class TfParameter implements Parameter {
  readonly name: string
  readonly value: TfTensor
  readonly gradient: TfTensor
  readonly firstMoment: TfTensor
  readonly secondMoment: TfTensor
  /** What goes when the parameter does. */
  readonly owned: readonly TfTensor[]

  private constructor(
    name: string,
    { value, gradient, firstMoment, secondMoment }: Omit<Parameter, 'name'>,
    owned: readonly Tensor[],
  ) {
    this.name = name
    this.value = own(value)
    this.gradient = own(gradient)
    this.firstMoment = own(firstMoment)
    this.secondMoment = own(secondMoment)
    this.owned = owned.map(own)
  }

  static of(name: string, tensors: Omit<Parameter, 'name'>): TfParameter {
    return new TfParameter(name, tensors, Object.values(tensors))
  }

  /** The same values with a gradient of their own. */
  shadow(gradient: TfTensor): TfParameter {
    const { name, value, firstMoment, secondMoment } = this
    return new TfParameter(name, { value, gradient, firstMoment, secondMoment }, [gradient])
  }

  get slots(): Slots {
    const { value, firstMoment, secondMoment } = this
    return { value: value.store, firstMoment: firstMoment.store, secondMoment: secondMoment.store }
  }
}

/** The tensors of this device behind the interface's types. */
export function own(tensor: Tensor): TfTensor {
  if (tensor instanceof TfTensor) return tensor
  throw new TypeError('The tensor belongs to another device.')
}

export function ownParameter(parameter: Parameter): TfParameter {
  if (parameter instanceof TfParameter) return parameter
  throw new TypeError('The parameter belongs to another device.')
}

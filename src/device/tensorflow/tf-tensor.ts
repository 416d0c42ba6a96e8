import type { Parameter, Tensor } from '../device.js'
import type { Handle, Ops, Store } from './ops.js'

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

/** A matrix of this device. What a kernel wrote may have fewer rows: those of the minibatch. */
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

  /** The rows of a minibatch's cells. */
  first(ops: Ops, cells: number): Handle {
    const handle = this.get()
    const rows = handle.shape[0]!
    if (rows === cells) return handle
    if (rows < cells) throw new RangeError(`A tensor of ${rows} rows was read for ${cells} cells.`)
    return ops.sliceRows(handle, 0, cells)
  }
}

export interface TfParameter extends Parameter {
  readonly value: TfTensor
  readonly gradient: TfTensor
  readonly firstMoment: TfTensor
  readonly secondMoment: TfTensor
}

/** The tensors of this device behind the interface's types. */
export function own(tensor: Tensor): TfTensor {
  if (tensor instanceof TfTensor) return tensor
  throw new TypeError('The tensor belongs to another device.')
}

export function ownParameter(parameter: Parameter): TfParameter {
  own(parameter.value)
  return parameter as TfParameter
}

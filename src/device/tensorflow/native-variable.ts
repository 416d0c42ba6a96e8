import type { Attribute, NodeBackend } from './node-backend.js'
import type { Handle, Store, TensorFlow } from './ops.js'

let made = 0

/** A resource variable of TensorFlow: what its fused updates write to. */
export class NativeVariable implements Store {
  /** The tensor that stands for the variable. */
  readonly resource: Handle
  readonly #backend: NodeBackend
  readonly #type: readonly Attribute[]
  readonly #tf: TensorFlow
  /** The value, once it was read, until it changes. */
  #value: Handle | undefined

  constructor(tf: TensorFlow, backend: NodeBackend, rows: number, columns: number) {
    const { TF_ATTR_STRING, TF_ATTR_TYPE, TF_ATTR_SHAPE, TF_FLOAT } = backend.binding
    this.#tf = tf
    this.#backend = backend
    this.#type = [{ name: 'dtype', type: TF_ATTR_TYPE, value: TF_FLOAT }]
    const attributes = [
      { name: 'container', type: TF_ATTR_STRING, value: '' },
      { name: 'shared_name', type: TF_ATTR_STRING, value: `scvae/${++made}` },
      ...this.#type,
      { name: 'shape', type: TF_ATTR_SHAPE, value: [rows, columns] },
    ]
    this.resource = tf.keep(backend.executeSingleOutput('VarHandleOp', attributes, []))
  }

  get(): Handle {
    this.#value ??= this.#tf.keep(
      this.#backend.executeSingleOutput('ReadVariableOp', this.#type, [this.resource]),
    )
    return this.#value
  }

  /** To be called before an operation writes to the variable: TensorFlow would copy it for whoever still holds its value. */
  letGo(): void {
    this.#value?.dispose()
    this.#value = undefined
  }

  set(handle: Handle): void {
    this.letGo()
    this.#backend.executeMultipleOutputs('AssignVariableOp', this.#type, [this.resource, handle], 0)
    handle.dispose()
  }

  dispose(): void {
    this.letGo()
    this.#backend.executeMultipleOutputs('DestroyResourceOp', [], [this.resource], 0)
    this.resource.dispose()
  }
}

import type { Handle } from './ops.js'

/** An attribute of a TensorFlow operation, as the addon takes it. */
export interface Attribute {
  name: string
  type: number
  value: number | boolean | string | readonly number[]
}

/** The native addon of tfjs-node: enumerations of TensorFlow's C interface, and calls by tensor numbers. */
export interface Binding {
  readonly TF_Version: string
  readonly TF_FLOAT: number
  readonly TF_INT32: number
  readonly TF_INT64: number
  readonly TF_ATTR_TYPE: number
  readonly TF_ATTR_BOOL: number
  readonly TF_ATTR_INT: number
  readonly TF_ATTR_STRING: number
  readonly TF_ATTR_SHAPE: number
  createTensor(shape: readonly number[], type: number, values: Float32Array | Int32Array): number
  deleteTensor(id: number): void
  executeOp(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly number[],
    outputs: number,
  ): unknown[]
}

/** The backend of tfjs-node and tfjs-node-gpu, as far as it is used here beyond TensorFlow.js's own interface. */
export interface NodeBackend {
  readonly binding: Binding
  readonly isGPUPackage: boolean
  readonly isUsingGpuDevice: boolean
  executeSingleOutput(name: string, attributes: readonly Attribute[], inputs: readonly Handle[]): Handle
  executeMultipleOutputs(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly Handle[],
    outputs: number,
  ): Handle[]
  getInputTensorIds(inputs: readonly Handle[]): number[]
  createOutputTensor(metadata: unknown): Handle
}

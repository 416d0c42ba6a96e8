import type * as tfjs from '@tensorflow/tfjs-core'

/** TensorFlow.js as a module: tfjs-core, or a package that exports all of it. */
export type TensorFlow = typeof tfjs

/** A tensor of TensorFlow.js; immutable, to be disposed of by whoever does not leave that to a `tidy`. */
export type Handle = tfjs.Tensor

/** A number is a scalar that is kept: one of few. Those that change over a run come from {@link Ops.changing}. */
export type Operand = Handle | number

/** A sparse matrix on the host, and its forms on the device once they were asked for. */
export interface SparseMatrix {
  readonly rows: number
  readonly columns: number
  readonly nonzeros: number
  /** Nonzeros × 2, int32, rows ascending: row and column of each value. */
  indices(): Handle
  values(): Handle
  /** Rows × columns. */
  dense(): Handle
}

/** A parameter as the update sees it. */
export interface Slots {
  readonly value: Store
  readonly firstMoment: Store
  readonly secondMoment: Store
}

/** Where a tensor that changes lies. */
export interface Store {
  /** The tensor now: for use within the `tidy` under way. */
  get(): Handle
  /** Takes the place of what was there. The store owns the handle from then on. */
  set(handle: Handle): void
  dispose(): void
}

/** Adam with its bias corrections taken, in PyTorch's form: w ← w − rate·m / (√v·root + epsilon). */
export interface AdamStep {
  rate: number
  root: number
  beta1: number
  beta2: number
  epsilon: number
  weightDecay: number
}

/**
 * The operations that the kernels are written in. All handles are float32 and of two dimensions but where said; two
 * operands of unlike shape are broadcast.
 */
export interface Ops {
  add(a: Handle, b: Operand): Handle
  sub(a: Handle, b: Operand): Handle
  mul(a: Handle, b: Operand): Handle
  div(a: Handle, b: Operand): Handle
  maximum(a: Handle, b: Operand): Handle
  minimum(a: Handle, b: Operand): Handle
  neg(a: Handle): Handle
  reciprocal(a: Handle): Handle
  square(a: Handle): Handle
  sqrt(a: Handle): Handle
  rsqrt(a: Handle): Handle
  cos(a: Handle): Handle
  exp(a: Handle): Handle
  log(a: Handle): Handle
  log1p(a: Handle): Handle
  sigmoid(a: Handle): Handle
  softplus(a: Handle): Handle
  /** −1, 0 or 1. */
  sign(a: Handle): Handle
  relu(a: Handle): Handle
  /** The gradient where the output of a ReLU is above zero, 0 elsewhere. */
  reluGradient(gradient: Handle, output: Handle): Handle
  /** Over the columns of each row. */
  softmax(a: Handle): Handle
  matMul(a: Handle, b: Handle, transposeA?: boolean, transposeB?: boolean): Handle
  /** a·b, or aᵀ·b. */
  sparseMatMul(a: SparseMatrix, b: Handle, transposeA: boolean): Handle
  /** Rows × 1. */
  sumOfRows(a: Handle): Handle
  /** 1 × columns. */
  sumOfColumns(a: Handle): Handle
  /** Sums over some axes of a tensor of any dimension; each keeps its place with length 1. */
  sumOver(a: Handle, axes: readonly number[]): Handle
  /** The largest over some axes, in the same form. */
  largestOver(a: Handle, axes: readonly number[]): Handle
  /** Some rows and columns that lie together. */
  slice(a: Handle, from: readonly [number, number], size: readonly [number, number]): Handle
  sliceRows(a: Handle, first: number, count: number): Handle
  /** One column, as rows × 1. */
  sliceColumn(a: Handle, column: number): Handle
  concatRows(parts: readonly Handle[]): Handle
  /** The same elements in another shape, as a handle of its own. */
  reshape(a: Handle, shape: readonly number[]): Handle
  /** Rows as columns. */
  transpose(a: Handle): Handle
  /** Lengths of 1 stretched to those of a shape of as many dimensions. */
  stretch(a: Handle, shape: readonly number[]): Handle
  /** Whole numbers as int32, all in one dimension. */
  integers(a: Handle): Handle
  /** Float32, as many rows as there are int32 codes of one dimension: 1 in the column of the code. */
  oneHot(codes: Handle, columns: number): Handle
  /** The rows of `a` (elements, where it has one dimension) at the int32 indices of one dimension. */
  gatherRows(a: Handle, indices: Handle): Handle
  /** The elements of `a` at nonzeros × 2 int32 positions, in one dimension. */
  gatherElements(a: Handle, positions: Handle): Handle
  /** Sums of the values of one dimension by int32 segment, rows × columns of them. */
  segmentSum(values: Handle, segments: Handle, rows: number, columns: number): Handle
  /**
   * Runs a part of a kernel and lets go of all that it made but what it returns: a matrix of 20,000 genes is 10 MB, and a kernel
   * makes a dozen.
   */
  tidy<T extends tfjs.TensorContainer>(run: () => T): T
  /** A scalar that is kept: one of few. */
  scalar(value: number): Handle
  /** A scalar that takes the place of the last one of this name. */
  changing(name: string, value: number): Handle
  /** Takes a handle out of the `tidy` under way: it lives until it is disposed of. */
  keep(a: Handle): Handle
  /** A tensor that lives until it is disposed of. The array is not to be changed afterwards. */
  upload(values: Float32Array | Int32Array, shape: readonly number[]): Handle
  /** Where a parameter or one of its moments lies. The array is not to be changed afterwards. */
  variable(values: Float32Array, rows: number, columns: number): Store
  /** Updates the variables of a parameter. */
  adam(slots: Slots, gradient: Handle, step: AdamStep): void
  /** Lets go of what the operations keep for themselves. */
  dispose(): void
}

import type {
  AdamSettings,
  Kernels,
  Minibatch,
  NoiseKey,
  Parameter,
  Precision,
  Tensor,
} from '../device/device.js'
import type { StepValue } from '../device/step-number.js'
import type { Extent, Origin, Value } from './value.js'
import type { RunningStatistic, Weight } from './weights.js'

/** The gradient of the loss by a value: one weight shared by its mean over the cells, or a tensor of its shape. */
export type Adjoint = { readonly mean: StepValue } | { readonly tensor: Tensor }

/** Where a gradient goes: written there, or added to what is there already. */
export interface Sink {
  readonly tensor: Tensor
  readonly accumulate: boolean
}

/** What operations are given to make the kernel calls of a pass over one minibatch. */
export interface ForwardPass {
  readonly batch: Minibatch
  readonly kernels: Kernels
  /** With the minibatch's statistics and dropout, or with the running ones and none. */
  readonly training: boolean
  /** Whether what is drawn is drawn, or its mean taken. */
  readonly noisy: boolean
  /** Of large matrix products. */
  readonly precision: Precision
  tensor(value: Value): Tensor
  weight(weight: Weight): Parameter
  running(statistic: RunningStatistic): Tensor
  /** A tensor of the operation's own, the same one in every pass. */
  scratch(op: Op, name: string, rows: Extent, columns: Extent): Tensor
  /** The noise for a purpose in the step under way. */
  noise(purpose: number): NoiseKey
  /** Adds a kernel call to the pass. Its arguments are made once and used in every step. */
  call(run: () => void): void
}

export interface ReversePass extends ForwardPass {
  /** The gradient of the loss by a value; undefined where the loss does not depend on it. */
  adjoint(value: Value): Adjoint | undefined
  /** The same as a tensor, whatever it was. */
  adjointTensor(value: Value): Tensor | undefined
  /**
   * Where the gradient by an input goes; undefined where nothing below needs it.
   *
   * @param adds whether the operation's kernel can add; else a place of its own is given, and added up afterwards
   */
  sink(input: Value, adds: boolean): Sink | undefined
  /** The settings with which an operation's kernel updates its weights at once; undefined where gradients are to be stored. */
  update(...weights: readonly Weight[]): AdamSettings | undefined
  /** Whether any of the weights is trained. */
  trains(...weights: readonly (Weight | undefined)[]): boolean
  /** A weight whose gradient is stored: beside those of other operations on the same weight where there are some. */
  gradientOf(weight: Weight): Parameter
}

/**
 * One step of a network: values from values and weights, as calls of the device's kernels, and the calls that take the loss's
 * gradient back. These are the only backward passes that there are; layers and models are put together from operations.
 */
export abstract class Op implements Origin {
  readonly inputs: readonly Value[]
  readonly weights: readonly Weight[]
  /** Whether its kernel can update its weights as it works out their gradients. */
  readonly updates: boolean = false
  abstract readonly outputs: readonly Value[]

  constructor(inputs: readonly Value[], weights: readonly Weight[] = []) {
    this.inputs = inputs
    this.weights = weights
  }

  /** What it computes beside what its class, inputs and weights say; empty where these say all. */
  get settings(): string {
    return ''
  }

  abstract forward(pass: ForwardPass): void

  abstract reverse(pass: ReversePass): void
}

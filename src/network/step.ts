import type { AdamSettings, Precision } from '../device/device.js'
import { type StepInputs, StepNumber } from '../device/step-number.js'

/** The numbers of a training step that every network knows. */
export const STEP = {
  seed: StepNumber.input('seed'),
  step: StepNumber.input('step'),
  klWeight: StepNumber.input('klWeight'),
} as const

/** Adam's settings as numbers of the step. */
export const ADAM: AdamSettings = {
  learningRate: StepNumber.input('learningRate'),
  beta1: StepNumber.input('beta1'),
  beta2: StepNumber.input('beta2'),
  epsilon: StepNumber.input('epsilon'),
  weightDecay: StepNumber.input('weightDecay'),
  step: StepNumber.input('update'),
}

/** What a training step is run with. */
export interface TrainingStep {
  /** Seed of the run, an unsigned 32-bit integer. */
  seed: number
  /** Of the noise, an unsigned 32-bit integer. */
  step: number
  /** Weight of the latent's KL divergence in the loss. */
  klWeight: number
  adam: Readonly<Record<keyof AdamSettings, number>>
  /** Of large matrix products; f32 when left out. */
  precision?: Precision
  /** Numbers of further names, for a loss that asks for them. */
  further?: StepInputs
}

export const stepInputs = ({ seed, step, klWeight, adam, further }: TrainingStep): StepInputs => ({
  ...further,
  seed,
  step,
  klWeight,
  learningRate: adam.learningRate,
  beta1: adam.beta1,
  beta2: adam.beta2,
  epsilon: adam.epsilon,
  weightDecay: adam.weightDecay,
  update: adam.step,
})

import type { StepSettings } from '../../device.js'
import type { Scalar } from '../queue/kernel-source.js'
import { ADAM_SCALARS } from '../wgsl/adam.js'
import { adamScalars } from './adam-scalars.js'

/** The scalars that differ from one repetition of a training step to the next; all others are constants of its kernels. */
export const STEP_SCALARS: Readonly<Record<string, Scalar>> = {
  seed: 'u32',
  step: 'u32',
  klWeight: 'f32',
  rowsAt: 'u32',
  placesAt: 'u32',
  ...ADAM_SCALARS,
}

export const STEP_WORDS = Object.keys(STEP_SCALARS).length

/** In place of the row numbers that each repetition has elsewhere. */
export const UNKNOWN_PLACES: Places = { rowsAt: Number.NaN, placesAt: Number.NaN }

/**
 * Settings that a step is recorded with. What comes from them is not a number, and found again by that; nothing else that a
 * kernel is given is ever not a number.
 */
export const UNKNOWN_SETTINGS: StepSettings = {
  seed: Number.NaN,
  step: Number.NaN,
  klWeight: Number.NaN,
  adam: {
    learningRate: Number.NaN,
    beta1: Number.NaN,
    beta2: Number.NaN,
    epsilon: Number.NaN,
    weightDecay: Number.NaN,
    step: Number.NaN,
  },
}

/** Where the row numbers of a minibatch lie, and the places of counts that were sent. */
export interface Places {
  rowsAt: number
  placesAt: number
}

/** Writes `STEP_SCALARS` of a step over so many cells. */
export function writeStep(
  words: Uint32Array,
  floats: Float32Array,
  at: number,
  { seed, step, klWeight, adam }: StepSettings,
  nCells: number,
  { rowsAt, placesAt }: Places,
): void {
  words[at] = seed
  words[at + 1] = step
  floats[at + 2] = klWeight / nCells
  words[at + 3] = rowsAt
  words[at + 4] = placesAt
  const { rate, root, beta1, beta2, epsilon, decay } = adamScalars(adam)
  floats[at + 5] = rate
  floats[at + 6] = root
  floats[at + 7] = beta1
  floats[at + 8] = beta2
  floats[at + 9] = epsilon
  floats[at + 10] = decay
}

import type { AdamSettings } from '../../device/device.js'
import { type StepInputs, StepNumber } from '../../device/step-number.js'
import type { AdamNumbers } from '../oracle/adam.js'

/** Adam's settings as inputs of a step, by their names. */
export const STEP_ADAM: AdamSettings = {
  learningRate: StepNumber.input('learningRate'),
  beta1: StepNumber.input('beta1'),
  beta2: StepNumber.input('beta2'),
  epsilon: StepNumber.input('epsilon'),
  weightDecay: StepNumber.input('weightDecay'),
  step: StepNumber.input('step'),
}

/** What is of no step under test: its numbers must not be found in what comes out. */
export const OTHER_ADAM: StepInputs & AdamNumbers = {
  learningRate: 0.5,
  beta1: 0.1,
  beta2: 0.2,
  epsilon: 1,
  weightDecay: 3,
  step: 9,
}

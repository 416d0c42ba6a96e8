import type { AdamSettings, NoiseKey } from '../device.js'
import { type StepInputs, type StepValue, stepValue } from '../step-number.js'
import type { NoiseNumbers } from './noise.js'
import type { AdamStep } from './ops.js'

/** The numbers of the step under way. */
export class CurrentStep {
  inputs: StepInputs = {}

  value(x: StepValue): number {
    return stepValue(x, this.inputs)
  }

  noise({ seed, purpose, step }: NoiseKey): NoiseNumbers {
    return { seed: this.value(seed), purpose, step: this.value(step) }
  }

  /** Adam's settings with their bias corrections, taken in double precision. */
  adam(settings: AdamSettings): AdamStep {
    const [step, beta1, beta2] = [settings.step, settings.beta1, settings.beta2].map((x) =>
      this.value(x),
    ) as [number, number, number]
    return {
      beta1,
      beta2,
      epsilon: this.value(settings.epsilon),
      weightDecay: this.value(settings.weightDecay),
      rate: this.value(settings.learningRate) / (1 - beta1 ** step),
      root: 1 / Math.sqrt(1 - beta2 ** step),
    }
  }
}

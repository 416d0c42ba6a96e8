import type { AdamSettings } from '../../device.js'
import type { ADAM_SCALARS } from '../wgsl/adam.js'

type AdamScalars = Readonly<Record<keyof typeof ADAM_SCALARS, number>>

/** Scalars of the last settings: a step has several kernels that take them. */
let last: { settings: AdamSettings; scalars: AdamScalars } | undefined

/** Adam's scalars (`ADAM_SCALARS`), the bias corrections taken in double precision. */
export function adamScalars(settings: AdamSettings): AdamScalars {
  if (last?.settings !== settings) {
    const { learningRate, beta1, beta2, epsilon, weightDecay, step } = settings
    const rate = learningRate / (1 - beta1 ** step)
    const root = 1 / Math.sqrt(1 - beta2 ** step)
    last = { settings, scalars: { rate, root, beta1, beta2, epsilon, decay: weightDecay } }
  }
  return last.scalars
}

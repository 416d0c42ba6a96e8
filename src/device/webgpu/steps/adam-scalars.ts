import type { AdamSettings } from '../../device.js'

/** Scalars of the last settings: a step has several kernels that take them. */
let last: { settings: AdamSettings; scalars: Float32Array } | undefined

/** Adam's scalars (`ADAM_SCALARS`), the bias corrections taken in double precision. */
export function adamScalars(settings: AdamSettings): Float32Array {
  if (last?.settings !== settings) {
    const { learningRate, beta1, beta2, epsilon, weightDecay, step } = settings
    const rate = learningRate / (1 - beta1 ** step)
    const root = 1 / Math.sqrt(1 - beta2 ** step)
    last = { settings, scalars: Float32Array.of(rate, root, beta1, beta2, epsilon, weightDecay) }
  }
  return last.scalars
}

import type { AdamSettings } from '../../device.js'
import { type StepInputs, type StepValue, stepValue } from '../../step-number.js'
import type { ADAM_SCALARS } from '../wgsl/adam.js'
import type { ScalarValue } from './step-scalars.js'

type AdamScalars = Readonly<Record<keyof typeof ADAM_SCALARS, ScalarValue>>

/** Made once for each settings: a step has several kernels that take them. */
const known = new WeakMap<AdamSettings, AdamScalars>()

const textOf = (x: StepValue): string => (typeof x === 'number' ? String(x) : x.text)

/** A number of some others, worked out in double precision: now where they stay, else anew for every step. */
function numberOf(
  name: string,
  of: readonly StepValue[],
  value: (...numbers: readonly number[]) => number,
): ScalarValue {
  const at = (inputs: StepInputs) => value(...of.map((x) => stepValue(x, inputs)))
  if (of.every((x) => typeof x === 'number')) return at({})
  return { text: `${name} of ${of.map(textOf).join(', ')}`, at }
}

/** Adam's scalars (`ADAM_SCALARS`), the bias corrections taken in double precision. */
export function adamScalars(settings: AdamSettings): AdamScalars {
  let scalars = known.get(settings)
  if (!scalars) {
    const { learningRate, beta1, beta2, epsilon, weightDecay, step } = settings
    scalars = {
      rate: numberOf(
        'corrected rate',
        [learningRate, beta1, step],
        (rate, beta, n) => rate! / (1 - beta! ** n!),
      ),
      root: numberOf('corrected root', [beta2, step], (beta, n) => 1 / Math.sqrt(1 - beta! ** n!)),
      beta1,
      beta2,
      epsilon,
      decay: weightDecay,
    }
    known.set(settings, scalars)
  }
  return scalars
}

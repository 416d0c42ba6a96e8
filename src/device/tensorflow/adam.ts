import type { AdamSettings, Parameter } from '../device.js'
import type { AdamStep, Handle, Ops } from './ops.js'
import { ownParameter } from './tf-tensor.js'

/** The settings with their bias corrections, taken in double precision. */
function adamStep({ learningRate, step, ...rest }: AdamSettings): AdamStep {
  return {
    ...rest,
    rate: learningRate / (1 - rest.beta1 ** step),
    root: 1 / Math.sqrt(1 - rest.beta2 ** step),
  }
}

/** Stores a parameter's gradient or, with Adam's settings, takes the step at once. */
export function update(ops: Ops, parameter: Parameter, gradient: Handle, adam?: AdamSettings): void {
  const own = ownParameter(parameter)
  if (adam) {
    const { value, firstMoment, secondMoment } = own
    ops.adam(
      { value: value.store, firstMoment: firstMoment.store, secondMoment: secondMoment.store },
      gradient,
      adamStep(adam),
    )
  } else own.gradient.set(gradient)
}

/** One update of every parameter from its stored gradient. */
export function adam(ops: Ops, parameters: readonly Parameter[], settings: AdamSettings): void {
  for (const parameter of parameters) update(ops, parameter, ownParameter(parameter).gradient.get(), settings)
}

import type { AdamSettings, Parameter, TrainedPart } from '../device.js'
import type { CurrentStep } from './current-step.js'
import type { AdamStep, Handle, Ops } from './ops.js'
import { ownParameter, type TfParameter } from './tf-tensor.js'

/** Stores a parameter's gradient or, with Adam's settings, takes the step at once. */
export function update(ops: Ops, parameter: Parameter, gradient: Handle, adam?: AdamStep): void {
  const own = ownParameter(parameter)
  if (adam) ops.adam(own.slots, gradient, adam)
  else own.gradient.set(gradient)
}

/** One update of every part from its stored gradient. */
export function adam(
  ops: Ops,
  parts: readonly TrainedPart[],
  settings: AdamSettings,
  step: CurrentStep,
): void {
  const numbers = step.adam(settings)
  for (const { parameter, rows } of parts) {
    const own = ownParameter(parameter)
    if (!rows) ops.adam(own.slots, own.gradient.get(), numbers)
    else updateRows(ops, own, rows, numbers)
  }
}

/** TensorFlow's fused updates are of whole variables. */
function updateRows(
  ops: Ops,
  { slots, gradient, value }: TfParameter,
  [first, end]: readonly [number, number],
  numbers: AdamStep,
): void {
  const part = (whole: Handle) => ops.sliceRows(whole, first, end - first)
  const stores = [slots.value, slots.firstMoment, slots.secondMoment] as const
  const whole = stores.map((store) => store.get())
  const [w, m, v] = whole.map(part) as [Handle, Handle, Handle]
  const after = adamUpdate(ops, { w, m, v }, part(gradient.get()), numbers)
  for (const [i, updated] of [after.w, after.m, after.v].entries()) {
    const parts = [updated]
    if (first > 0) parts.unshift(ops.sliceRows(whole[i]!, 0, first))
    if (end < value.rows) parts.push(ops.sliceRows(whole[i]!, end, value.rows - end))
    stores[i]!.set(parts.length > 1 ? ops.concatRows(parts) : updated)
  }
}

interface AdamValues {
  w: Handle
  m: Handle
  v: Handle
}

/** Values and moments after one update, operation by operation. */
export function adamUpdate(ops: Ops, { w, m, v }: AdamValues, gradient: Handle, step: AdamStep): AdamValues {
  const number = (name: keyof AdamStep) => ops.changing(`adam ${name}`, step[name])
  const [beta1, beta2] = [number('beta1'), number('beta2')]
  const mixed = (old: Handle, beta: Handle, fresh: Handle, share: number, name: string) =>
    ops.add(ops.mul(old, beta), ops.mul(fresh, ops.changing(`adam ${name}`, share)))
  const g = step.weightDecay === 0 ? gradient : ops.add(gradient, ops.mul(w, number('weightDecay')))
  const first = mixed(m, beta1, g, 1 - step.beta1, '1 - beta1')
  const second = mixed(v, beta2, ops.square(g), 1 - step.beta2, '1 - beta2')
  const divisor = ops.add(ops.mul(ops.sqrt(second), number('root')), number('epsilon'))
  return { w: ops.sub(w, ops.div(ops.mul(first, number('rate')), divisor)), m: first, v: second }
}

import type { AdamSettings } from '../../device/device.js'
import { filled, type Matrix } from './matrix.js'

/** Adam's settings of one step. */
export type AdamNumbers = Readonly<Record<keyof AdamSettings, number>>

export interface AdamState {
  value: Matrix
  firstMoment: Matrix
  secondMoment: Matrix
}

/** One update of Adam (Kingma and Ba 2015), the L2 term in the gradient and epsilon beside the corrected root. */
export function adam(state: AdamState, gradient: Matrix, settings: AdamNumbers): AdamState {
  const { learningRate, beta1, beta2, epsilon, weightDecay, step } = settings
  const { rows, columns } = state.value
  const map = (value: (i: number) => number) => filled(rows, columns, (i, j) => value(i * columns + j))
  const penalised = map((i) => gradient.values[i]! + weightDecay * state.value.values[i]!)
  const firstMoment = map((i) => beta1 * state.firstMoment.values[i]! + (1 - beta1) * penalised.values[i]!)
  const secondMoment = map(
    (i) => beta2 * state.secondMoment.values[i]! + (1 - beta2) * penalised.values[i]! ** 2,
  )
  const value = map((i) => {
    const corrected = firstMoment.values[i]! / (1 - beta1 ** step)
    const root = Math.sqrt(secondMoment.values[i]! / (1 - beta2 ** step))
    return state.value.values[i]! - (learningRate * corrected) / (root + epsilon)
  })
  return { value, firstMoment, secondMoment }
}

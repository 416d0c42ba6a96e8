import { describe, expect, it } from 'vitest'
import { ADAM } from '../../src/check/kernels/adam-expected.js'
import { STEP_ADAM } from '../../src/check/kernels/step-values.js'
import { over, StepNumber, times } from '../../src/device/step-number.js'
import { adamScalars } from '../../src/device/webgpu/steps/adam-scalars.js'
import {
  NO_PLACES,
  type PerStep,
  PLACES_OF_STEP,
  StepLayout,
} from '../../src/device/webgpu/steps/step-scalars.js'

const [rate, seed] = [StepNumber.input('rate'), StepNumber.input('seed')]
const half = times(0.5, rate) as PerStep

function written(layout: StepLayout, inputs: Record<string, number>, places = NO_PLACES) {
  const words = new Uint32Array(layout.slots.length + 1)
  const floats = new Float32Array(words.buffer)
  layout.write(words, floats, 1, inputs, places)
  return { words, floats }
}

describe('the scalars that each repetition of a step has anew', () => {
  it('are there once for each expression and type', () => {
    const layout = new StepLayout([
      { value: rate, type: 'f32' },
      { value: half, type: 'f32' },
      { value: StepNumber.input('rate'), type: 'f32' },
      { value: rate, type: 'u32' },
      { value: times(0.5, rate) as PerStep, type: 'f32' },
    ])
    expect(layout.types).toEqual({ slot0: 'f32', slot1: 'f32', slot2: 'u32' })
    expect(layout.name(rate, 'u32')).toBe('slot2')
    expect(layout.name(half, 'f32')).toBe('slot1')
  })

  it('are worked out from the inputs, whole numbers modulo 2^32', () => {
    const layout = new StepLayout([
      { value: over(half as StepNumber, 3) as PerStep, type: 'f32' },
      { value: seed, type: 'u32' },
      { value: PLACES_OF_STEP.placesAt, type: 'u32' },
      { value: PLACES_OF_STEP.rowsAt, type: 'u32' },
    ])
    const { words, floats } = written(layout, { rate: 6, seed: 2 ** 32 - 1 }, { rowsAt: 5, placesAt: 7 })
    expect(floats[1]).toBe(1)
    expect(Array.from(words.subarray(2))).toEqual([2 ** 32 - 1, 7, 5])
    expect(words[0]).toBe(0)
  })

  it("are Adam's, corrected as those that stay are", () => {
    const numbers = adamScalars({ ...ADAM })
    const anew = adamScalars(STEP_ADAM)
    expect(Object.keys(anew)).toEqual(Object.keys(numbers))
    for (const [name, value] of Object.entries(anew)) {
      expect((value as PerStep).at({ ...ADAM }, NO_PLACES)).toBe(numbers[name as keyof typeof numbers])
    }
    // one beta that stays beside a step that does not
    const { rate: other } = adamScalars({ ...STEP_ADAM, beta1: 0.5 })
    expect((other as PerStep).text).not.toBe((anew.rate as PerStep).text)
  })
})

import { describe, expect, it } from 'vitest'
import { least, minus, most, over, plus, StepNumber, stepValue, times } from '../../src/device/step-number.js'

const [a, b] = [StepNumber.input('a'), StepNumber.input('b')]

describe('StepNumber', () => {
  it('is worked out from the inputs of a step', () => {
    const ramp = times(2, least(1, over(plus(a, 1), b)))
    const values = [0, 4, 99].map((step) => stepValue(ramp, { a: step, b: 10 }))
    expect(values).toEqual([0.2, 1, 2])
    expect(stepValue(minus(most(a, b), 3), { a: 7, b: 2 })).toBe(4)
    expect(stepValue(minus(most(a, b), 3), { a: 1, b: 2 })).toBe(-1)
    expect(a.at({ a: 0xffffffff })).toBe(0xffffffff)
  })

  it('is a plain number where all of its parts are', () => {
    expect(plus(1, times(2, 3))).toBe(7)
    expect(over(minus(1, 2), 4)).toBe(-0.25)
    expect(stepValue(0.5, {})).toBe(0.5)
  })

  it('is the same number by its text', () => {
    const text = (of: typeof a | number) => (typeof of === 'number' ? String(of) : of.text)
    expect(text(minus(1, a))).toBe(text(minus(1, StepNumber.input('a'))))
    const others = [minus(a, 1), plus(1, a), minus(1, b), minus(2, a), minus(1, over(a, 1)), times(1, a)]
    expect(new Set([minus(1, a), ...others].map(text)).size).toBe(7)
    // brackets tell what is taken first
    expect(text(minus(minus(a, b), 1))).not.toBe(text(minus(a, minus(b, 1))))
  })

  it('says which input a step lacks', () => {
    expect(() => stepValue(plus(a, b), { a: 1 })).toThrow('The step has no input "b".')
  })
})

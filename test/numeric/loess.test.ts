import { readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { loess } from '../../src/numeric/loess.js'
import { Random } from '../../src/numeric/random.js'

interface LoessCase {
  name: string
  span: number
  degree: 0 | 1 | 2
  x: number[]
  y: number[]
  fitted: number[]
}

const golden = JSON.parse(readFileSync(new URL('./fixtures/loess.json', import.meta.url), 'utf8')) as {
  cases: LoessCase[]
}

describe('loess', () => {
  test.each(golden.cases)('meets scikit-misc: $name', ({ x, y, span, degree, fitted }) => {
    const ours = loess(x, y, { span, degree })
    for (let i = 0; i < x.length; i++) expect(Math.abs(ours[i]! - fitted[i]!)).toBeLessThan(1e-10)
  })

  it('reproduces a parabola', () => {
    const random = new Random(1)
    const x = Float64Array.from({ length: 300 }, () => 10 * random.next() - 5)
    const y = x.map((at) => 2 + at - 0.5 * at * at)
    const fitted = loess(x, y, { span: 0.2 })
    for (let i = 0; i < x.length; i++) expect(fitted[i]).toBeCloseTo(y[i]!, 9)
  })

  it('gives back the order of its input', () => {
    const x = [3, 1, 2, 5, 4, 0]
    const y = [9, 1, 4, 25, 16, 0]
    const sorted = loess([0, 1, 2, 3, 4, 5], [0, 1, 4, 9, 16, 25], { span: 1 })
    expect([...loess(x, y, { span: 1 })]).toEqual(x.map((at) => sorted[at]))
  })

  it('stays finite where ties leave fewer positions than coefficients', () => {
    const fitted = loess([1, 1, 1, 1, 2, 2], [0, 2, 0, 2, 5, 5], { span: 0.5 })
    expect(fitted.every(Number.isFinite)).toBe(true)
    expect(fitted[0]).toBeCloseTo(1, 1)
    for (const value of loess([3, 3, 3], [1, 2, 6])) expect(value).toBeCloseTo(3, 12)
    expect([...loess([3], [1])]).toEqual([1])
  })

  it('refuses what it cannot fit', () => {
    expect(() => loess([], [])).toThrow(/at least one/)
    expect(() => loess([1, 2], [1])).toThrow(/as many values/)
    expect(() => loess([1, Number.NaN], [1, 2])).toThrow(/finite/)
    expect(() => loess([1, 2], [1, 2], { span: 0 })).toThrow(/span/)
    expect(() => loess([1, 2], [1, 2], { degree: 3 as 2 })).toThrow(/degree/)
    expect(() => loess([1, 2], [1, 2], { spam: 1 } as object)).toThrow(/no option "spam"/)
  })
})

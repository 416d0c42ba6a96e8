import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseDecimal } from '../../src/anndata/tenx/parse-decimal.js'

const parse = (text: string) => {
  const bytes = Buffer.from(`<${text}>`)
  return parseDecimal(bytes, 1, bytes.length - 1)
}

describe('parseDecimal', () => {
  test('gives what Number gives, to the last bit', () => {
    const digits = fc.stringMatching(/^\d{0,18}$/)
    const decimal = fc
      .tuple(
        fc.constantFrom('', '-', '+'),
        digits,
        fc.constantFrom('', '.'),
        digits,
        fc.constantFrom('', 'e-3', 'E+7'),
      )
      .filter(([, before, point, after]) => before !== '' || (point === '.' && after !== ''))
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(decimal, (text) => Object.is(parse(text), Number(text))),
      { numRuns: 2000 },
    )
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        (value) => parse(String(value)) === value,
      ),
    )
  })

  test.each(['', '-', '.', '1.2.3', '0x10', 'NaN', 'inf', '1e', '--1', '1-', '١', '1_0'])(
    '%j is no number',
    (text) => {
      expect(parse(text)).toBeNaN()
    },
  )
})

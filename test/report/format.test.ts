import { describe, expect, it } from 'vitest'
import { formatNumber, formatP, formatPlural, formatSeconds } from '../../src/report/format.js'
import { fillTemplate } from '../../src/report/html.js'

describe('formats', () => {
  it.each([
    [0, '0'],
    [12345.678, '12,350'],
    [0.012345, '0.01235'],
    [2e-5, '2.00e-5'],
    [-3.2e9, '-3.20e+9'],
    [Number.NaN, '–'],
  ])('number %d', (value, text) => expect(formatNumber(value)).toBe(text))

  it.each([
    [0.4, '0.40'],
    [0.00049, '4.9e-4'],
    [0, '< 1e-300'],
    [Number.NaN, '–'],
  ])('p-value %d', (value, text) => expect(formatP(value)).toBe(text))

  it.each([
    [0.0421, '0.042 s'],
    [9.97, '10 s'],
    [59.6, '1 min 0 s'],
    [200, '3 min 20 s'],
    [3840, '1 h 4 min'],
  ])('seconds %d', (value, text) => expect(formatSeconds(value)).toBe(text))

  it('plurals', () =>
    expect([formatPlural(1, 'cell'), formatPlural(2000, 'cell')]).toEqual(['1 cell', '2,000 cells']))
})

describe('fillTemplate', () => {
  it('names a part that is unknown', () => {
    expect(() => fillTemplate('{{nothing}}', {})).toThrow('unknown part: nothing')
  })
})

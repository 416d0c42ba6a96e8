import { describe, expect, it } from 'vitest'
import { resultLine } from '../../src/cli/check-devices.js'
import { formatBytes, listed } from '../../src/cli/text.js'

describe('text for people', () => {
  it.each([
    [0, '1 MB'],
    [640.4e6, '640 MB'],
    [2.44e9, '2.4 GB'],
  ])('has %d bytes as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text))

  it('lists the first of many names, and how many are left', () => {
    expect(listed(['a', 'b'])).toBe('a, b')
    expect(listed(['a', 'b', 'c', 'd', 'e'])).toBe('a, b, c, d, e')
    expect(listed(['a', 'b', 'c', 'd', 'e', 'f', 'g'])).toBe('a, b, c, d, e and 2 more')
    expect(listed(['a', 'b', 'c'], 1)).toBe('a and 2 more')
  })
})

describe('what came of a device', () => {
  const result = {
    device: 'cpu, wasm simd (0123)',
    label: 'a processor',
    passed: true as boolean | null,
    checks: 1234,
    kernels: 1,
    failures: [] as string[],
    training_error: 0.00000123,
    cells_per_second: 23456.7,
    seconds: 3.21,
  }

  it.each([
    [
      {},
      'ok    cpu, wasm simd (0123): 1,234 uses of 1 kernel; a training off by 1e-6; 23,457 cells/s; checked in 3.2 s',
    ],
    [{ passed: null, failures: ['there is none'] }, 'none  cpu, wasm simd (0123): there is none'],
    [
      { passed: false, failures: ['a', 'b', 'c'], cells_per_second: null },
      'FAIL  cpu, wasm simd (0123): a; and 2 more',
    ],
    [{ passed: false, failures: ['a'] }, 'FAIL  cpu, wasm simd (0123): a; 23,457 cells/s'],
  ])('is a line: %j', (changes, line) => expect(resultLine({ ...result, ...changes }, false)).toBe(line))

  it('is all of it where all is asked for', () =>
    expect(resultLine({ ...result, passed: false, failures: ['a', 'b', 'c'] }, true)).toBe(
      'FAIL  cpu, wasm simd (0123): a; b; c; 23,457 cells/s',
    ))
})

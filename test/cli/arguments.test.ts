import { expect, it } from 'vitest'
import { Arguments } from '../../src/cli/arguments.js'

it.each([
  ['8GB', 8e9],
  ['8gb', 8e9],
  ['1.5 GiB', 1.5 * 2 ** 30],
  ['.5kB', 500],
  ['300', 300],
  ['0B', 0],
])('a size of %s is %d bytes', (text, bytes) => {
  expect(new Arguments({ size: text }).bytes('size')).toBe(bytes)
})

it.each(['GB', '8 G', '-1GB', '1e9', '8GBs', '1..5GB'])('"%s" is no size', (text) => {
  expect(() => new Arguments({ size: text }).bytes('size')).toThrow(
    `--size must be a size such as 500MB or 8GB, not "${text}".`,
  )
})

it('a size that is not given is undefined', () => {
  expect(new Arguments({}).bytes('size')).toBeUndefined()
})

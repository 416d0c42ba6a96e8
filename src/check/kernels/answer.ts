import type { Check, Expected } from './check.js'

const answers = new Map<Check, Record<string, Expected>>()

/** What the oracle says of a check, asked once for all devices. */
export function answer(check: Check): Record<string, Expected> {
  let expected = answers.get(check)
  if (expected === undefined) {
    expected = check.expected()
    answers.set(check, expected)
  }
  return expected
}

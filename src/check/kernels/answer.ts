import type { Check, Expected } from './check.js'

type Asked = Pick<Check, 'expected'>

const answers = new Map<Asked, Record<string, Expected>>()

/** What the oracle says of a check, asked once for all devices. */
export function answer(check: Asked): Record<string, Expected> {
  let expected = answers.get(check)
  if (expected === undefined) {
    expected = check.expected()
    answers.set(check, expected)
  }
  return expected
}

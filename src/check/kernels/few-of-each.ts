import type { Check } from './check.js'

/** The kernel that a check is of, by its name. */
export const kernelOf = ({ name }: Pick<Check, 'name'>): string => name.split(/[,:]/)[0]!

/** Each kernel's first check and every so many after it, for devices on which all of them take long. */
export function fewOfEach(checks: readonly Check[], step: number): Check[] {
  const seen = new Map<string, number>()
  return checks.filter((check) => {
    const kernel = kernelOf(check)
    const n = seen.get(kernel) ?? 0
    seen.set(kernel, n + 1)
    return n % step === 0
  })
}

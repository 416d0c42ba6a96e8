import type { Check } from '../../src/check/kernels/check.js'

/**
 * Each kernel's first check and every so many after it, for devices on which all of them take long. All of them where the
 * environment says SCVAE_TEST_CHECKS=all, as continuous integration does.
 */
export function fewOfEach(checks: readonly Check[], step: number): Check[] {
  const every = globalThis.process?.env.SCVAE_TEST_CHECKS === 'all' ? 1 : step
  const seen = new Map<string, number>()
  return checks.filter(({ name }) => {
    const kernel = name.split(/[,:]/)[0]!
    const n = seen.get(kernel) ?? 0
    seen.set(kernel, n + 1)
    return n % every === 0
  })
}

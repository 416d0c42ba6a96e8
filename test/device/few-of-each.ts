import type { Check } from '../../src/check/kernels/check.js'
import { fewOfEach as everyOther } from '../../src/check/kernels/few-of-each.js'

/** Some checks of each kernel; all where the environment says SCVAE_TEST_CHECKS=all, as continuous integration does. */
export function fewOfEach(checks: readonly Check[], step: number): Check[] {
  return everyOther(checks, process.env.SCVAE_TEST_CHECKS === 'all' ? 1 : step)
}

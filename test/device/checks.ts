import type { Check } from './check.js'
import { factChecks } from './fact-checks.js'
import { headChecks } from './head-checks.js'
import { linearChecks } from './linear-checks.js'
import { mapChecks } from './map-checks.js'
import { meansChecks } from './means-checks.js'
import { neighborChecks } from './neighbor-checks.js'
import { noiseChecks } from './noise-checks.js'
import { normChecks } from './norm-checks.js'
import { shadowChecks } from './shadow-checks.js'
import { sparseChecks } from './sparse-checks.js'
import { tensorChecks } from './tensor-checks.js'
import { updateChecks } from './update-checks.js'

/** Every kernel in every setting: what each device is held to. */
export const CHECKS: readonly Check[] = [
  ...tensorChecks(),
  ...factChecks(),
  ...sparseChecks(),
  ...linearChecks(),
  ...normChecks(),
  ...noiseChecks(),
  ...headChecks(),
  ...meansChecks(),
  ...mapChecks(),
  ...updateChecks(),
  ...shadowChecks(),
]

/** The same, and the search that only a GPU has. */
export const GPU_CHECKS: readonly Check[] = [...CHECKS, ...neighborChecks()]

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

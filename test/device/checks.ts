import type { Check } from './check.js'
import { headChecks } from './head-checks.js'
import { linearChecks } from './linear-checks.js'
import { noiseChecks } from './noise-checks.js'
import { normChecks } from './norm-checks.js'
import { tensorChecks } from './tensor-checks.js'
import { updateChecks } from './update-checks.js'

/** Every kernel in every setting: what each device is held to. */
export const CHECKS: readonly Check[] = [
  ...tensorChecks(),
  ...linearChecks(),
  ...normChecks(),
  ...noiseChecks(),
  ...headChecks(),
  ...updateChecks(),
]

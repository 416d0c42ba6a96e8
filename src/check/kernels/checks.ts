import type { Check } from './check.js'
import { factChecks } from './fact-checks.js'
import { headChecks, roundedHeadChecks } from './head-checks.js'
import { linearChecks } from './linear-checks.js'
import { mapChecks } from './map-checks.js'
import { meansChecks } from './means-checks.js'
import { neighborChecks } from './neighbor-checks.js'
import { noiseChecks } from './noise-checks.js'
import { normChecks } from './norm-checks.js'
import { shadowChecks } from './shadow-checks.js'
import { roundedSparseChecks, sparseChecks } from './sparse-checks.js'
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

/** What devices that have products of bfloat16 are held to besides. */
export const BFLOAT16_CHECKS: readonly Check[] = [...roundedSparseChecks(), ...roundedHeadChecks()]

/** {@link CHECKS}, and the search that only a GPU has. */
export const GPU_CHECKS: readonly Check[] = [...CHECKS, ...neighborChecks()]

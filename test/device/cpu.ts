import { describe, it } from 'vitest'
import { BFLOAT16_CHECKS, CHECKS } from '../../src/check/kernels/checks.js'
import { availableBuilds, findBuilds } from '../../src/device/cpu/builds.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { hasBfloat16 } from '../../src/device/cpu/load-build.js'
import { describeConformance, describeIdentity } from './conformance.js'

/** The build that a user gets here: the best. The others are tested by `npm run test:long`. */
export const usualBuilds = (): string[] => availableBuilds().slice(0, 1)

/** Every check of a build, and that the number of threads does not show. */
export function describeCpu(build: string): void {
  const rounds = findBuilds().builds.some(({ name, file }) => name === build && hasBfloat16(file))
  const checks = [...CHECKS, ...(rounds ? BFLOAT16_CHECKS : [])]
  if (!rounds) describe(`products of bfloat16 (${build})`, () => it.skip('not on this processor'))
  describeConformance(`CPU threads (${build})`, () => createCpuDevice({ threads: 2, kernels: build }), checks)
  describeIdentity(
    `1, 2 and 3 threads (${build})`,
    () => Promise.all([1, 2, 3].map((threads) => createCpuDevice({ threads, kernels: build }))),
    checks,
  )
}

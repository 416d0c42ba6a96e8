import { availableBuilds } from '../../src/device/cpu/builds.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { describeConformance, describeIdentity } from './conformance.js'

/** The build that a user gets here: the best. The others are tested by `npm run test:long`. */
export const usualBuilds = (): string[] => availableBuilds().slice(0, 1)

/** Every check of a build, and that the number of threads does not show. */
export function describeCpu(build: string): void {
  describeConformance(`CPU threads (${build})`, () => createCpuDevice({ threads: 2, kernels: build }))
  describeIdentity(`1, 2 and 3 threads (${build})`, () =>
    Promise.all([1, 2, 3].map((threads) => createCpuDevice({ threads, kernels: build }))),
  )
}

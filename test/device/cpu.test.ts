import { expect, it } from 'vitest'
import { availableBuilds } from '../../src/device/cpu/builds.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { describeConformance, describeIdentity } from './conformance.js'

const builds = availableBuilds()

it('has the WASM build, which needs no compiler (run "npm run build" first)', () => {
  expect(builds).toContain('wasm simd')
})

for (const build of builds) {
  describeConformance(`CPU threads (${build})`, () => createCpuDevice({ threads: 2, kernels: build }))
  describeIdentity(`1, 2 and 3 threads (${build})`, () =>
    Promise.all([1, 2, 3].map((threads) => createCpuDevice({ threads, kernels: build }))),
  )
}

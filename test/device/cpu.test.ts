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
  for (const threads of [2, 3]) {
    describeIdentity(`${threads} threads and 1 (${build})`, async () => [
      await createCpuDevice({ threads: 1, kernels: build }),
      await createCpuDevice({ threads, kernels: build }),
    ])
  }
}

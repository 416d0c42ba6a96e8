import { expect, it } from 'vitest'
import { availableBuilds } from '../../src/device/cpu/builds.js'
import { describeCpu, usualBuilds } from './cpu.js'

const others = availableBuilds().filter((build) => !usualBuilds().includes(build))

for (const build of others) describeCpu(build)

it.runIf(others.length === 0)('has no build beside the usual one', () => {
  expect(availableBuilds()).toEqual(usualBuilds())
})

import { describe, expect, it } from 'vitest'
import { availableBuilds } from '../../src/device/cpu/builds.js'
import { describeCpu, usualBuilds } from './cpu.js'

describe('the CPU', () => {
  it('has the WASM build, which needs no compiler (run "npm run build" first)', () => {
    expect(availableBuilds()).toContain('wasm simd')
  })
})

for (const build of usualBuilds()) describeCpu(build)

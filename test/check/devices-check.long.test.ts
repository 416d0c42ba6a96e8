import { describe, expect, it } from 'vitest'
import type { DeviceResult } from '../../src/cli/check-devices.js'
import { findBuilds } from '../../src/device/cpu/builds.js'
import { scvae } from '../cli/scvae.js'

describe('scvae devices --check', () => {
  it('holds every build of this machine to the oracle', async () => {
    const { code, stdout } = await scvae(['devices', '--check', '--threads', '1', '--json'])
    const { ok, devices } = JSON.parse(stdout) as { ok: boolean; devices: DeviceResult[] }
    expect({ code, ok }).toEqual({ code: 0, ok: true })
    const builds = devices.filter(({ device }) => device.startsWith('cpu, '))
    expect(builds).toHaveLength(findBuilds().builds.length)
    for (const { passed, checks, kernels, training_error, failures } of builds) {
      expect({ passed, failures }).toEqual({ passed: true, failures: [] })
      expect(checks).toBeGreaterThan(500)
      expect(kernels).toBeGreaterThan(30)
      expect(training_error).toBeLessThan(1e-4)
    }
  })

  it('takes a number of threads for nothing else', async () => {
    const { code, stderr } = await scvae(['devices', '--threads', '1'])
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('--threads needs --check.'),
    })
  })
})

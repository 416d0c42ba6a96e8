import { afterAll, describe, it } from 'vitest'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import { fixtureNames, temporaryFolder } from '../files/scvi-tools/fixtures.js'
import { isTheirs } from './likelihood-parity.js'

describe('likelihoods of cells', { timeout: 120_000 }, async () => {
  const folder = temporaryFolder()
  const device = await createCpuDevice({ threads: 2 })
  afterAll(() => device.dispose())

  it.each(fixtureNames())('are those of scvi-tools within Monte Carlo error: %s', (name) =>
    isTheirs(name, folder, device, 12),
  )
})

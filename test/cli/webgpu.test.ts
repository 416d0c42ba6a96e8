import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { NO_WEBGPU } from '../device/webgpu.js'
import { namesIn, scvae, temporaryFolder, writeFixture } from './scvae.js'

const folder = temporaryFolder()

describe('GPUs on the command line', () => {
  beforeAll(() => writeFixture(join(folder, 'fixture.h5ad')))

  it('are listed with their limits, or with what is missing', async () => {
    const { code, stdout, stderr } = await scvae(['devices', '--json'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const [first] = JSON.parse(stdout).devices.filter(({ device }: { device: string }) =>
      device.startsWith('webgpu'),
    )
    if (NO_WEBGPU === undefined) expect(first.limits.binding_bytes).toBeGreaterThan(1e8)
    else expect(first.missing).toContain(NO_WEBGPU)
  })

  it('end the run with exit 69 and one sentence where they are not there', async () => {
    const { code, stdout, stderr } = await scvae(['fit', 'fixture.h5ad', '--device', 'webgpu:99'], folder)
    expect({ code, stdout }).toEqual({ code: 69, stdout: '' })
    expect(stderr).toMatch(/^scvae: [^\n]+\n$/)
    expect(namesIn(folder)).toEqual(['fixture.h5ad'])
  })

  it('are asked for by a number', async () => {
    const { code, stderr } = await scvae(['fit', 'fixture.h5ad', '--device', 'webgpu:x'], folder)
    expect(code).toBe(2)
    expect(stderr).toMatch(/^scvae: --device must be one of auto, cpu, .*not "webgpu:x"\.\n$/)
  })

  // a software GPU takes half a minute for this
  it.skipIf(NO_WEBGPU !== undefined || process.env.SCVAE_TEST_CHECKS !== 'all')(
    'fit as CPU threads do',
    async () => {
      const words = ['fit', 'fixture.h5ad', '--max-epochs', '2', '--n-hidden', '16', '--no-umap', '--json']
      const gpu = await scvae([...words, '--device', 'webgpu', '--profile', '-o', 'gpu'], folder)
      expect(gpu.code).toBe(0)
      expect(gpu.stderr).toMatch(/\nkernel +calls +ms +share/)
      const cpu = await scvae([...words, '--device', 'cpu', '-o', 'cpu'], folder)
      const [a, b] = [gpu, cpu].map(({ stdout }) => JSON.parse(stdout))
      expect(Math.abs(a.heldout_elbo / b.heldout_elbo - 1)).toBeLessThan(1e-5)
      const sent = await scvae([...words, '--device', 'webgpu', '--gpu-memory', '2kB', '-o', 'sent'], folder)
      expect(sent.stderr).toMatch(/\bthe GPU keeps .* of counts; the rest is sent with each minibatch\n/)
      expect(JSON.parse(sent.stdout).heldout_elbo).toBe(a.heldout_elbo)
    },
    180_000,
  )
})

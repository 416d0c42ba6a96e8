import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const MAIN = resolve('dist/src/cli/main.js')
const DEMO = resolve('data/demo.h5ad')
const packages = process.env.SCVAE_TENSORFLOW_PACKAGES ?? ''
const folder = mkdtempSync(join(tmpdir(), 'scvae-tensorflow-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the built command with the packages of a folder in reach. */
function scvae(which: 'cpu' | 'gpu' | 'unbuilt', words: readonly string[]) {
  const env = { ...process.env, NODE_PATH: `${packages}/${which}:${packages}/node_modules` }
  return new Promise<{ code: number; stdout: string; stderr: string }>((done) => {
    execFile(process.execPath, [MAIN, ...words], { cwd: folder, env }, (error, stdout, stderr) => {
      done({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr })
    })
  })
}

const fitOn = (device: string) => [
  'fit',
  DEMO,
  '--device',
  device,
  '--max-epochs',
  '2',
  '--no-umap',
  '--json',
]

describe('scvae with tfjs-node', () => {
  it('says what it has', async () => {
    const { stdout } = await scvae('cpu', ['devices'])
    expect(stdout).toMatch(/^tensorflow +@tensorflow\/tfjs-node 4\.\S+, TensorFlow 2\.\S+, CPU$/m)
  })

  it('trains to the loss of the CPU device', async () => {
    const losses: number[] = []
    for (const device of ['tensorflow', 'cpu']) {
      const words = [...fitOn(device), '-o', `on-${device}`]
      const { code, stdout, stderr } = await scvae('cpu', words)
      expect({ code, stderr }).toMatchObject({ code: 0 })
      expect(stderr).not.toContain('Warning')
      const metrics = JSON.parse(stdout) as { device: string; heldout_elbo: number }
      expect(metrics.device.startsWith('TensorFlow 2.')).toBe(device === 'tensorflow')
      losses.push(metrics.heldout_elbo)
    }
    expect(Math.abs(losses[0]! - losses[1]!)).toBeLessThan(0.05)
  })

  it('is not what auto takes: a TensorFlow on the CPU is slower than the CPU device', async () => {
    const { stdout } = await scvae('cpu', [...fitOn('auto'), '-o', 'on-auto'])
    expect((JSON.parse(stdout) as { device: string }).device).not.toContain('TensorFlow')
  })
})

describe('scvae with tfjs-node-gpu', () => {
  it('says that there is no GPU', async () => {
    expect(await scvae('gpu', fitOn('tensorflow'))).toMatchObject({
      code: 69,
      stdout: '',
      stderr: expect.stringMatching(/^scvae: @tensorflow\/tfjs-node-gpu 4\.\S+ finds no GPU: .*\n$/),
    })
    const { code, stdout } = await scvae('gpu', ['devices'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^tensorflow +@tensorflow\/tfjs-node-gpu 4\.\S+, .*no GPU/m)
  })

  it('says that its addon is not built', async () => {
    expect(await scvae('unbuilt', fitOn('tensorflow'))).toMatchObject({
      code: 69,
      stdout: '',
      stderr: expect.stringMatching(
        /^scvae: @tensorflow\/tfjs-node-gpu is installed but does not load: .*\n$/,
      ),
    })
  })

  it('is passed over by auto without a GPU', async () => {
    const { stdout } = await scvae('gpu', [...fitOn('auto'), '-o', 'on-auto-gpu'])
    expect((JSON.parse(stdout) as { device: string }).device).not.toContain('TensorFlow')
  })
})

import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { installedPackage } from '../../src/device/tensorflow/load.js'
import { namesIn, scvae, temporaryFolder, writeFixture } from './scvae.js'

const folder = temporaryFolder()
const own = temporaryFolder()

describe('scvae devices', () => {
  it('lists the CPU and its kernels', async () => {
    const { code, stdout } = await scvae(['devices'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^would run +(native|wasm) \S+, build [0-9a-f]{12}(; products of bfloat16)?$/m)
    const { stdout: json } = await scvae(['devices', '--json'])
    const { devices } = JSON.parse(json) as { devices: { device: string; bfloat16?: boolean }[] }
    const kinds = devices.map(({ device }) => device.split(':')[0])
    expect([...new Set(kinds)]).toEqual(['cpu', 'webgpu', 'tensorflow'])
    expect(devices[0]!.bfloat16).toBe(stdout.includes('products of bfloat16'))
  })

  it('refuses bf16 where there are no such products, and leaves nothing', async () => {
    await writeFixture(join(own, 'counts.h5ad'))
    const { code, stderr } = await scvae(
      ['fit', 'counts.h5ad', '--precision', 'bf16', '--kernels', 'wasm'],
      own,
    )
    expect(code).toBe(2)
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(
      /^scvae: There are no products of bfloat16 on .* \(wasm \w+\)\. Use --precision f32\. /,
    )
    expect(namesIn(own)).toEqual(['counts.h5ad'])
  })
})

// test/tensorflow has what there is to say where a package is installed
describe.skipIf(installedPackage() !== undefined)('without a package of TensorFlow', () => {
  it('scvae devices says what to type', async () => {
    const { stdout } = await scvae(['devices'])
    expect(stdout).toMatch(
      /^tensorflow +Neither .* "npm i @tensorflow\/tfjs-node-gpu" .*docs\/tensorflow\.md\.$/m,
    )
  })

  it('scvae fit ends with one sentence and leaves nothing', async () => {
    await writeFixture(join(folder, 'counts.h5ad'))
    const { code, stdout, stderr } = await scvae(['fit', 'counts.h5ad', '--device', 'tensorflow'], folder)
    expect({ code, stdout, stderr }).toMatchInlineSnapshot(`
      {
        "code": 69,
        "stderr": "scvae: Neither @tensorflow/tfjs-node-gpu nor @tensorflow/tfjs-node is installed. Beside scvae, run "npm i @tensorflow/tfjs-node-gpu" (NVIDIA, CUDA 11.2 and cuDNN 8.1) or "npm i @tensorflow/tfjs-node" (CPU); see docs/tensorflow.md.
      ",
        "stdout": "",
      }
    `)
    expect(namesIn(folder)).toEqual(['counts.h5ad'])
  })
})

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ADAM } from '../../src/check/kernels/adam-expected.js'
import { near } from '../../src/check/kernels/check.js'
import { GPU_CHECKS } from '../../src/check/kernels/checks.js'
import { Draws } from '../../src/check/oracle/draws.js'
import { filled } from '../../src/check/oracle/matrix.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { Device } from '../../src/device/device.js'
import { view } from '../../src/device/webgpu/gpu-tensor.js'
import { productGroups } from '../../src/device/webgpu/kernels/weight-product.js'
import { openAdapter } from '../../src/device/webgpu/open/open-gpu.js'
import { openWebgpu } from '../../src/device/webgpu/open/open-webgpu.js'
import { TILES } from '../../src/device/webgpu/tiles/tiles.js'
import { plainProduct, transposedProduct } from '../../src/device/webgpu/wgsl/linear.js'
import { tileName } from '../../src/device/webgpu/wgsl/product.js'
import { SCVI } from '../../src/models/scvi.js'
import type { ModelConfig } from '../../src/network/config.js'
import { trainOptions } from '../../src/train/options.js'
import { Trainer } from '../../src/train/trainer.js'
import { bits, smallCells, smallNetwork } from '../train/small-cells.js'
import { smallData } from '../train/small-data.js'
import { describeConformance } from './conformance.js'
import { expectNear } from './expect-near.js'
import { fewOfEach } from './few-of-each.js'
import { firstAdapter, NO_WEBGPU, openWithBare } from './webgpu.js'

/** One device for all: the driver compiles each kernel anew for each. */
const gpu = NO_WEBGPU === undefined ? await openWebgpu() : undefined
const cpu = await createCpuDevice({ threads: 1 })
afterAll(() => cpu.dispose())

if (NO_WEBGPU !== undefined) it.skip(`WebGPU is not tested: ${NO_WEBGPU}`)

const source = smallCells(150, 40)

async function train(device: Device, model: Partial<ModelConfig>) {
  const network = smallNetwork(device, source, model)
  const options = { maxEpochs: 3, batchSize: 64, validateEvery: 1, seed: 9 }
  const trainer = new Trainer(network, source, trainOptions(options))
  const { history } = await trainer.run()
  const weights = bits(await network.state(true))
  network.release()
  return { history, weights }
}

// a software GPU compiles slowly
const SLOW = { timeout: 240_000 }

describe.skipIf(!gpu)('training on WebGPU', SLOW, () => {
  it.each<{ name: string; model: Partial<ModelConfig> }>([
    { name: 'nb', model: {} },
    {
      name: 'zinb, two layers, latent library',
      model: { likelihood: 'zinb', nLayers: 2, library: 'latent', dispersion: 'gene-batch' },
    },
    {
      name: 'poisson, layer norm, covariates in the encoder',
      model: { likelihood: 'poisson', layerNorm: 'both', encodeCovariates: true },
    },
  ])('has the losses of the CPU and is the same each time: $name', async ({ model }) => {
    const expected = await train(cpu, model)
    const first = await train(gpu!, model)
    expect(first.history).toHaveLength(expected.history.length)
    for (const [i, record] of first.history.entries()) {
      const { trainElbo, trainKl, heldoutElbo } = expected.history[i]!
      // float32 rounding, carried through a dozen updates
      expect(Math.abs(record.trainElbo / trainElbo - 1)).toBeLessThan(1e-5)
      expect(Math.abs(record.trainKl / trainKl - 1)).toBeLessThan(1e-4)
      expect(Math.abs(record.heldoutElbo! / heldoutElbo! - 1)).toBeLessThan(1e-5)
    }
    expect((await train(gpu!, model)).weights).toEqual(first.weights)
  })

  it('has the losses of the CPU where a kernel may have no more buffers than the standard grants', async () => {
    const adapter = await firstAdapter()
    const limits = new Proxy(adapter.limits, {
      get: (all, name) => (name === 'maxStorageBuffersPerShaderStage' ? 8 : Reflect.get(all, name, all)),
    })
    const { info, features } = adapter
    const requestDevice = (descriptor?: GPUDeviceDescriptor) => adapter.requestDevice(descriptor)
    const small = await openAdapter({ info, limits, features, requestDevice } as GPUAdapter)
    const expected = await train(cpu, {})
    const { history } = await train(small, {})
    for (const [i, record] of history.entries()) {
      expect(Math.abs(record.trainElbo / expected.history[i]!.trainElbo - 1)).toBeLessThan(1e-5)
    }
    await small.dispose()
  })

  it.each([
    ['normal', 11],
    ['mixture', 26],
  ] as const)('takes few dispatches a step, prior: %s, %i', async (prior, expected) => {
    const network = smallNetwork(gpu!, source, { prior })
    const batch = await network.minibatch(source)
    await gpu!.settle()
    const before = gpu!.recorder.dispatches
    network.gather(
      batch,
      Int32Array.from({ length: 60 }, (_, i) => i),
    )
    network.trainStep(batch, { seed: 1, step: 1, klWeight: 1, adam: ADAM })
    await gpu!.settle()
    expect(gpu!.recorder.dispatches - before).toBe(expected)
    network.releaseMinibatch(batch)
    network.release()
  })
})

describe.skipIf(!gpu)('a GPU that fails', SLOW, () => {
  it('is one sentence when it is lost in training, and the CPU goes on from the checkpoint', async () => {
    const data = smallData()
    // a few dozen cells a buffer
    const { device, bare } = await openWithBare({ chunkBytes: 2000 })
    const folder = mkdtempSync(join(tmpdir(), 'scvae-lost-'))
    const checkpoint = { directory: join(folder, 'checkpoint'), everySeconds: 0 }
    const options = { model: { nHidden: 8, nLatent: 2 }, batchSize: 64 }
    const settings = { maxEpochs: 6, earlyStopping: false, checkpoint }
    const model = await SCVI.create(data, { ...options, device })
    const losses: number[] = []
    const run = model.train({
      ...settings,
      onEpoch: ({ epoch, trainElbo }) => {
        losses.push(trainElbo)
        if (epoch === 3) bare.destroy()
      },
    })
    await expect(run).rejects.toMatchObject({
      kind: 'no-device',
      message: expect.stringMatching(/^The GPU was lost[^\n]*$/),
    })
    await device.dispose()
    const again = await SCVI.create(data, { ...options, device: cpu })
    const { history } = await again.train({ ...settings, resume: checkpoint.directory })
    expect(history.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6])
    expect(history[5]!.trainElbo).toBeLessThan(history[0]!.trainElbo)
    rmSync(folder, { recursive: true })

    // where the counts lie does not show
    const whole = await SCVI.create(data, { ...options, device: gpu! })
    const { maxEpochs, earlyStopping } = settings
    const calm = await whole.train({ maxEpochs, earlyStopping })
    expect(calm.history.slice(0, losses.length).map(({ trainElbo }) => trainElbo)).toEqual(losses)
    await whole.dispose()
  })

  it('is one sentence when its memory does not suffice', () => {
    expect(() => gpu!.tensor(2 ** 20, 2 ** 14)).toThrow(
      /^The GPU takes buffers of up to [\d.]+ GB, and the tensor needs 69 GB\.$/,
    )
  })

  it('is refused by a number that is not there', async () => {
    await expect(openWebgpu(99)).rejects.toMatchObject({
      kind: 'no-device',
      message: expect.stringMatching(/^There is no GPU 99: WebGPU finds \d+\.$/),
    })
  })
})

describe.skipIf(NO_WEBGPU !== undefined)('matrix products in every cut', SLOW, () => {
  // below, at and beyond a cut's edges
  const [m, n, k] = [70, 133, 37]
  const draws = new Draws(77)
  const [left, right] = [draws.normals(m * k), draws.normals(k * n)]
  const transpose = (values: Float32Array, rows: number, columns: number) =>
    Float32Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!)
  const expected = filled(m, n, (i, j) => {
    let sum = 0
    for (let l = 0; l < k; l++) sum += left[i * k + l]! * right[l * n + j]!
    return sum
  })

  it.each(TILES.map((tile) => [tileName(tile), tile] as const))('%s', async (_, tile) => {
    const device = gpu!
    const tensors = {
      left: device.tensor(m, k, left),
      right: device.tensor(k, n, right),
      transposed: device.tensor(n, k, transpose(right, k, n)),
      bias: device.tensor(1, n, new Float32Array(n).fill(3)),
      layers: device.tensor(3 * m, n),
      output: device.tensor(m, n),
    }
    const { recorder } = device
    const groups = productGroups(tile, m, n, 3)
    recorder.dispatch(plainProduct(tile), {
      buffers: { input: view(tensors.left), weight: view(tensors.right), output: view(tensors.layers) },
      scalars: { m, n, k, kSplit: 16, layer: 0 },
      groups,
    })
    recorder.dispatch(transposedProduct(tile), {
      buffers: {
        input: view(tensors.left),
        weight: view(tensors.transposed),
        bias: view(tensors.bias),
        output: view(tensors.output),
      },
      scalars: { m, n, k, kSplit: k, biased: 1, accumulate: 0 },
      groups: productGroups(tile, m, n),
    })
    const layers = await device.read(tensors.layers)
    const sums = expected.values.map((_, i) => layers[i]! + layers[m * n + i]! + layers[2 * m * n + i]!)
    const biased = (await device.read(tensors.output)).map((x) => x - 3)
    expectNear(
      { sums: Float32Array.from(sums), biased },
      { sums: near(expected, 1e-5), biased: near(expected, 1e-5) },
    )
    device.release(...Object.values(tensors))
  })
})

// the last: it disposes of the device
if (gpu) describeConformance('WebGPU', async () => gpu, fewOfEach(GPU_CHECKS, 4))

import { describe, expect, it } from 'vitest'
import { ADAM } from '../../src/check/kernels/adam-expected.js'
import type { CellSource, Minibatch } from '../../src/device/device.js'
import { times } from '../../src/device/step-number.js'
import { nodeGpu } from '../../src/device/webgpu/open/node-gpu.js'
import { openAdapter } from '../../src/device/webgpu/open/open-gpu.js'
import { openWebgpu } from '../../src/device/webgpu/open/open-webgpu.js'
import type { TunedProduct } from '../../src/device/webgpu/tiles/tiles.js'
import type { ModelConfig } from '../../src/network/config.js'
import { Network } from '../../src/network/network.js'
import { STEP, type TrainingStep } from '../../src/network/step.js'
import { bits, smallCells, smallNetwork } from '../train/small-cells.js'
import { NO_WEBGPU } from './webgpu.js'

const gpu = NO_WEBGPU === undefined ? await openWebgpu() : undefined
if (NO_WEBGPU !== undefined) it.skip(`repeated steps on WebGPU are not tested: ${NO_WEBGPU}`)

const source = smallCells(150, 40)
const others = smallCells(90, 40, 2)

/** Cells of a step: two sizes, in turn. */
const cellsOf = (step: number, { nCells }: CellSource): Int32Array =>
  Int32Array.from({ length: step % 3 ? 60 : 17 }, (_, i) => (i * 7 + step * 11) % nCells)

/** All that may differ from step to step does. */
const settingsOf = (step: number): TrainingStep => ({
  seed: step < 4 ? 1 : 2,
  step: 10 * step,
  klWeight: step === 3 ? 1 : step / 8,
  adam: { ...ADAM, learningRate: 0.01 / step, weightDecay: 0.01 * step, step },
})

type Take = (network: Network, batch: Minibatch, step: TrainingStep) => void

const repeated: Take = (network, batch, step) => network.trainStep(batch, step)

/** The same kernels, called one by one. */
const oneByOne: Take = (network, batch, step) => {
  const { repeat } = gpu!
  gpu!.repeat = (_, __, inputs, calls) => {
    gpu!.step(inputs)
    calls()
  }
  network.trainStep(batch, step)
  gpu!.repeat = repeat
}

/** Two networks and three minibatches, used in turn. */
async function run(take: Take, makeNetwork: (seed: number) => Network) {
  const networks = [makeNetwork(1), makeNetwork(2)] as const
  let batches = await Promise.all([networks[0].minibatch(source), networks[0].minibatch(others)])
  for (let step = 1; step <= 8; step++) {
    const network = networks[step === 5 || step === 8 ? 1 : 0]
    const which = step % 4 === 2 ? 1 : 0
    network.gather(batches[which]!, cellsOf(step, which ? others : source))
    take(network, batches[which]!, settingsOf(step))
    if (step === 4) {
      // what the first steps were bound to is no more
      for (const batch of batches) networks[0].releaseMinibatch(batch)
      batches = await Promise.all([networks[0].minibatch(source), networks[0].minibatch(others)])
    }
  }
  const results = []
  for (const network of networks) {
    results.push({ weights: bits(await network.state(true)), sums: await network.takeSums() })
  }
  for (const batch of batches) networks[0].releaseMinibatch(batch)
  for (const network of networks) network.release()
  return results
}

// a software GPU compiles slowly
describe.skipIf(!gpu)('a training step that is repeated', { timeout: 120_000 }, () => {
  it.each<{ name: string; model: Partial<ModelConfig> }>([
    { name: 'nb', model: {} },
    { name: 'a mixture of priors, whose light kernels are done beside others', model: { prior: 'mixture' } },
    {
      name: 'zinb, two layers, latent library',
      model: { likelihood: 'zinb', nLayers: 2, library: 'latent', dispersion: 'gene-batch' },
    },
  ])('has the bits of its kernels called one by one: $name', async ({ model }) => {
    const makeNetwork = (seed: number) => smallNetwork(gpu!, source, model, seed)
    const results = await run(repeated, makeNetwork)
    expect(results).toEqual(await run(oneByOne, makeNetwork))
    expect(Number.isFinite(results[0]!.sums.logLikelihood)).toBe(true)
  })

  it('has them where a number of the step is one that is worked out from others', async () => {
    // three in place of one, and each in a unit of its own
    const makeNetwork = (seed: number) => {
      const made = smallNetwork(gpu!, source, {}, seed)
      const { model } = made
      made.release()
      const loss = model.loss.map(({ value, weight }) => ({
        value,
        weight: weight === STEP.klWeight ? times(0.5, times(STEP.klWeight, STEP.step)) : weight,
      }))
      return new Network(gpu!, { ...model, loss }, made.capacity)
    }
    const results = await run(repeated, makeNetwork)
    expect(results).toEqual(await run(oneByOne, makeNetwork))
    const plain = await run(oneByOne, (seed) => smallNetwork(gpu!, source, {}, seed))
    expect(results[0]!.weights).not.toEqual(plain[0]!.weights)
  })

  it('has them after the device got ready for it, and then compiles nothing on the way', async () => {
    const adapter = await (await nodeGpu()).requestAdapter()
    const gpuDevice = Object.getPrototypeOf(await adapter!.requestDevice()) as GPUDevice
    const { createComputePipeline } = gpuDevice
    const compiled: (string | undefined)[] = []
    gpuDevice.createComputePipeline = function (descriptor) {
      compiled.push(descriptor.label)
      return createComputePipeline.call(this, descriptor)
    }
    // cuts that were measured for whole minibatches, and are no rule's
    const tile = '64x64x16 4x4'
    const measured: TunedProduct[] = [
      { kind: 'product', m: 66, n: 24, k: 40, tile },
      { kind: 'transposed product', m: 66, n: 40, k: 24, tile },
      { kind: 'weight gradient', m: 40, n: 24, k: 66, tile },
    ]
    // on devices of their own, which have compiled nothing yet
    const run = async (prepare: boolean) => {
      const adapter = await (await nodeGpu()).requestAdapter()
      const device = await openAdapter(adapter!, { tiles: { read: () => measured, add: () => {} } })
      const network = smallNetwork(device, source)
      const batch = await network.minibatch(source)
      if (prepare) await network.prepare(batch, 60, undefined)
      compiled.length = 0
      // the last minibatch of an epoch is a smaller one
      for (const [step, nCells] of [60, 17].entries()) {
        network.gather(
          batch,
          Int32Array.from({ length: nCells }, (_, i) => i + step),
        )
        network.trainStep(batch, settingsOf(step + 1))
      }
      network.gather(
        batch,
        Int32Array.from({ length: 60 }, (_, i) => i),
      )
      network.evaluate(batch, { seed: 1, step: 3 })
      const result = { weights: bits(await network.state(true)), sums: await network.takeSums() }
      await device.dispose()
      return { result, compiled: [...compiled] }
    }
    const plain = await run(false)
    const prepared = await run(true)
    gpuDevice.createComputePipeline = createComputePipeline
    expect(plain.compiled.length).toBeGreaterThan(12)
    expect(prepared.compiled).toEqual([])
    expect(prepared.result).toEqual(plain.result)
  })

  it('asks for the kernels once for each number of cells', async () => {
    const network = smallNetwork(gpu!, source)
    const batch = await network.minibatch(source)
    let asked = 0
    const { countHead } = gpu!.kernels
    gpu!.kernels.countHead = (args) => {
      asked++
      countHead(args)
    }
    for (let step = 1; step <= 9; step++) {
      network.gather(batch, cellsOf(step, source))
      repeated(network, batch, settingsOf(step))
    }
    gpu!.kernels.countHead = countHead
    expect(asked).toBe(2)
    network.releaseMinibatch(batch)
    network.release()
  })

  it('works where its kernels are too many to be compiled for their places', async () => {
    const model = { nLayers: 8, nHidden: 4 }
    const one = async (take: Take) => {
      const network = smallNetwork(gpu!, source, model)
      const batch = await network.minibatch(source)
      const { dispatches } = gpu!.recorder
      for (let step = 1; step <= 2; step++) {
        network.gather(batch, cellsOf(1, source))
        take(network, batch, settingsOf(step))
      }
      const weights = bits(await network.state(true))
      network.releaseMinibatch(batch)
      network.release()
      return { weights, dispatches: gpu!.recorder.dispatches - dispatches }
    }
    const result = await one(repeated)
    expect(result).toEqual(await one(oneByOne))
    expect(result.dispatches / 2).toBeGreaterThan(64)
  })
})

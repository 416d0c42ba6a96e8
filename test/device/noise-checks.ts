import type { NoiseKey } from '../../src/device/device.js'
import { latentNormals, sampleLatent, sampleLatentGradient } from '../oracle/latent.js'
import { matrix } from '../oracle/matrix.js'
import { reluDropout, reluDropoutGradient } from '../oracle/relu-dropout.js'
import { type Check, near } from './check.js'
import { readAll, Setting, SHAPES, type Shape, shapeName } from './setting.js'

const TOLERANCE = 1e-5

function reluDropoutCheck(shape: Shape, seed: number, dropout: number): Check {
  const setting = new Setting(shape, seed)
  const noise: NoiseKey = { seed: 0xfedcba98 + seed, purpose: 16, step: 70_000 * seed }
  // Zeros are where the derivative jumps: it is 0 there.
  const inputValues = setting.rows(shape.hidden).map((x, i) => (i % 11 === 3 ? 0 : x))
  const outputGradient = setting.rows(shape.hidden)
  return {
    name: `reluDropout at ${dropout}: ${shapeName(shape)}`,
    async run(device) {
      const batch = await device.minibatch(setting.source, shape.capacity)
      const input = device.tensor(shape.capacity, shape.hidden, inputValues)
      const output = device.tensor(shape.capacity, shape.hidden)
      const gradient = device.tensor(shape.capacity, shape.hidden, outputGradient)
      const inputGradient = device.tensor(shape.capacity, shape.hidden)
      for (const cells of [setting.before, setting.chosen]) {
        device.gather(batch, cells)
        const args = { batch, input, output, dropout, noise }
        device.kernels.reluDropout(args)
        device.kernels.reluDropoutGradient({ ...args, outputGradient: gradient, inputGradient })
      }
      const outputs = await readAll(device, { output, inputGradient })
      device.release(batch, input, output, gradient, inputGradient)
      return outputs
    },
    expected() {
      const input = setting.used(inputValues)
      return {
        output: near(reluDropout(input, dropout, noise), TOLERANCE, 1),
        inputGradient: near(
          reluDropoutGradient(input, dropout, noise, setting.used(outputGradient)),
          TOLERANCE,
          1,
        ),
      }
    },
  }
}

interface LatentCase {
  dimensions: number
  noisy: boolean
  prior: boolean
  klWeight: number
}

function latentCheck(shape: Shape, seed: number, { dimensions, noisy, prior, klWeight }: LatentCase): Check {
  const setting = new Setting(shape, seed)
  const noise: NoiseKey | undefined = noisy ? { seed: 12345 + seed, purpose: 1, step: seed } : undefined
  const meanValues = setting.rows(dimensions)
  const rawValues = setting.rows(dimensions, 2)
  const outputGradient = setting.rows(dimensions)
  const batches = shape.categories[0]!
  const priorValues = Float32Array.from({ length: 2 * batches }, (_, i) =>
    i % 2 === 0 ? setting.draws.normal(3) : setting.draws.uniform(0.05, 2),
  )
  const how = `${noisy ? 'a draw' : 'the mean'}, ${prior ? 'prior by batch' : 'standard prior'}`
  return {
    name: `sampleLatent, ${dimensions} dimensions, ${how}, KL weight ${klWeight}: ${shapeName(shape)}`,
    async run(device) {
      const batch = await device.minibatch(setting.source, shape.capacity)
      const mean = device.tensor(shape.capacity, dimensions, meanValues)
      const rawVariance = device.tensor(shape.capacity, dimensions, rawValues)
      const output = device.tensor(shape.capacity, dimensions)
      const kl = device.tensor(shape.capacity, 1)
      const priorTensor = device.tensor(batches, 2, priorValues)
      const gradient = device.tensor(shape.capacity, dimensions, outputGradient)
      const meanGradient = device.tensor(shape.capacity, dimensions)
      const rawVarianceGradient = device.tensor(shape.capacity, dimensions)
      const options = { ...(noise ? { noise } : {}), ...(prior ? { prior: priorTensor } : {}) }
      for (const cells of [setting.before, setting.chosen]) {
        device.gather(batch, cells)
        const args = { batch, mean, rawVariance, output, kl, ...options }
        device.kernels.sampleLatent(args)
        const gradients = { outputGradient: gradient, klWeight, meanGradient, rawVarianceGradient }
        device.kernels.sampleLatentGradient({ ...args, ...gradients })
      }
      const outputs = await readAll(device, { output, kl, meanGradient, rawVarianceGradient })
      device.release(
        batch,
        mean,
        rawVariance,
        output,
        kl,
        priorTensor,
        gradient,
        meanGradient,
        rawVarianceGradient,
      )
      return outputs
    },
    expected() {
      const args = {
        mean: setting.used(meanValues),
        rawVariance: setting.used(rawValues),
        normals: latentNormals(shape.cells, dimensions, noise),
        ...(prior
          ? { prior: { table: matrix(batches, 2, priorValues), codes: setting.cells().categorical[0]! } }
          : {}),
      }
      const { output, kl } = sampleLatent(args)
      const gradient = sampleLatentGradient(args, setting.used(outputGradient), klWeight)
      return {
        output: near(output, TOLERANCE),
        kl: near(kl, TOLERANCE, 1),
        meanGradient: near(gradient.mean, TOLERANCE),
        rawVarianceGradient: near(gradient.rawVariance, TOLERANCE, 1),
      }
    },
  }
}

export function noiseChecks(): Check[] {
  const rates = [0, 0.1, 0.5]
  const latents: LatentCase[] = [
    { dimensions: 1, noisy: true, prior: true, klWeight: 1 },
    { dimensions: 10, noisy: true, prior: false, klWeight: 0.3 },
    { dimensions: 33, noisy: true, prior: false, klWeight: 1 },
    { dimensions: 1, noisy: false, prior: true, klWeight: 0.5 },
    { dimensions: 7, noisy: false, prior: false, klWeight: 0 },
  ]
  return SHAPES.flatMap((shape, i) => [
    reluDropoutCheck(shape, 4000 + i, rates[i % rates.length]!),
    latentCheck(shape, 4100 + i, latents[i % latents.length]!),
    latentCheck(shape, 4200 + i, latents[(i + 1) % latents.length]!),
  ])
}

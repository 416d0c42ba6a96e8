import type { NoiseKey, Tensor } from '../../device/device.js'
import { plus, StepNumber, type StepValue, times } from '../../device/step-number.js'
import { latentNormals, sampleLatent, sampleLatentGradient } from '../oracle/latent.js'
import { matrix } from '../oracle/matrix.js'
import type { NoiseNumbers } from '../oracle/philox.js'
import { reluDropout, reluDropoutGradient } from '../oracle/relu-dropout.js'
import { type Check, near } from './check.js'
import { fill, readAll, Setting, SHAPES, type Shape, shapeName } from './setting.js'

const TOLERANCE = 1e-5

/** A noise as numbers of the step, and the inputs with which they are those given. */
function byStep({ seed, purpose, step }: NoiseNumbers): { key: NoiseKey; inputs: Record<string, number> } {
  const key = {
    seed: plus(StepNumber.input('seed'), 5),
    purpose,
    step: times(2, StepNumber.input('half')),
  }
  return { key, inputs: { seed: seed - 5, half: step / 2 } }
}

/** Of steps before, whose numbers must not be found in what comes out. */
const OTHER_STEP = { seed: 99, half: 4, klWeight: 44 }

function reluDropoutCheck(shape: Shape, seed: number, dropout: number, stepNumbers: boolean): Check {
  const setting = new Setting(shape, seed)
  const noise: NoiseNumbers = { seed: 0xfedcba98 + seed, purpose: 16, step: 70_000 * seed }
  const { key, inputs } = byStep(noise)
  // Zeros are where the derivative jumps: it is 0 there.
  const inputValues = setting.rows(shape.hidden).map((x, i) => (i % 11 === 3 ? 0 : x))
  const outputGradient = setting.rows(shape.hidden)
  return {
    name: `reluDropout at ${dropout}${stepNumbers ? ' by step numbers' : ''}: ${shapeName(shape)}`,
    async run(device) {
      const batch = await device.minibatch(setting.source, shape.capacity)
      const input = device.tensor(shape.capacity, shape.hidden, inputValues)
      const output = device.tensor(shape.capacity, shape.hidden)
      const gradient = device.tensor(shape.capacity, shape.hidden, outputGradient)
      const inputGradient = device.tensor(shape.capacity, shape.hidden)
      const args = { batch, input, output, dropout, noise: stepNumbers ? key : noise }
      for (const [cells, numbers] of [
        [setting.before, OTHER_STEP],
        [setting.chosen, inputs],
      ] as const) {
        device.step(numbers)
        await fill(device, batch, cells)
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

/** The gradient by the KL divergences: one weight of their mean, as a number or one of the step, or one for each cell. */
type KlGradient = 'number' | 'step number' | 'tensor'

interface LatentCase {
  dimensions: number
  noisy: boolean
  prior: boolean
  klWeight: number
  kl?: KlGradient
  /** Nothing uses the draw. */
  unused?: boolean
}

function latentCheck(shape: Shape, seed: number, latent: LatentCase): Check {
  const { dimensions, noisy, prior, klWeight, kl: klGradient = 'number', unused = false } = latent
  const setting = new Setting(shape, seed)
  const noise: NoiseNumbers | undefined = noisy ? { seed: 12345 + seed, purpose: 1, step: seed } : undefined
  const { key, inputs } = byStep(noise ?? { seed: 5, purpose: 1, step: 0 })
  const klWeights = setting.rows(1)
  const meanValues = setting.rows(dimensions)
  const rawValues = setting.rows(dimensions, 2)
  const outputGradient = setting.rows(dimensions)
  const batches = shape.categories[0]!
  const priorValues = Float32Array.from({ length: 2 * batches }, (_, i) =>
    i % 2 === 0 ? setting.draws.normal(3) : setting.draws.uniform(0.05, 2),
  )
  const how = `${noisy ? 'a draw' : 'the mean'}${unused ? ', unused' : ''}, ${prior ? 'prior by batch' : 'standard prior'}`
  const weight = klGradient === 'tensor' ? 'by cell' : klWeight + (klGradient === 'number' ? '' : ' by step')
  return {
    name: `sampleLatent, ${dimensions} dimensions, ${how}, KL weight ${weight}: ${shapeName(shape)}`,
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
      const weights = device.tensor(shape.capacity, 1, klWeights)
      const ofKl: Record<KlGradient, StepValue | Tensor> = {
        number: klWeight,
        'step number': StepNumber.input('klWeight'),
        tensor: weights,
      }
      const args = {
        batch,
        mean,
        rawVariance,
        output,
        kl,
        ...(noise && { noise: klGradient === 'step number' ? key : noise }),
        ...(prior && { prior: priorTensor }),
      }
      const back = {
        ...args,
        ...(unused ? {} : { outputGradient: gradient }),
        klGradient: ofKl[klGradient],
        meanGradient,
        rawVarianceGradient,
      }
      for (const [cells, numbers] of [
        [setting.before, OTHER_STEP],
        [setting.chosen, { ...inputs, klWeight }],
      ] as const) {
        device.step(numbers)
        await fill(device, batch, cells)
        device.kernels.sampleLatent(args)
        device.kernels.sampleLatentGradient(back)
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
        weights,
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
      const used = setting.used(outputGradient)
      if (unused) used.values.fill(0)
      const gradient = sampleLatentGradient(args, used, (cell) =>
        klGradient === 'tensor' ? klWeights[cell]! : klWeight / shape.cells,
      )
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
  const further: LatentCase[] = [
    { dimensions: 10, noisy: true, prior: false, klWeight: 0.4, kl: 'step number' },
    { dimensions: 1, noisy: true, prior: true, klWeight: 1.5, kl: 'step number' },
    { dimensions: 10, noisy: true, prior: false, klWeight: 0, kl: 'tensor' },
    { dimensions: 1, noisy: true, prior: true, klWeight: 0, kl: 'tensor' },
    { dimensions: 3, noisy: false, prior: false, klWeight: 0, kl: 'tensor', unused: true },
    { dimensions: 10, noisy: true, prior: false, klWeight: 0.7, unused: true },
    { dimensions: 1, noisy: true, prior: true, klWeight: 0.6, kl: 'step number', unused: true },
  ]
  return [
    ...SHAPES.flatMap((shape, i) => [
      reluDropoutCheck(shape, 4000 + i, rates[i % rates.length]!, i % 4 === 1),
      latentCheck(shape, 4100 + i, latents[i % latents.length]!),
      latentCheck(shape, 4200 + i, latents[(i + 1) % latents.length]!),
    ]),
    ...further.map((latent, i) => latentCheck(SHAPES[3 + (i % 3)]!, 4300 + i, latent)),
  ]
}

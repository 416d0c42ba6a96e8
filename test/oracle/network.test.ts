import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { countsInMemory } from '../../src/cells/counts-in-memory.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { CellRow, CellSource, Device } from '../../src/device/device.js'
import { Network } from '../../src/network/network.js'
import { NOISE } from '../../src/numeric/philox.js'
import { ADAM, expectedAdam } from '../device/adam-expected.js'
import { largest } from '../device/check.js'
import { expectNear } from '../device/expect-near.js'
import { plainTensorFlow } from '../device/plain-tensorflow.js'
import { autodiffLoss, type LossInput } from './autodiff.js'
import { latentNormals } from './latent.js'
import { at } from './matrix.js'
import { lossInput, MODEL_CASES, modelGraph, modelParameters } from './model-case.js'

/** Of float32 kernels against float32 automatic differentiation, of a parameter's largest gradient (at least 1). */
const TOLERANCE = 1e-4

/** A data set of the cells of a loss, in reverse order so that gathering matters. */
function reversedSource({ cells }: LossInput): CellSource {
  const n = cells.counts.rows
  const nGenes = cells.counts.columns
  const back = <T>(values: readonly T[]) => values.toReversed()
  const row = (cell: number): CellRow => {
    const counts = Float32Array.from({ length: nGenes }, (_, g) => at(cells.counts, n - 1 - cell, g))
    const genes = Int32Array.from(counts.keys()).filter((g) => counts[g]! > 0)
    return { genes, counts: Float32Array.from(genes, (g) => counts[g]!) }
  }
  return {
    nCells: n,
    nGenes,
    counts: countsInMemory(n, nGenes, row),
    categorical: cells.categorical.map((codes) => Int32Array.from(back(codes))),
    continuous: cells.continuous.map((values) => Float32Array.from(back(values))),
    size: Float32Array.from(back(cells.size)),
  }
}

const DEVICES: Record<string, () => Promise<Device>> = {
  'CPU threads': () => createCpuDevice({ threads: 2 }),
  'TensorFlow.js in plain JavaScript': plainTensorFlow,
}

describe.each(Object.entries(DEVICES))('network on %s', (_, makeDevice) => {
  let device: Device
  beforeAll(async () => {
    device = await makeDevice()
  })
  afterAll(() => device?.dispose())

  it.each(Object.entries(MODEL_CASES))(
    'has the loss and the gradients of automatic differentiation, %s',
    async (_, options) => {
      const seed = 31
      const step = 1
      const input = lossInput(options, seed)
      const { config, cells, categories } = input
      const n = cells.counts.rows
      // the draws that the network's kernels make
      input.noise = {
        latent: latentNormals(n, config.nLatent, { seed, purpose: NOISE.latent, step }),
        library: latentNormals(n, 1, { seed, purpose: NOISE.library, step }),
      }
      const parameters = modelParameters(input, 8)
      const shape = {
        nGenes: cells.counts.columns,
        categories,
        nContinuous: cells.continuous.length,
        libraryPrior: Float32Array.from(input.libraryPrior!.values),
      }
      const network = new Network(device, modelGraph(config, shape, 0), n + 3)
      const state = await network.state()
      for (const [name, { rows, columns, values }] of Object.entries(parameters)) {
        expect(state.has(name), name).toBe(true)
        state.set(name, { rows, columns, values: Float32Array.from(values) })
      }
      network.setState(state)

      const batch = await network.minibatch(reversedSource(input))
      network.gather(
        batch,
        Int32Array.from({ length: n }, (_, i) => n - 1 - i),
      )
      const training = { seed, step, klWeight: input.klWeight, adam: ADAM }
      network.gradients(batch, training)
      const sums = await network.takeSums()
      const gradients = await network.parameters.readGradients()
      // from the same weights, a whole step with its updates
      network.trainStep(batch, training)
      const after = await network.state(true)
      network.releaseMinibatch(batch)
      network.release()

      const expected = autodiffLoss(parameters, input)
      expect(sums.logLikelihood! / n).toBeCloseTo(-expected.reconstruction, 3)
      expect(sums.klLatent! / n).toBeCloseTo(expected.klLatent, 3)
      expect((sums.klLibrary ?? 0) / n).toBeCloseTo(expected.klLibrary, 3)
      expect([...gradients.keys()].sort()).toEqual(Object.keys(expected.gradients).sort())
      const off: string[] = []
      for (const [name, { values }] of Object.entries(expected.gradients)) {
        const actual = gradients.get(name)!.values
        expect(actual.length, name).toBe(values.length)
        const scale = values.reduce((largest, x) => Math.max(largest, Math.abs(x)), 1)
        const worst = values.reduce((most, x, i) => Math.max(most, Math.abs(x - actual[i]!)), 0)
        if (!(worst <= TOLERANCE * scale)) off.push(`${name}: off by ${worst}, gradients up to ${scale}`)
      }
      expect(off).toEqual([])

      // every parameter is updated once, by whichever kernel does it
      for (const [name, gradient] of Object.entries(expected.gradients)) {
        const { rows, columns, values } = parameters[name]!
        const zeros = new Float32Array(values.length)
        const before = {
          name,
          rows,
          columns,
          value: Float32Array.from(values),
          firstMoment: zeros,
          secondMoment: zeros,
        }
        const outputs = {
          [`${name}.value`]: after.get(name)!.values,
          [`${name}.firstMoment`]: after.get(`${name}@first`)!.values,
          [`${name}.secondMoment`]: after.get(`${name}@second`)!.values,
        }
        const floor = largest(gradient.values, [1])
        expectNear(outputs, expectedAdam(before, gradient, TOLERANCE, floor, ADAM))
      }
    },
  )
})

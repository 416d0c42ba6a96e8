import { expect } from 'vitest'
import { countsInMemory } from '../../src/cells/counts-in-memory.js'
import { ADAM, expectedAdam } from '../../src/check/kernels/adam-expected.js'
import { largest } from '../../src/check/kernels/check.js'
import { latentNormals } from '../../src/check/oracle/latent.js'
import { at } from '../../src/check/oracle/matrix.js'
import type { CellRow, CellSource, Device } from '../../src/device/device.js'
import { type ExtraTerm, withTerms } from '../../src/models/loss-terms.js'
import { type LossSums, Network } from '../../src/network/network.js'
import type { NetworkState } from '../../src/network/parameters.js'
import { NOISE } from '../../src/numeric/philox.js'
import { expectNear } from '../device/expect-near.js'
import type { LossInput, NamedMatrices } from './autodiff.js'
import { modelGraph } from './model-case.js'

const STEP = 1

/** Gives an input the draws that a network's kernels make in the step under test. */
export function withNetworkNoise(input: LossInput, seed: number): LossInput {
  const n = input.cells.counts.rows
  return {
    ...input,
    noise: {
      latent: latentNormals(n, input.config.nLatent, { seed, purpose: NOISE.latent, step: STEP }),
      library: latentNormals(n, 1, { seed, purpose: NOISE.library, step: STEP }),
    },
  }
}

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

/** What a step of training leaves. */
export interface NetworkRun {
  sums: LossSums
  gradients: NetworkState
  /** Weights and moments after a whole step from the same weights. */
  after: NetworkState
}

/**
 * One step of a network over the cells of an input.
 *
 * @param source the same cells in reverse order, where they come from elsewhere
 */
export async function networkRun(
  device: Device,
  parameters: NamedMatrices,
  input: LossInput,
  seed: number,
  terms: readonly ExtraTerm[] = [],
  source: CellSource = reversedSource(input),
): Promise<NetworkRun> {
  const { config, cells, categories } = input
  const n = cells.counts.rows
  const shape = {
    nGenes: cells.counts.columns,
    categories,
    nContinuous: cells.continuous.length,
    libraryPrior: Float32Array.from(input.libraryPrior!.values),
  }
  const network = new Network(device, withTerms(modelGraph(config, shape, 0), terms), n + 3)
  const state = await network.state()
  for (const [name, { rows, columns, values }] of Object.entries(parameters)) {
    expect(state.has(name), name).toBe(true)
    state.set(name, { rows, columns, values: Float32Array.from(values) })
  }
  network.setState(state)

  const batch = await network.minibatch(source)
  network.gather(
    batch,
    Int32Array.from({ length: n }, (_, i) => n - 1 - i),
  )
  const training = { seed, step: STEP, klWeight: input.klWeight, adam: ADAM }
  network.gradients(batch, training)
  const sums = await network.takeSums()
  const gradients = await network.parameters.readGradients()
  network.trainStep(batch, training)
  const after = await network.state(true)
  network.releaseMinibatch(batch)
  network.release()
  return { sums, gradients, after }
}

/** Holds gradients against an oracle's, within `tolerance` of a parameter's largest (at least of 1). */
export function expectGradients(actual: NetworkState, expected: NamedMatrices, tolerance: number): void {
  expect([...actual.keys()].sort()).toEqual(Object.keys(expected).sort())
  const off: string[] = []
  for (const [name, { values }] of Object.entries(expected)) {
    const found = actual.get(name)!.values
    expect(found.length, name).toBe(values.length)
    const scale = largest(values, [1])
    const worst = values.reduce((most, x, i) => Math.max(most, Math.abs(x - found[i]!)), 0)
    if (!(worst <= tolerance * scale)) off.push(`${name}: off by ${worst}, gradients up to ${scale}`)
  }
  expect(off).toEqual([])
}

/** Every parameter is updated once, by whichever kernel does it. */
export function expectUpdates(
  after: NetworkState,
  parameters: NamedMatrices,
  gradients: NamedMatrices,
  tolerance: number,
): void {
  for (const [name, gradient] of Object.entries(gradients)) {
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
    expectNear(outputs, expectedAdam(before, gradient, tolerance, floor, ADAM))
  }
}

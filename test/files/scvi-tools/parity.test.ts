/**
 * The same model as scvi-tools, number by number: models that it trained, read by us, against what it computes with them in
 * float64. `SCVAE_SHOW_PARITY=1 npx vitest run test/files/scvi-tools/parity.test.ts` prints the largest differences.
 */

import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { largest } from '../../../src/check/kernels/check.js'
import { availableBuilds } from '../../../src/device/cpu/builds.js'
import { createCpuDevice } from '../../../src/device/cpu/cpu-device.js'
import type { Device, Minibatch } from '../../../src/device/device.js'
import { convertScviModel } from '../../../src/files/scvi-tools/import.js'
import { importWeights } from '../../../src/files/scvi-tools/weights.js'
import { loadingsOf } from '../../../src/models/loadings.js'
import { SCVI } from '../../../src/models/scvi.js'
import type { NetworkState } from '../../../src/network/parameters.js'
import { plainTensorFlow } from '../../device/plain-tensorflow.js'
import { WEBGPU_IF_ALL } from '../../device/webgpu-if-all.js'
import { decodeMeans } from '../../network/decode-means.js'
import {
  debugState,
  fixtureCells,
  fixtureFolder,
  fixtureNames,
  stateDict,
  temporaryFolder,
} from './fixtures.js'

/** As in scvi_debug_state.py. */
const SEED = 20260731
const KL_WEIGHT = 0.37
const ADAM = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 0.01, weightDecay: 1e-6 }
const STEPS = 10

/** Largest differences that pass, each measured as {@link Differences} says. */
const TOLERANCES = {
  latent: 1e-5,
  loadings: 1e-5,
  decoder: 1e-5,
  terms: 2e-5,
  gradients: 1e-4,
  losses: 1e-5,
  weights: 2e-4,
  running: 1e-5,
}

/** The largest difference of each group of tensors. */
type Differences = Record<keyof typeof TOLERANCES, number>

const ADDED_TO_VARIANCE = 1e-4

/** Largest difference, absolute. */
const apart = (actual: ArrayLike<number>, expected: ArrayLike<number>): number => {
  expect(actual.length).toBe(expected.length)
  let worst = 0
  // Math.max carries NaN, which passes no tolerance
  for (let i = 0; i < expected.length; i++) worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!))
  return worst
}

/** Largest difference, each as a share of its value, or of 1 for values below. */
const relative = (actual: ArrayLike<number>, expected: ArrayLike<number>): number => {
  expect(actual.length).toBe(expected.length)
  let worst = 0
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!) / Math.max(1, Math.abs(expected[i]!)))
  }
  return worst
}

class Comparison {
  readonly #name: string
  readonly #expected: NetworkState
  readonly #model: SCVI

  private constructor(name: string, model: SCVI) {
    this.#name = name
    this.#expected = debugState(name)
    this.#model = model
  }

  static async create(name: string, folder: string, device: Device): Promise<Comparison> {
    convertScviModel(fixtureFolder(name), folder)
    return new Comparison(name, await SCVI.load(folder, fixtureCells(), { device }))
  }

  async differences(): Promise<Differences> {
    const { network, cells } = this.#model
    const batch = await network.minibatch(cells)
    const all = Int32Array.from({ length: cells.nCells }, (_, cell) => cell)
    network.gather(batch, all)
    try {
      return {
        latent: await this.#latent(),
        loadings: await this.#loadings(),
        decoder: await this.#decoder(batch),
        terms: await this.#terms(batch),
        ...(await this.#training(batch, all)),
      }
    } finally {
      network.releaseMinibatch(batch)
      await this.#model.dispose()
    }
  }

  #values(name: string): Float32Array {
    return this.#expected.get(name)!.values
  }

  /** Of the posterior's means and standard deviations, absolute. */
  async #latent(): Promise<number> {
    const { means, variances } = await this.#model.getLatentPosterior()
    expect(Math.min(...variances.values)).toBeGreaterThan(ADDED_TO_VARIANCE)
    return Math.max(
      apart(means.values, this.#values('mean')),
      apart(variances.values.map(Math.sqrt), this.#values('variance').map(Math.sqrt)),
    )
  }

  /** Of a linear decoder's loadings, relative. */
  async #loadings(): Promise<number> {
    const { network } = this.#model
    if (network.config.decoder !== 'linear') return 0
    const { values } = loadingsOf(await network.state(), network.config)
    return relative(values, this.#values('loadings'))
  }

  /** Of expected counts and of logits of dropout, relative. */
  async #decoder(batch: Minibatch): Promise<number> {
    const { network } = this.#model
    const zinb = network.config.likelihood === 'zinb'
    const means = await decodeMeans(network, batch, this.#values('mean'))
    return Math.max(
      relative(means.mean, this.#values('rate')),
      zinb ? relative(means.zeroLogits!, this.#values('dropout')) : 0,
    )
  }

  /** Of each term of each cell's ELBO, relative. */
  async #terms(batch: Minibatch): Promise<number> {
    const { network, cells } = this.#model
    const terms: [number[], number[], number[]] = [[], [], []]
    for (let cell = 0; cell < cells.nCells; cell++) {
      network.gather(batch, Int32Array.of(cell))
      network.evaluate(batch, { seed: SEED, step: 0 })
      const { logLikelihood = 0, klLatent = 0, klLibrary = 0 } = await network.takeSums()
      for (const [i, term] of [-logLikelihood, klLatent, klLibrary].entries()) terms[i]!.push(term)
    }
    return relative(terms.flat(), this.#values('terms'))
  }

  /**
   * Of the first step's gradients, each as a share of the largest of its tensor (of its layer's weights for a bias, whose
   * gradient is 0 below a batch norm); of ten steps' losses, relative; of the way that weights went in ten steps, as a share
   * of the longest way in a tensor; of running statistics, relative.
   */
  async #training(
    batch: Minibatch,
    all: Int32Array,
  ): Promise<Pick<Differences, 'gradients' | 'losses' | 'weights' | 'running'>> {
    const { network } = this.#model
    const start = await network.state()
    network.gather(batch, all)
    network.gradients(batch, { seed: SEED, step: 1, klWeight: KL_WEIGHT, adam: { ...ADAM, step: 1 } })
    const gradients = await network.parameters.readGradients()
    network.setState(start)
    network.parameters.resetMoments()
    await network.takeSums()

    const losses: number[] = []
    for (let step = 1; step <= STEPS; step++) {
      network.trainStep(batch, { seed: SEED, step, klWeight: KL_WEIGHT, adam: { ...ADAM, step } })
      const { logLikelihood = 0, klLatent = 0, klLibrary = 0 } = await network.takeSums()
      losses.push(...[-logLikelihood, klLatent, klLibrary].map((sum) => sum / all.length))
    }
    const after = await network.state()

    const expectedGradients = this.#ours('gradient/')
    const expectedAfter = this.#ours('after/')
    const found = { gradients: 0, losses: relative(losses, this.#values('losses')), weights: 0, running: 0 }
    for (const [name, { values }] of after) {
      const expected = expectedAfter.get(name)!.values
      if (name.endsWith('.running')) {
        found.running = Math.max(found.running, relative(values, expected))
        continue
      }
      const gradient = expectedGradients.get(name)!.values
      const layer = expectedGradients.get(name.replace(/\.bias$/, '.weight'))!.values
      const share = apart(gradients.get(name)!.values, gradient) / largest(gradient, layer)
      found.gradients = Math.max(found.gradients, share)
      // a bias below a batch norm moves nothing but the running mean: rounding alone drives it
      if (name.endsWith('.bias') && after.has(name.replace(/\.bias$/, '.norm.scale'))) continue
      const from = start.get(name)!.values
      const way = (to: Float32Array) => to.map((value, i) => value - from[i]!)
      const longest = Math.max(largest(way(expected)), ADAM.learningRate)
      found.weights = Math.max(found.weights, apart(way(values), way(expected)) / longest)
    }
    return found
  }

  /** Tensors of the debug state under our names and in our layouts. */
  #ours(prefix: string): NetworkState {
    const shapes = stateDict(fixtureFolder(this.#name))
    const asked = new Set<string>()
    const { config, shape } = this.#model.network
    const state = importWeights(
      config,
      shape,
      (name) => {
        const like = shapes.get(name)
        if (!like) return undefined
        asked.add(name)
        // running statistics have no gradient
        const isNone = prefix === 'gradient/' && name.includes('.running_')
        return {
          ...like,
          values: isNone ? new Float32Array(like.values.length) : this.#values(prefix + name),
        }
      },
      (problem) => new Error(problem),
    )
    if (prefix === 'gradient/') {
      // every parameter that gets a gradient in scvi-tools is one of ours, and no other
      const trained = [...this.#expected.keys()].filter((name) => name.startsWith(prefix))
      const ours = [...asked].filter((name) => !name.includes('.running_')).map((name) => prefix + name)
      expect(ours.sort()).toEqual(trained.sort())
    }
    return state
  }
}

const show = process.env.SCVAE_SHOW_PARITY !== undefined

const threads = 2
const devices: Record<string, () => Promise<Device>> = {
  ...Object.fromEntries(
    availableBuilds().map((kernels) => [kernels, () => createCpuDevice({ threads, kernels })]),
  ),
  'TensorFlow.js in plain JavaScript': plainTensorFlow,
  ...WEBGPU_IF_ALL,
}

for (const [deviceName, open] of Object.entries(devices)) {
  describe(`scvi-tools and scvae (${deviceName})`, { timeout: 120_000 }, async () => {
    const device = await open()
    const folder = temporaryFolder()
    const table: Record<string, Record<string, string>> = {}
    afterAll(async () => {
      await device.dispose()
      if (show) console.table(table)
    })

    it.each(fixtureNames())('%s', async (name) => {
      const comparison = await Comparison.create(name, join(folder, name), device)
      const differences = await comparison.differences()
      const digits = Object.entries(differences).map(([group, value]) => [group, value.toExponential(1)])
      table[name] = Object.fromEntries(digits)
      for (const [group, limit] of Object.entries(TOLERANCES)) {
        expect(differences[group as keyof Differences], group).toBeLessThanOrEqual(limit)
      }
    })
  })
}

import { Setting, type Shape } from '../../src/check/kernels/setting.js'
import { filled, matrix } from '../../src/check/oracle/matrix.js'
import { noiseNormal, noiseUniform } from '../../src/check/oracle/philox.js'
import type { Device } from '../../src/device/device.js'
import { type ModelConfig, modelConfig, PLAIN_MODEL } from '../../src/network/config.js'
import type { NetworkShape } from '../../src/network/model-graph.js'
import { Network, type NetworkOptions } from '../../src/network/network.js'
import type { NetworkState } from '../../src/network/parameters.js'
import { NOISE } from '../../src/numeric/philox.js'
import type { LossInput, NamedMatrices } from '../oracle/autodiff.js'
import { modelGraph } from '../oracle/model-case.js'

export const SEED = 20260731
export const STEP = 17
export const KL_WEIGHT = 0.37
export const ADAM = {
  learningRate: 1e-3,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 0.01,
  weightDecay: 1e-3,
  step: 1,
}

export interface Case {
  name: string
  model?: Partial<ModelConfig>
  /** Numbers of categories, the batch first. */
  categories?: readonly number[]
  continuous?: number
}

/** One case with its data, its starting weights and what the oracle takes. */
export class ModelSetting {
  readonly config: ModelConfig
  readonly shape: NetworkShape
  readonly setting: Setting

  constructor({ model, categories = [1], continuous = 0 }: Case) {
    this.config = modelConfig(
      { nHidden: 19, nLatent: 5, dropoutRate: 0, priorComponents: 6, ...model },
      PLAIN_MODEL,
    )
    const data: Shape = { genes: 67, hidden: 19, cells: 41, capacity: 50, categories, continuous }
    this.setting = new Setting(data, 5)
    const priors = Float32Array.from({ length: 2 * categories[0]! }, (_, i) =>
      i % 2 ? 0.4 + i / 10 : 4 + i / 5,
    )
    const { genes: nGenes } = data
    const { prior, priorComponents } = this.config
    this.shape = {
      nGenes,
      categories,
      nContinuous: continuous,
      libraryPrior: priors,
      ...(prior === 'vamp' && { pseudoInputs: this.setting.draws.uniforms(priorComponents * nGenes, 0, 2) }),
    }
  }

  network(device: Device, options: NetworkOptions & { seed?: number } = {}): Network {
    const { seed = 3, ...rest } = options
    const graph = modelGraph(this.config, this.shape, seed)
    return new Network(device, graph, this.setting.shape.capacity, rest)
  }

  lossInput(): LossInput {
    const { config, setting, shape } = this
    const cells = setting.cells()
    const noise = (purpose: number, columns: number) => {
      const key = { seed: SEED, purpose, step: STEP }
      return filled(setting.shape.cells, columns, (row, column) => noiseNormal(key, row, column))
    }
    const masks: NamedMatrices = {}
    const layers = Array.from({ length: config.nLayers }, (_, i) => `z_encoder.fc${i}`)
    if (config.library === 'latent') layers.push('l_encoder.fc0')
    for (const [i, layer] of layers.entries()) {
      const rate = config.dropoutRate
      if (rate === 0) continue
      const key = { seed: SEED, purpose: NOISE.dropoutEncoder + i, step: STEP }
      masks[layer] = filled(setting.shape.cells, config.nHidden, (row, column) =>
        noiseUniform(key, row, column) < Math.fround(rate) ? 0 : 1 / (1 - rate),
      )
    }
    return {
      config,
      cells,
      categories: shape.categories,
      libraryPrior: matrix(shape.categories[0]!, 2, shape.libraryPrior),
      noise: { latent: noise(NOISE.latent, config.nLatent), library: noise(NOISE.library, 1) },
      masks,
      klWeight: KL_WEIGHT,
    }
  }
}

/** The network's first weights, where a start at 0 or 1 would hide what they do: norms and priors are spread. */
export async function unevenState(network: Network, { draws }: Setting): Promise<NetworkState> {
  const state = await network.state(true)
  for (const [name, { values }] of state) {
    if (name.endsWith('.norm.scale')) values.set(draws.uniforms(values.length, 0.5, 1.5))
    if (name.endsWith('.norm.shift')) values.set(draws.normals(values.length, 0.3))
    if (/^prior\.\w+$/.test(name)) values.set(draws.normals(values.length, 0.6))
  }
  network.setState(state, true)
  return state
}

export const toMatrices = (network: Network, state: NetworkState): NamedMatrices =>
  Object.fromEntries(
    network.parameters.names().map((name) => {
      const { rows, columns, values } = state.get(name)!
      return [name, matrix(rows, columns, values)]
    }),
  )

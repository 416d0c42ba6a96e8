import { afterAll, describe, expect, it } from 'vitest'
import { largest } from '../../src/check/kernels/check.js'
import type { ModelConfig } from '../../src/network/config.js'
import { sum } from '../../src/network/functions.js'
import { Network } from '../../src/network/network.js'
import { CountHead, type HeadShape } from '../../src/network/ops/count-head.js'
import { square } from '../../src/network/terms.js'
import type { Trained } from '../../src/network/weights.js'
import { plainTensorFlow } from '../device/plain-tensorflow.js'
import { modelGraph } from '../oracle/model-case.js'
import { decodeMeans } from './decode-means.js'
import { ADAM, KL_WEIGHT, ModelSetting, SEED, STEP } from './model-setting.js'

const training = { seed: SEED, step: STEP, klWeight: KL_WEIGHT, adam: ADAM }

describe('Network', async () => {
  const device = await plainTensorFlow()
  afterAll(() => device.dispose())

  it('makes no parameter that the loss does not reach', () => {
    const names = (model: Partial<ModelConfig>) => {
      const setting = new ModelSetting({ name: '', model })
      const network = setting.network(device)
      const optional = /^(l_encoder|px_r|px_dropout|prior)/
      const found = network.parameters.names().filter((name) => optional.test(name))
      network.release()
      return [...new Set(found.map((name) => name.split('.')[0]!))].sort()
    }
    expect(names({})).toEqual(['px_r'])
    expect(names({ likelihood: 'poisson' })).toEqual([])
    expect(names({ likelihood: 'zinb' })).toEqual(['px_dropout', 'px_r'])
    expect(names({ library: 'latent' })).toEqual(['l_encoder', 'px_r'])
    expect(names({ prior: 'mixture' })).toEqual(['prior', 'px_r'])
  })

  it('has no head without the parameters of its likelihood', () => {
    const { config, shape } = new ModelSetting({ name: '' })
    const { head } = modelGraph(config, shape, 0)
    const { logDispersion: _, ...bare }: HeadShape = head.shape
    expect(() => new CountHead({ ...bare, likelihood: 'poisson' })).not.toThrow()
    expect(() => new CountHead(bare)).toThrow('A head of nb needs dispersions.')
    expect(() => new CountHead({ ...head.shape, likelihood: 'zinb' })).toThrow(
      'A zinb head needs weights or logits of its zeros.',
    )
  })

  it('starts from the seed, within the bounds of PyTorch', async () => {
    const model = new ModelSetting({ name: '', categories: [3] })
    const make = async (seed: number) => {
      const network = model.network(device, { seed })
      const state = await network.state()
      network.release()
      return state
    }
    const [first, again, other] = [await make(1), await make(1), await make(2)]
    expect(again).toEqual(first)
    expect(other.get('px_r')!.values).not.toEqual(first.get('px_r')!.values)
    // five latent dimensions and three batches come in
    const weight = first.get('decoder.fc0.weight')!
    expect([weight.rows, weight.columns]).toEqual([8, 19])
    const bound = 1 / Math.sqrt(8)
    expect(largest(weight.values)).toBeLessThanOrEqual(Math.fround(bound))
    expect(largest(weight.values)).toBeGreaterThan(0.95 * bound)
  })

  it('takes running statistics and no dropout in evaluation', async () => {
    const model = new ModelSetting({ name: '', model: { dropoutRate: 0.5 } })
    const network = model.network(device)
    const batch = await network.minibatch(model.setting.source)
    network.gather(batch, model.setting.chosen)
    const first = await network.encode(batch)
    const alone = await network.minibatch(model.setting.source)
    network.gather(alone, model.setting.chosen.slice(0, 1))
    const one = await network.encode(alone)
    // a cell's posterior does not depend on the cells beside it
    expect(one.mean).toEqual(first.mean.slice(0, model.config.nLatent))
    expect(one.variance).toEqual(first.variance.slice(0, model.config.nLatent))
    network.releaseMinibatch(batch)
    network.releaseMinibatch(alone)
    network.release()
  })

  it('adds the terms of the loss up over minibatches until they are taken', async () => {
    const model = new ModelSetting({ name: '', model: { library: 'latent' }, categories: [2] })
    const network = model.network(device)
    const batch = await network.minibatch(model.setting.source)
    const evaluated = async (...parts: Int32Array[]) => {
      for (const cells of parts) {
        network.gather(batch, cells)
        network.evaluate(batch, { seed: 4, step: 1 })
      }
      return network.takeSums()
    }
    const { chosen } = model.setting
    const parts = [chosen.slice(0, 30), chosen.slice(30)] as const
    const [both, first, second] = [
      await evaluated(...parts),
      await evaluated(parts[0]),
      await evaluated(parts[1]),
    ]
    expect(Object.keys(both)).toEqual(['logLikelihood', 'klLatent', 'klLibrary'])
    for (const [name, total] of Object.entries(both))
      expect((first[name]! + second[name]!) / total).toBeCloseTo(1, 5)
    expect(await network.takeSums()).toEqual({ logLikelihood: 0, klLatent: 0, klLibrary: 0 })
    network.releaseMinibatch(batch)
    network.release()
  })

  it('decodes given latents as its own, and forgets what is large', async () => {
    const model = new ModelSetting({ name: '', model: { likelihood: 'zinb' }, categories: [3] })
    const network = model.network(device)
    const batch = await network.minibatch(model.setting.source)
    network.gather(batch, model.setting.chosen)
    const { latent, head, means } = network.model
    const values = [head.logLikelihood, ...means.outputs]
    const [logLikelihood, mean, zeroLogits] = await network.values(batch, values)
    const { mean: posterior } = await network.encode(batch)
    expect(await decodeMeans(network, batch, posterior)).toEqual({ logLikelihood, mean, zeroLogits })
    // means add up to sizes
    const { size } = model.setting.cells()
    const { genes } = model.setting.shape
    for (const [cell, total] of size.entries()) {
      const row = mean!.subarray(cell * genes, (cell + 1) * genes)
      expect(row.reduce((all, x) => all + x, 0) / total).toBeCloseTo(1, 5)
    }
    const moved = await decodeMeans(
      network,
      batch,
      posterior.map((x) => x + 1),
    )
    expect(moved.mean).not.toEqual(mean)
    network.forget([...means.outputs, latent.draw])
    expect(await network.values(batch, values)).toEqual([logLikelihood, mean, zeroLogits])
    network.releaseMinibatch(batch)
    network.release()
  })

  it('trains what it is told to train', async () => {
    const model = new ModelSetting({ name: '', model: { prior: 'vamp' }, categories: [3] })
    const some: Record<string, Trained> = {
      'px_scale.weight': false,
      'px_scale.bias': false,
      px_r: false,
      'z_encoder.fc0.bias': false,
      // the rows of the batches
      'decoder.fc0.weight': [5, 8],
      'z_encoder.fc0.weight': [3, 4],
      'prior.pseudo_inputs': false,
    }
    const run = async (trained: (name: string) => Trained) => {
      const network = model.network(device, { trained })
      const before = await network.state(true)
      const batch = await network.minibatch(model.setting.source)
      network.gather(batch, model.setting.chosen)
      network.trainStep(batch, training)
      const after = await network.state(true)
      network.releaseMinibatch(batch)
      network.release()
      return { before, after }
    }
    const all = await run(() => true)
    const { before, after } = await run((name) => some[name] ?? true)
    for (const name of before.keys()) {
      const [weight = ''] = name.split('@')
      const part = some[weight] ?? true
      const { rows, columns } = before.get(name)!
      const [first, end] = part === true ? [0, rows] : part === false ? [0, 0] : part
      const within = (i: number) => i >= first * columns && i < end * columns
      // as in the run that trains all of it, and as it was elsewhere
      const [moved, still] = [all.after.get(name)!.values, before.get(name)!.values]
      const expected = still.map((x, i) => (within(i) ? moved[i]! : x))
      const actual = after.get(name)!.values
      const off = actual.reduce((most, x, i) => Math.max(most, Math.abs(x - expected[i]!)), 0)
      expect(off, name).toBeLessThan(1e-7)
      if (part !== false && !weight.includes('running')) expect(actual, name).not.toEqual(still)
    }
  })

  it('adds a term to the loss', async () => {
    const model = new ModelSetting({ name: '' })
    const made = modelGraph(model.config, model.shape, 1)
    const penalty = sum(made.graph, square(made.graph.valueOf(made.head.shape.logDispersion!)), 'all')
    const gradients = async (weight: number) => {
      const loss = weight ? [...made.loss, { value: penalty, weight }] : made.loss
      const network = new Network(device, { ...made, loss }, model.setting.shape.capacity)
      const batch = await network.minibatch(model.setting.source)
      network.gather(batch, model.setting.chosen)
      network.gradients(batch, training)
      const { values } = (await network.parameters.readGradients()).get('px_r')!
      const state = (await network.state()).get('px_r')!.values
      network.releaseMinibatch(batch)
      network.release()
      return { values, state }
    }
    const [without, { values, state }] = [await gradients(0), await gradients(0.25)]
    for (const [i, x] of values.entries()) expect(x).toBeCloseTo(without.values[i]! + 0.5 * state[i]!, 5)
  })

  it('refuses terms of the loss that are no numbers of the cells, or come twice', async () => {
    const model = new ModelSetting({ name: '' })
    const made = modelGraph(model.config, model.shape, 1)
    const { loss, latent } = made
    const step = async (terms: typeof loss) => {
      const network = new Network(device, { ...made, loss: terms }, model.setting.shape.capacity)
      const batch = await network.minibatch(model.setting.source)
      network.gather(batch, model.setting.chosen)
      try {
        network.gradients(batch, training)
      } finally {
        network.releaseMinibatch(batch)
        network.release()
      }
    }
    await expect(step([...loss, { value: latent.draw, weight: 1 }])).rejects.toThrow(
      'A term of the loss is one number, or one for each cell; draw (cells × 5) is neither.',
    )
    await expect(step([...loss, loss[0]!])).rejects.toThrow(
      'log-likelihood (cells × 1) is a term of the loss twice.',
    )
    const { mean } = made.means
    await expect(step([{ value: sum(made.graph, mean, 'columns'), weight: 1 }])).rejects.toThrow(
      'Expected counts have no gradient',
    )
  })

  it('refuses weights of another shape or with a tensor missing', async () => {
    const model = new ModelSetting({ name: '' })
    const network = model.network(device)
    const state = await network.state()
    const bias = state.get('px_scale.bias')!
    state.set('px_scale.bias', { rows: 1, columns: 3, values: new Float32Array(3) })
    expect(() => network.setState(state)).toThrow(
      'The tensor "px_scale.bias" of the model\'s weights is 1 x 3, not 1 x 67.',
    )
    state.delete('px_scale.bias')
    expect(() => network.setState(state)).toThrow('The model\'s weights have no tensor "px_scale.bias".')
    state.set('px_scale.bias', bias)
    expect(() => network.setState(state)).not.toThrow()
    network.release()
  })
})

import { afterAll, describe, expect, it } from 'vitest'
import { expectedAdam } from '../../src/check/kernels/adam-expected.js'
import { largest as largestOf } from '../../src/check/kernels/check.js'
import { Setting } from '../../src/check/kernels/setting.js'
import { matrix } from '../../src/check/oracle/matrix.js'
import { createCpuDevice } from '../../src/device/cpu/cpu-device.js'
import type { Device } from '../../src/device/device.js'
import { minus, times } from '../../src/device/step-number.js'
import { scviGraph } from '../../src/models/modules/scvi.js'
import { modelConfig, PLAIN_MODEL } from '../../src/network/config.js'
import { forEachCell, largest, logSumExp, mean, pairs, pointwise, sum } from '../../src/network/functions.js'
import type { Graph } from '../../src/network/graph.js'
import type { ModelGraph } from '../../src/network/model-graph.js'
import { Network } from '../../src/network/network.js'
import { CountHead } from '../../src/network/ops/count-head.js'
import { Linear } from '../../src/network/ops/linear.js'
import type { LossTerm } from '../../src/network/pass.js'
import { STEP } from '../../src/network/step.js'
import {
  absolute,
  add,
  cos,
  divide,
  exp,
  greater,
  log,
  maximum,
  minimum,
  multiply,
  negative,
  sigmoid,
  softplus,
  sqrt,
  square,
  subtract,
} from '../../src/network/terms.js'
import type { Value } from '../../src/network/value.js'
import { expectNear } from '../device/expect-near.js'
import { plainTensorFlow } from '../device/plain-tensorflow.js'

const CELLS = { genes: 7, hidden: 1, cells: 9, capacity: 12, categories: [3], continuous: 1 }
const SETTING = new Setting(CELLS, 12)
const ADAM = { learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 0.1, weightDecay: 0.1, step: 1 }
const TRAINING = { seed: 5, step: 3, klWeight: 0.3, adam: ADAM }
/** The same numbers for a pass without gradients. */
const NOISE = { seed: 5, step: 3, klWeight: 0.3 }

/** Of central differences of float32 losses, of a weight's largest gradient. */
const TOLERANCE = 5e-3
const H = 5e-3

/** A model whose loss is another one: terms of its values. */
function modelOf(loss: (model: ModelGraph, graph: Graph) => readonly LossTerm[]): ModelGraph {
  const config = modelConfig(
    {
      nHidden: 4,
      nLatent: 2,
      batchNorm: 'none',
      dropoutRate: 0,
      dispersion: 'gene-batch',
    },
    PLAIN_MODEL,
  )
  const shape = { nGenes: CELLS.genes, categories: CELLS.categories, nContinuous: CELLS.continuous }
  const model = scviGraph(config, shape, 10)
  return { ...model, sums: {}, loss: loss(model, model.graph) }
}

/** A weight of a term's own. */
const weightOf = ({ plan }: Graph, name: string, rows: number, columns: number) =>
  plan.normal(name, rows, columns)

const one = (value: Value): LossTerm[] => [{ value, weight: 1 }]

const LOSSES: Record<string, (model: ModelGraph, graph: Graph) => readonly LossTerm[]> = {
  'a likelihood by a number of the step': ({ head }) => [
    { value: head.logLikelihood, weight: times(-0.1, minus(1, STEP.klWeight)) },
  ],
  'a likelihood weighted by cell': ({ head }, graph) => {
    const weight = graph.fact({ continuous: 0 })
    return one(sum(graph, multiply(head.logLikelihood, weight, 0.05), 'all'))
  },
  'a function of a divergence, without its draw': ({ latent }, graph) =>
    one(mean(graph, square(latent.kl), 'all')),
  'a draw and its divergence, each in a function': ({ latent }, graph) => [
    { value: sum(graph, sqrt(add(latent.kl, 0.1)), 'all'), weight: 0.5 },
    { value: sum(graph, softplus(latent.draw), 'columns'), weight: 2 },
  ],
  'a draw that the decoder reads and a penalty': ({ latent, head }, graph) => [
    { value: head.logLikelihood, weight: -0.1 },
    { value: sum(graph, square(latent.draw), 'columns'), weight: 0.3 },
    { value: latent.kl, weight: STEP.klWeight },
  ],
  'the largest of each row, and of each column': ({ latent }, graph) => [
    { value: largest(graph, latent.draw, 'columns'), weight: 1 },
    { value: sum(graph, largest(graph, latent.draw, 'rows'), 'all'), weight: 0.5 },
  ],
  'logs of sums of exponentials': ({ latent }, graph) => [
    { value: logSumExp(graph, latent.draw, 'columns'), weight: 1 },
    { value: sum(graph, square(logSumExp(graph, multiply(2, latent.draw), 'rows')), 'all'), weight: 0.2 },
    { value: logSumExp(graph, latent.mean, 'all'), weight: 1 },
  ],
  'distances of every pair of cells': ({ latent }, graph) => {
    const { draw } = latent
    const other = pointwise(graph, multiply(draw, 1))
    const distances = pairs(graph, [draw], [other], ([a], [b]) => square(subtract(a, b)))
    return one(mean(graph, exp(negative(distances)), 'all'))
  },
  'cells and components': ({ latent }, graph) => {
    const centres = graph.valueOf(weightOf(graph, 'centres', 4, 2))
    const scales = graph.valueOf(weightOf(graph, 'scales', 4, 1))
    const { draw } = latent
    const densities = pairs(graph, [draw], [centres, scales], ([z], [centre, scale]) =>
      multiply(square(subtract(z, centre)), exp(scale)),
    )
    return one(sum(graph, densities, 'all'))
  },
  'every function of one and of two': ({ latent }, graph) => {
    const { draw, mean: m } = latent
    const smooth = add(sigmoid(draw), cos(m), log(add(exp(draw), 1)), divide(draw, add(square(m), 1)))
    const kinked = add(maximum(draw, m), minimum(draw, 0.2), absolute(m), multiply(greater(m, 0), draw))
    return one(mean(graph, add(smooth, kinked), 'all'))
  },
  'one number for every cell': ({ latent, head }, graph) => {
    const scale = forEachCell(graph, graph.valueOf(weightOf(graph, 'scale', 1, 1)))
    return [
      { value: pointwise(graph, multiply(scale, sum(graph, latent.draw, 'columns'))), weight: 1 },
      { value: head.logLikelihood, weight: -0.01 },
    ]
  },
  'weights that an operation updates, in a penalty too': ({ head }, graph) => {
    const dispersions = graph.valueOf(head.shape.logDispersion!)
    return [
      { value: head.logLikelihood, weight: -1 },
      { value: sum(graph, square(dispersions), 'all'), weight: 0.5 },
      { value: sum(graph, absolute(dispersions), 'all'), weight: STEP.klWeight },
    ]
  },
  'a layer on covariates that are values': ({ latent }, graph) => {
    const weight = weightOf(graph, 'given', 2 + 3 + 1, 3)
    const codes = graph.fact({ categorical: 0 })
    const values = graph.fact({ continuous: 0 })
    const covariates = { categories: [3], continuous: 1, codes, values }
    const { output } = graph.add(new Linear(latent.draw, weight, undefined, covariates))
    return one(sum(graph, square(output), 'columns'))
  },
  'one layer over cells and over other rows': ({ latent }, graph) => {
    const weight = weightOf(graph, 'shared', 2, 3)
    const bias = weightOf(graph, 'shared bias', 1, 3)
    const rows = graph.valueOf(weightOf(graph, 'rows', 5, 2))
    const over = (input: Value) => graph.add(new Linear(input, weight, bias)).output
    return [
      { value: sum(graph, square(over(latent.draw)), 'columns'), weight: 1 },
      { value: sum(graph, square(over(rows)), 'all'), weight: 0.1 },
    ]
  },
  'two heads, one of them on logits and given batches': ({ latent, head }, graph) => {
    const logits = graph.add(new Linear(latent.draw, weightOf(graph, 'logits', 2, CELLS.genes), undefined))
    const second = graph.add(
      new CountHead({
        likelihood: 'nb',
        scale: 'softmax',
        nGenes: CELLS.genes,
        from: { logits: logits.output },
        logDispersion: head.shape.logDispersion!,
        codes: graph.fact({ categorical: 0 }),
      }),
    )
    return [
      { value: head.logLikelihood, weight: -0.1 },
      { value: second.logLikelihood, weight: -0.2 },
    ]
  },
}

const DEVICES: Record<string, () => Promise<Device>> = {
  'CPU threads': () => createCpuDevice({ threads: 2 }),
  'TensorFlow.js in plain JavaScript': plainTensorFlow,
}

describe.each(Object.entries(DEVICES))('terms of a loss on %s', async (_, open) => {
  const device = await open()
  afterAll(() => device.dispose())

  it.each(Object.entries(LOSSES))('have the gradients of finite differences: %s', async (_, loss) => {
    const model = modelOf(loss)
    const network = new Network(device, model, CELLS.capacity)
    const batch = await network.minibatch(SETTING.source)
    network.gather(batch, SETTING.chosen)
    const start = await network.state(true)

    const lossValue = async (): Promise<number> => {
      const values = await network.values(
        batch,
        model.loss.map(({ value }) => value),
        { noise: NOISE },
      )
      const means = values.map((of) => of.reduce((total, x) => total + x, 0) / of.length)
      return model.loss.reduce(
        (total, { weight }, i) =>
          total + (typeof weight === 'number' ? weight : weight.at(NOISE)) * means[i]!,
        0,
      )
    }

    network.gradients(batch, TRAINING)
    const gradients = await network.parameters.readGradients()
    network.trainStep(batch, TRAINING)
    const after = await network.state(true)

    const off: string[] = []
    let [asked, turned] = [0, 0]
    for (const [name, { rows, columns, values: actual }] of gradients) {
      const { values } = start.get(name)!
      const scale = Math.max(0.05, largestOf(actual))
      // some of the elements stand for all
      const step = Math.max(1, Math.floor(values.length / 6))
      for (let i = 0; i < values.length; i += step) {
        const moved = async (by: number) => {
          const changed = values.map((x, k) => (k === i ? x + by : x))
          network.setState(new Map([...start, [name, { rows, columns, values: changed }]]))
          return lossValue()
        }
        const slope = async (h: number) => ((await moved(h)) - (await moved(-h))) / (2 * h)
        const [expected, near] = [await slope(H), await slope(H / 2)]
        asked++
        // a ReLU turns in between
        if (Math.abs(expected - near) > TOLERANCE * scale) turned++
        else if (!(Math.abs(actual[i]! - expected) <= TOLERANCE * scale))
          off.push(`${name}[${i}]: ${actual[i]}, not ${expected}`)
      }
      // and the step is that of the gradient, whoever took it
      const [firstMoment, secondMoment] = ['first', 'second'].map(
        (m) => start.get(`${name}@${m}`)!.values,
      ) as [Float32Array, Float32Array]
      const p = { name, rows, columns, value: values, firstMoment, secondMoment }
      const outputs = {
        [`${name}.value`]: after.get(name)!.values,
        [`${name}.firstMoment`]: after.get(`${name}@first`)!.values,
        [`${name}.secondMoment`]: after.get(`${name}@second`)!.values,
      }
      expectNear(outputs, expectedAdam(p, matrix(rows, columns, actual), 1e-5, scale, ADAM))
    }
    expect(off).toEqual([])
    expect(turned / asked).toBeLessThan(0.2)
    network.releaseMinibatch(batch)
    network.release()
  })
})

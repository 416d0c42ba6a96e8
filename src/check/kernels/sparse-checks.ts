import type { Minibatch, Parameter, Precision } from '../../device/device.js'
import { toBfloat16 } from '../../numeric/bfloat16.js'
import { linear, linearGradient, log1pCounts } from '../oracle/linear.js'
import { at, filled, firstRows, type Matrix, mapped, multiply, transpose } from '../oracle/matrix.js'
import { ADAM, expectedAdam } from './adam-expected.js'
import { type Check, type Expected, near } from './check.js'
import { DENSE } from './head-cases.js'
import { covariateUses, type LayerCase, LayerSetting, layerName } from './layer-setting.js'
import {
  fill,
  parameterTensors,
  readAll,
  resetParameter,
  reversed,
  SHAPES,
  type Shape,
  shapeName,
  startValue,
} from './setting.js'
import { OTHER_ADAM, STEP_ADAM } from './step-values.js'

/** Sums of a few hundred float32 products. */
const TOLERANCE = 1e-5

/** Whether the weights are updated at once, and by what. */
type Update = 'none' | 'numbers' | 'step numbers'

/** The oracle of a layer whose product over genes rounds its operands; covariates and bias are no part of that. */
function roundedLayer(setting: LayerSetting, outputGradient: Matrix): { output: Matrix; gradient: Matrix } {
  const { shape, use } = setting.layer
  const cells = setting.cells()
  const input = log1pCounts(cells)
  const [weight, bias] = setting.parameters.map(startValue)
  const ofGenes = mapped(firstRows(weight!, shape.genes), toBfloat16)
  const none = filled(input.rows, shape.genes, () => 0)
  const product = multiply(mapped(input, toBfloat16), ofGenes)
  const rest = linear(none, cells, use, weight!, bias)
  const whole = linearGradient(input, cells, use, weight!, outputGradient).weight
  const byGenes = multiply(transpose(mapped(input, toBfloat16)), mapped(outputGradient, toBfloat16))
  return {
    output: filled(product.rows, product.columns, (i, j) => at(product, i, j) + at(rest, i, j)),
    gradient: filled(whole.rows, whole.columns, (i, j) =>
      i < shape.genes ? at(byGenes, i, j) : at(whole, i, j),
    ),
  }
}

function sparseCheck(layer: LayerCase, seed: number, update: Update, precision?: Precision): Check {
  const { shape, use } = layer
  const setting = new LayerSetting(layer, shape.genes, seed)
  const outputGradient = setting.rows(shape.hidden)
  const adam = { none: undefined, numbers: ADAM, 'step numbers': STEP_ADAM }[update]
  const how = { none: '', numbers: ' with adam', 'step numbers': ' with adam by step numbers' }[update]
  return {
    name: `sparseLinear${how}${precision ? ` in ${precision}` : ''}, ${layerName(layer)}: ${shapeName(shape)}`,
    async run(device) {
      const batch = await device.minibatch(setting.source, shape.capacity)
      const output = device.tensor(shape.capacity, shape.hidden)
      const gradient = device.tensor(shape.capacity, shape.hidden)
      const { weights, parameters, tensors } = setting.onDevice(device)
      const forward = { batch, ...weights, output, ...(precision && { precision }) }
      const back = {
        batch,
        ...weights,
        outputGradient: gradient,
        ...(adam && { adam }),
        ...(precision && { precision }),
      }
      for (const [cells, numbers] of [
        [setting.before, OTHER_ADAM],
        [setting.chosen, ADAM],
      ] as const) {
        device.step({ ...numbers })
        for (const [i, p] of parameters.entries()) resetParameter(device, p, setting.parameters[i]!)
        await fill(device, batch, cells)
        device.write(gradient, outputGradient)
        device.kernels.sparseLinear(forward)
        device.kernels.sparseLinearGradient(back)
      }
      const outputs = await readAll(device, { output, ...parameterTensors(parameters, update !== 'none') })
      device.release(batch, output, gradient, ...parameters, ...tensors)
      return outputs
    },
    expected() {
      const cells = setting.cells()
      const input = log1pCounts(cells)
      const [weight, bias] = setting.parameters.map(startValue)
      const exact = linearGradient(input, cells, use, weight!, setting.used(outputGradient))
      const rounded = precision === 'bf16' && roundedLayer(setting, setting.used(outputGradient))
      const gradient = rounded ? { ...exact, weight: rounded.gradient } : exact
      const output = rounded ? rounded.output : linear(input, cells, use, weight!, bias)
      const expected: Record<string, Expected> = { output: near(output, TOLERANCE) }
      for (const p of setting.parameters) {
        const of = gradient[p.name as 'weight' | 'bias']
        if (update === 'none') expected[`${p.name}.gradient`] = near(of, TOLERANCE)
        else Object.assign(expected, expectedAdam(p, of, TOLERANCE))
      }
      return expected
    },
  }
}

/** Two sets of cells over the same counts, each in an order of its own. */
function sharedCounts(): Check {
  const shape: Shape = { genes: 19, hidden: 5, cells: 6, capacity: 9, categories: [3], continuous: 0 }
  const layer: LayerCase = { shape, use: { categories: [3], continuous: 0 }, bias: true, given: 'none' }
  const setting = new LayerSetting(layer, shape.genes, 1900)
  const { source: other, back } = reversed(setting.source)
  return {
    name: 'sparseLinear, two sources of the same counts',
    async run(device) {
      const { weights, parameters } = setting.onDevice(device)
      const [first, second] = [
        await device.minibatch(setting.source, shape.capacity),
        await device.minibatch(other, shape.capacity),
      ]
      const output = device.tensor(shape.capacity, shape.hidden)
      const run = async (batch: Minibatch, cells: Int32Array) => {
        device.gather(batch, cells)
        device.kernels.sparseLinear({ batch, ...weights, output })
        return device.read(output)
      }
      const outputs = {
        first: await run(first, setting.chosen),
        second: await run(second, setting.chosen.map(back)),
      }
      device.release(first)
      const alone = await run(second, setting.chosen.map(back))
      device.release(second, output, ...(parameters as Parameter[]))
      return { ...outputs, alone }
    },
    expected() {
      const cells = setting.cells()
      const [weight, bias] = setting.parameters.map(startValue)
      const output = near(linear(log1pCounts(cells), cells, layer.use, weight!, bias), TOLERANCE)
      return { first: output, second: output, alone: output }
    },
  }
}

/** Layers on dense counts, whose products round their operands. */
export function roundedSparseChecks(): Check[] {
  const uses = covariateUses(DENSE)
  return uses.map((use, i) =>
    sparseCheck(
      { shape: DENSE, use, bias: true, given: 'none' },
      1950 + i,
      i === 1 ? 'step numbers' : 'none',
      'bf16',
    ),
  )
}

export function sparseChecks(): Check[] {
  const updates: Update[] = ['none', 'numbers']
  const usual = SHAPES.flatMap((shape, i) =>
    covariateUses(shape).map((use, k) =>
      sparseCheck({ shape, use, bias: true, given: 'none' }, 1000 + 10 * i + k, updates[(i + k) % 2]!),
    ),
  )
  const shape: Shape = {
    genes: 45,
    hidden: 18,
    cells: 21,
    capacity: 32,
    categories: [3, 2],
    continuous: 1,
  }
  const none = { categories: [0, 0], continuous: 0 }
  // more of both than the source has
  const more = { categories: [3, 0, 4], continuous: 2 }
  const further: [Omit<LayerCase, 'shape'>, Update][] = [
    [{ use: none, bias: false, given: 'none' }, 'none'],
    [{ use: none, bias: false, given: 'none' }, 'numbers'],
    [{ use: none, bias: true, given: 'none' }, 'step numbers'],
    [{ use: { categories: [3, 2], continuous: 1 }, bias: false, given: 'none' }, 'step numbers'],
    [{ use: more, bias: true, given: 'both' }, 'none'],
    [{ use: more, bias: false, given: 'both' }, 'step numbers'],
    [{ use: { categories: [0, 5], continuous: 1 }, bias: true, given: 'codes' }, 'numbers'],
    [{ use: { categories: [3, 2], continuous: 3 }, bias: true, given: 'values' }, 'none'],
  ]
  return [
    ...usual,
    ...further.map(([layer, update], i) => sparseCheck({ shape, ...layer }, 1800 + i, update)),
    ...updates.map((update, i) =>
      sparseCheck(
        { shape: DENSE, use: { categories: [3], continuous: 0 }, bias: true, given: 'none' },
        1900 + i,
        update,
      ),
    ),
    sharedCounts(),
  ]
}

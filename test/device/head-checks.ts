import {
  countHead,
  countHeadGradient,
  dispersionGradientMagnitude,
  type HeadArguments,
} from '../oracle/count-head.js'
import { at, filled, type Matrix } from '../oracle/matrix.js'
import { ADAM, expectedAdam } from './adam-expected.js'
import { type Check, type Expected, largest, near } from './check.js'
import { type HeadCase, HeadSetting, headName } from './head-setting.js'
import { parameterTensors, readAll, SHAPES, type Shape } from './setting.js'

const TOLERANCE = 2e-5
/** Of the summands' sizes: ln Γ and logarithms of float32 values. */
const LIKELIHOOD_TOLERANCE = 2e-6

/** The largest derivative by a log mean, a term of every gradient: what they are measured against where they cancel. */
function floorOf(args: HeadArguments): number {
  const softplus = countHeadGradient({ ...args, scale: 'softplus' })
  return largest(softplus.logSize.values, softplus.bias.values)
}

function expectedHead(setting: HeadSetting, adam: boolean): Record<string, Expected> {
  const args = setting.oracle()
  const forward = countHead(args)
  const gradient = countHeadGradient(args)
  const floor = Math.max(largest(gradient.logSize.values), floorOf(args) / 10)
  const expected: Record<string, Expected> = {
    logLikelihood: {
      values: forward.logLikelihood.values,
      tolerance: LIKELIHOOD_TOLERANCE,
      scale: forward.magnitude.values,
    },
    hiddenGradient: near(gradient.hidden, TOLERANCE, floor),
  }
  if (setting.head.drawnSize) expected.logSizeGradient = near(gradient.logSize, TOLERANCE, floor)
  for (const p of setting.parameters) {
    const of = gradient[p.name as 'weight' | 'bias' | 'zeroWeight' | 'zeroBias' | 'logDispersion'] as Matrix
    if (adam) Object.assign(expected, expectedAdam(p, of, TOLERANCE, floor))
    else if (p.name !== 'logDispersion') expected[`${p.name}.gradient`] = near(of, TOLERANCE, floor)
    else {
      const scale = dispersionGradientMagnitude(args).values
      expected['logDispersion.gradient'] = { values: of.values, tolerance: TOLERANCE, scale }
    }
  }
  return expected
}

function headCheck(head: HeadCase, seed: number, adam: boolean): Check {
  const setting = new HeadSetting(head, seed)
  const { capacity, hidden } = head.shape
  return {
    name: `countHead${adam ? ' with adam' : ''}, ${headName(head)}`,
    async run(device) {
      const on = await setting.onDevice(device)
      const hiddenGradient = device.tensor(capacity, hidden)
      const logSizeGradient = device.tensor(capacity, 1)
      for (const cells of [setting.before, setting.chosen]) {
        setting.start(device, on, cells)
        device.kernels.countHead(on.args)
        device.kernels.countHeadGradient({
          ...on.args,
          hiddenGradient,
          ...(head.drawnSize ? { logSizeGradient } : {}),
          ...(adam ? { adam: ADAM } : {}),
        })
      }
      const tensors = { logLikelihood: on.logLikelihood, hiddenGradient, logSizeGradient }
      const outputs = await readAll(device, { ...tensors, ...parameterTensors(on.parameters, adam) })
      device.release(
        on.batch,
        ...on.parameters,
        on.hidden,
        on.logSize,
        on.logLikelihood,
        hiddenGradient,
        logSizeGradient,
      )
      return outputs
    },
    expected: () => expectedHead(setting, adam),
  }
}

function meansCheck(head: HeadCase, seed: number): Check {
  const setting = new HeadSetting(head, seed)
  const { capacity, genes, cells: n } = head.shape
  const zinb = head.likelihood === 'zinb'
  return {
    name: `countMeans, ${headName(head)}`,
    async run(device) {
      const on = await setting.onDevice(device)
      const mean = device.tensor(capacity, genes)
      const zeroLogits = device.tensor(capacity, genes)
      const { logLikelihood: _, ...args } = on.args
      for (const cells of [setting.before, setting.chosen]) {
        setting.start(device, on, cells)
        device.kernels.countMeans({ ...args, mean, ...(zinb ? { zeroLogits } : {}) })
      }
      const outputs = await readAll(device, { mean, zeroLogits })
      device.release(on.batch, ...on.parameters, on.hidden, on.logSize, on.logLikelihood, mean, zeroLogits)
      return outputs
    },
    expected() {
      const { mean, zeroLogits } = countHead(setting.oracle())
      // each cell has its own size
      const scale = filled(n, genes, (i) => largest(mean.values.subarray(i * genes, (i + 1) * genes)))
      const expected: Record<string, Expected> = {
        mean: { values: mean.values, tolerance: TOLERANCE, scale: scale.values },
      }
      if (zinb) expected.zeroLogits = near(zeroLogits, TOLERANCE)
      else
        expected.zeroLogits = near(
          filled(n, genes, (i, g) => 0 * at(mean, i, g)),
          0,
        )
      return expected
    },
  }
}

const LIKELIHOODS = ['nb', 'zinb', 'poisson'] as const
const SCALES = ['softmax', 'softplus'] as const
const DISPERSIONS = ['gene', 'gene-batch'] as const

/** Every combination on one shape of middling size, one combination a likelihood on every other shape. */
function headCases(): HeadCase[] {
  const middle: Shape = { genes: 43, hidden: 21, cells: 19, capacity: 32, categories: [3], continuous: 0 }
  const cases: HeadCase[] = []
  for (const likelihood of LIKELIHOODS) {
    for (const scale of SCALES) {
      for (const dispersion of likelihood === 'poisson' ? (['gene'] as const) : DISPERSIONS) {
        for (const drawnSize of [false, true])
          cases.push({ shape: middle, likelihood, scale, dispersion, drawnSize })
      }
    }
    for (const [i, shape] of SHAPES.entries()) {
      const scale = SCALES[Number(i % 3 === 1)]!
      cases.push({ shape, likelihood, scale, dispersion: DISPERSIONS[i % 2]!, drawnSize: i % 4 === 2 })
    }
  }
  for (const likelihood of ['nb', 'zinb'] as const) {
    for (const counts of [undefined, 'huge'] as const) {
      const shape: Shape = counts === undefined ? middle : { ...middle, counts }
      for (const dispersion of DISPERSIONS) {
        cases.push({ shape, likelihood, scale: 'softmax', dispersion, drawnSize: false, extremeTheta: true })
      }
    }
  }
  return cases
}

export function headChecks(): Check[] {
  const cases = headCases()
  return [
    ...cases.map((head, i) => headCheck(head, 6000 + i, false)),
    ...cases.filter((_, i) => i % 2 === 0).map((head, i) => headCheck(head, 7000 + i, true)),
    ...cases.filter((_, i) => i % 5 === 1).map((head, i) => meansCheck(head, 8000 + i)),
  ]
}

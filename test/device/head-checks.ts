import type { CountHeadGradientArgs, Device, Tensor } from '../../src/device/device.js'
import {
  countHead,
  countHeadGradient,
  dispersionGradientMagnitude,
  type HeadArguments,
  type HeadGradient,
  type LogitArguments,
  type LogitGradient,
  logitGradient,
} from '../oracle/count-head.js'
import type { Matrix } from '../oracle/matrix.js'
import { ADAM, expectedAdam } from './adam-expected.js'
import { type Check, type Expected, largest, near } from './check.js'
import { type HeadCase, HeadSetting, headName } from './head-setting.js'
import { parameterTensors, readAll, SHAPES, type Shape } from './setting.js'
import { OTHER_ADAM, STEP_ADAM } from './step-values.js'

const TOLERANCE = 2e-5
/** Of the summands' sizes: ln Γ and logarithms of float32 values. */
const LIKELIHOOD_TOLERANCE = 2e-6

/** What is asked of the gradient. */
interface Asked {
  adam?: 'numbers' | 'step numbers'
  /** A gradient for each cell's log-likelihood. */
  byCell?: boolean
  frozen?: boolean
  /** No gradient by the input. */
  noInput?: boolean
}

const askedName = ({ adam, byCell, frozen, noInput }: Asked): string =>
  [
    'countHead',
    ...(adam ? [adam === 'numbers' ? ' with adam' : ' with adam by step numbers'] : []),
    ...(byCell ? [', gradient by cell'] : []),
    ...(frozen ? [', frozen'] : []),
    ...(noInput ? [', no gradient by the input'] : []),
  ].join('')

const gradientOf = (args: HeadArguments | LogitArguments): HeadGradient | LogitGradient =>
  'hidden' in args ? countHeadGradient(args) : logitGradient(args)

/** The largest derivative by a log mean, a term of every gradient: what they are measured against where they cancel. */
function floorOf(args: HeadArguments | LogitArguments): number {
  const softplus = gradientOf({ ...args, scale: 'softplus' })
  return largest(softplus.logSize.values, 'bias' in softplus ? softplus.bias.values : softplus.logits.values)
}

function expectedHead(setting: HeadSetting, cellGradient: Float32Array, asked: Asked) {
  const { adam, byCell, frozen, noInput } = asked
  const { cells: n } = setting.shape
  const args = {
    ...setting.oracle(),
    ...(byCell && { cellGradient: Array.from(cellGradient.subarray(0, n)) }),
  }
  const forward = countHead(args)
  const gradient = gradientOf(args)
  const floor = Math.max(largest(gradient.logSize.values), floorOf(args) / 10)
  const expected: Record<string, Expected> = {
    logLikelihood: {
      values: forward.logLikelihood.values,
      tolerance: LIKELIHOOD_TOLERANCE,
      // where nothing is observed there is no summand
      scale: forward.magnitude.values.map((size) => Math.max(size, 1e-3)),
    },
  }
  const byInput: Record<string, Matrix> =
    'hidden' in gradient
      ? { hiddenGradient: gradient.hidden }
      : {
          logitsGradient: gradient.logits,
          ...(setting.head.likelihood === 'zinb' && { zeroLogitsGradient: gradient.zeroLogits }),
        }
  for (const [name, of] of Object.entries(byInput)) {
    expected[name] = noInput
      ? { values: of.values.map(() => 55), tolerance: 0 }
      : near(of, TOLERANCE, name === 'hiddenGradient' ? floor : floor / 10)
  }
  if (setting.head.drawnSize) expected.logSizeGradient = near(gradient.logSize, TOLERANCE, floor)
  for (const p of setting.parameters) {
    const of = gradient[p.name as keyof LogitGradient] as Matrix
    // what a frozen dispersion's gradient holds is nobody's affair: the forward pass may use it
    if (frozen && p.name === 'logDispersion') continue
    if (frozen) expected[`${p.name}.gradient`] = { values: p.value.map(() => 77), tolerance: 0 }
    else if (adam) Object.assign(expected, expectedAdam(p, of, TOLERANCE, floor))
    else if (p.name !== 'logDispersion') expected[`${p.name}.gradient`] = near(of, TOLERANCE, floor)
    else {
      const scale = dispersionGradientMagnitude(args).values.map((size) => Math.max(size, 1e-9))
      expected['logDispersion.gradient'] = { values: of.values, tolerance: TOLERANCE, scale }
    }
  }
  return expected
}

/** Where the gradients by the input go: tensors of their own, which hold 55 until they are written. */
function inputGradients(device: Device, { head, shape }: HeadSetting): Record<string, Tensor> {
  const { capacity, hidden, genes } = shape
  const make = (columns: number) =>
    device.tensor(capacity, columns, new Float32Array(capacity * columns).fill(55))
  if (!head.logits) return { hiddenGradient: make(hidden) }
  return {
    logitsGradient: make(genes),
    ...(head.likelihood === 'zinb' && { zeroLogitsGradient: make(genes) }),
  }
}

function headCheck(head: HeadCase, seed: number, asked: Asked = {}): Check {
  const setting = new HeadSetting(head, seed)
  const { capacity } = head.shape
  const cellGradient = setting.rows(1, 0.2)
  const { adam, byCell, frozen, noInput } = asked
  return {
    name: `${askedName(asked)}, ${headName(head)}`,
    async run(device) {
      const on = await setting.onDevice(device)
      const byInput = inputGradients(device, setting)
      const logSizeGradient = device.tensor(capacity, 1)
      const byLikelihood = device.tensor(capacity, 1, cellGradient)
      const back: CountHeadGradientArgs = {
        ...on.args,
        ...(noInput ? {} : byInput),
        ...(head.drawnSize && { logSizeGradient }),
        ...(byCell && { cellGradient: byLikelihood }),
        ...(frozen && { frozen }),
        ...(adam && { adam: adam === 'numbers' ? ADAM : STEP_ADAM }),
      }
      for (const [cells, numbers] of [
        [setting.before, OTHER_ADAM],
        [setting.chosen, ADAM],
      ] as const) {
        device.step({ ...numbers })
        await setting.start(device, on, cells)
        device.kernels.countHead(on.args)
        device.kernels.countHeadGradient(back)
      }
      const tensors = { logLikelihood: on.logLikelihood, ...byInput, logSizeGradient }
      const outputs = await readAll(device, {
        ...tensors,
        ...parameterTensors(on.parameters, adam !== undefined),
      })
      device.release(
        on.batch,
        ...on.parameters,
        ...on.tensors,
        on.logLikelihood,
        ...Object.values(byInput),
        logSizeGradient,
        byLikelihood,
      )
      return outputs
    },
    expected: () => expectedHead(setting, cellGradient, asked),
  }
}

const LIKELIHOODS = ['nb', 'zinb', 'poisson'] as const
const SCALES = ['softmax', 'softplus'] as const
const DISPERSIONS = ['gene', 'gene-batch'] as const

const MIDDLE: Shape = { genes: 43, hidden: 21, cells: 19, capacity: 32, categories: [3], continuous: 0 }

/** Every combination on one shape of middling size, one combination a likelihood on every other shape. */
export function headCases(): HeadCase[] {
  const cases: HeadCase[] = []
  for (const likelihood of LIKELIHOODS) {
    for (const scale of SCALES) {
      for (const dispersion of likelihood === 'poisson' ? (['gene'] as const) : DISPERSIONS) {
        for (const drawnSize of [false, true])
          cases.push({ shape: MIDDLE, likelihood, scale, dispersion, drawnSize })
      }
    }
    for (const [i, shape] of SHAPES.entries()) {
      const scale = SCALES[Number(i % 3 === 1)]!
      cases.push({ shape, likelihood, scale, dispersion: DISPERSIONS[i % 2]!, drawnSize: i % 4 === 2 })
    }
  }
  for (const likelihood of ['nb', 'zinb'] as const) {
    for (const counts of [undefined, 'huge'] as const) {
      const shape: Shape = counts === undefined ? MIDDLE : { ...MIDDLE, counts }
      for (const dispersion of DISPERSIONS) {
        cases.push({ shape, likelihood, scale: 'softmax', dispersion, drawnSize: false, extremeTheta: true })
      }
    }
  }
  return cases
}

/** Given logits, missing counts, absent genes and given batches: each likelihood with each. */
export function unusualCases(): HeadCase[] {
  const wide: Shape = { genes: 150, hidden: 17, cells: 26, capacity: 32, categories: [2, 4], continuous: 0 }
  const missing: Shape = { ...wide, counts: 'missing' }
  const cases: HeadCase[] = []
  for (const [i, likelihood] of LIKELIHOODS.entries()) {
    const head = { shape: wide, likelihood, scale: 'softmax', dispersion: 'gene', drawnSize: false } as const
    const dispersion = likelihood === 'poisson' ? 'gene' : 'gene-batch'
    cases.push(
      { ...head, logits: true },
      { ...head, logits: true, scale: 'softplus', dispersion, drawnSize: true },
      { ...head, logits: true, shape: SHAPES[i]! },
      { ...head, shape: missing, dispersion },
      { ...head, shape: missing, scale: 'softplus', drawnSize: true },
      { ...head, absent: 1 },
      { ...head, absent: 1, scale: 'softplus', drawnSize: true, dispersion },
      { ...head, absent: 0, shape: { ...missing, categories: [4] }, drawnSize: true },
      { ...head, absent: 1, logits: true, dispersion, drawnSize: true },
      { ...head, absent: 1, logits: true, shape: missing },
    )
    if (likelihood === 'poisson') continue
    cases.push(
      { ...head, dispersion, codes: 5 },
      { ...head, dispersion, codes: 3, logits: true },
      { ...head, dispersion, codes: 2, absent: 1, shape: missing, drawnSize: true },
    )
  }
  return cases
}

const ASKED: readonly Asked[] = [
  {},
  { byCell: true },
  { adam: 'step numbers' },
  { byCell: true, frozen: true },
  { adam: 'numbers', byCell: true, noInput: true },
  { frozen: true },
  { noInput: true },
]

/** What else may be asked of the gradient of a usual head. */
function askedOfUsual(): Check[] {
  const heads: HeadCase[] = LIKELIHOODS.flatMap((likelihood) =>
    SCALES.map((scale, i) => ({
      shape: MIDDLE,
      likelihood,
      scale,
      dispersion: DISPERSIONS[i]!,
      drawnSize: i === 1,
    })),
  )
  return heads.flatMap((head, i) =>
    ASKED.slice(1)
      .filter((_, k) => (i + k) % 2 === 0)
      .map((asked, k) => headCheck(head, 6500 + 10 * i + k, asked)),
  )
}

export function headChecks(): Check[] {
  const cases = headCases()
  return [
    ...cases.map((head, i) => headCheck(head, 6000 + i)),
    ...cases.filter((_, i) => i % 2 === 0).map((head, i) => headCheck(head, 7000 + i, { adam: 'numbers' })),
    ...askedOfUsual(),
    ...unusualCases().flatMap((head, i) => [
      headCheck(head, 6600 + i),
      headCheck(head, 6700 + i, ASKED[1 + (i % (ASKED.length - 1))]!),
    ]),
  ]
}

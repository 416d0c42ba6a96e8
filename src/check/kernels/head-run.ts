import type { CountHeadGradientArgs, Device, Minibatch, Tensor } from '../../device/device.js'
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
import { type Expected, largest, near, type Outputs } from './check.js'
import { type HeadCase, HeadSetting } from './head-setting.js'
import { parameterTensors, readAll } from './setting.js'
import { STEP_ADAM } from './step-values.js'

const TOLERANCE = 2e-5
/** Of what comes of rounded gradients: float32 and float64 round a few of them differently. */
const ROUNDED_TOLERANCE = 1e-3
/** Of the summands' sizes: ln Γ and logarithms of float32 values. */
const LIKELIHOOD_TOLERANCE = 2e-6

/** What is asked of the gradient. */
export interface Asked {
  adam?: 'numbers' | 'step numbers'
  /** A gradient for each cell's log-likelihood. */
  byCell?: boolean
  frozen?: boolean
  /** No gradient by the input. */
  noInput?: boolean
  /** Gradients go beside those of the parameters, which another operation has written in between. */
  shadows?: boolean
}

export const askedName = ({ adam, byCell, frozen, noInput, shadows }: Asked): string =>
  [
    'countHead',
    ...(adam ? [adam === 'numbers' ? ' with adam' : ' with adam by step numbers'] : []),
    ...(byCell ? [', gradient by cell'] : []),
    ...(frozen ? [', frozen'] : []),
    ...(noInput ? [', no gradient by the input'] : []),
    ...(shadows ? [', gradients beside'] : []),
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
  const ofProducts = setting.head.precision === 'bf16' ? ROUNDED_TOLERANCE : TOLERANCE
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
      : near(of, ofProducts, name === 'hiddenGradient' ? floor : floor / 10)
  }
  if (setting.head.drawnSize) expected.logSizeGradient = near(gradient.logSize, TOLERANCE, floor)
  for (const p of setting.parameters) {
    const of = gradient[p.name as keyof LogitGradient] as Matrix
    // what a frozen dispersion's gradient holds is nobody's affair: the forward pass may use it
    if (frozen && p.name === 'logDispersion') continue
    if (frozen) expected[`${p.name}.gradient`] = { values: p.value.map(() => 77), tolerance: 0 }
    else if (adam) Object.assign(expected, expectedAdam(p, of, ofProducts, floor))
    else if (p.name !== 'logDispersion') expected[`${p.name}.gradient`] = near(of, ofProducts, floor)
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

/** A head on a device, with where its outputs go. */
interface RunningHead {
  /** Starts a pass: parameters as at first, and a minibatch's cells. */
  start(cells: Int32Array): Promise<void>
  forward(): void
  back(): void
  read(): Promise<Outputs>
  release(): void
}

/** One use of a count head and of its gradient. */
export class HeadRun {
  readonly setting: HeadSetting
  readonly #cellGradient: Float32Array

  constructor(
    readonly head: HeadCase,
    seed: number,
    readonly asked: Asked,
  ) {
    this.setting = new HeadSetting(head, seed)
    this.#cellGradient = this.setting.rows(1, 0.2)
  }

  /** @param of another head's minibatch, which holds the same cells */
  async onDevice(device: Device, of?: Minibatch): Promise<RunningHead & { batch: Minibatch }> {
    const { setting, head } = this
    const { adam, byCell, frozen, noInput, shadows } = this.asked
    const { capacity } = head.shape
    const batch = of ?? (await device.minibatch(setting.source, capacity))
    const on = setting.onDevice(device, batch)
    const byInput = inputGradients(device, setting)
    const logSizeGradient = device.tensor(capacity, 1)
    const byLikelihood = device.tensor(capacity, 1, this.#cellGradient)
    const parameters = shadows ? device.shadows(on.parameters) : on.parameters
    const back: CountHeadGradientArgs = {
      ...on.args,
      head: setting.headOf(parameters, on.args.head.absent),
      ...(noInput ? {} : byInput),
      ...(head.drawnSize && { logSizeGradient }),
      ...(byCell && { cellGradient: byLikelihood }),
      ...(frozen && { frozen }),
      ...(adam && { adam: adam === 'numbers' ? ADAM : STEP_ADAM }),
    }
    const read = {
      logLikelihood: on.logLikelihood,
      ...byInput,
      logSizeGradient,
      ...parameterTensors(parameters, adam !== undefined),
    }
    return {
      batch,
      start: (cells) => setting.start(device, on, cells),
      forward: () => device.kernels.countHead(on.args),
      back: () => {
        if (shadows)
          for (const { gradient } of on.parameters)
            device.write(gradient, new Float32Array(gradient.rows * gradient.columns).fill(33))
        device.kernels.countHeadGradient(back)
      },
      read: () => readAll(device, read),
      release: () => {
        const tensors = [...on.tensors, on.logLikelihood, ...Object.values(byInput)]
        if (!of) device.release(batch)
        if (shadows) device.release(...parameters)
        device.release(...on.parameters, ...tensors, logSizeGradient, byLikelihood)
      },
    }
  }

  expected(): Record<string, Expected> {
    return expectedHead(this.setting, this.#cellGradient, this.asked)
  }
}

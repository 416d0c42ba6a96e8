import type {
  CountHead,
  CountHeadArgs,
  Device,
  Likelihood,
  Minibatch,
  Parameter,
  Tensor,
} from '../../src/device/device.js'
import type { HeadArguments } from '../oracle/count-head.js'
import {
  makeParameters,
  type ParameterValues,
  resetParameter,
  Setting,
  type Shape,
  shapeName,
  startValue,
} from './setting.js'

export interface HeadCase {
  shape: Shape
  likelihood: Likelihood
  scale: 'softmax' | 'softplus'
  /** One dispersion a gene, or one a gene and batch. */
  dispersion: 'gene' | 'gene-batch'
  /** The log size is a tensor (a draw), not the source's size. */
  drawnSize: boolean
  /** θ from 1e-4 to 1e5 rather than around 1. */
  extremeTheta?: boolean
}

export function headName(c: HeadCase): string {
  const theta = c.likelihood === 'poisson' ? '' : `, ${c.extremeTheta ? 'extreme ' : ''}θ by ${c.dispersion}`
  return `${c.likelihood}, ${c.scale}, ${c.drawnSize ? 'drawn' : 'observed'} size${theta}: ${shapeName(c.shape)}`
}

/** A count head on a device. */
export interface DeviceHead {
  batch: Minibatch
  parameters: Parameter[]
  hidden: Tensor
  logSize: Tensor
  logLikelihood: Tensor
  args: CountHeadArgs
}

/** The inputs of a count head, for devices and for the oracle. */
export class HeadSetting extends Setting {
  readonly parameters: readonly ParameterValues[]
  readonly hidden: Float32Array
  readonly logSize: Float32Array

  constructor(
    readonly head: HeadCase,
    seed: number,
  ) {
    super(head.shape, seed)
    const { genes, hidden, categories } = head.shape
    const scale = 1.5 / Math.sqrt(hidden)
    // As a network's last hidden layer: half of the units at zero.
    this.hidden = this.rows(hidden, 1.4).map((x) => Math.max(x, 0))
    this.logSize = this.rows(1).map((x) => Math.min(x, 20) + 3)
    const parameters = [this.parameter('weight', genes, hidden, scale), this.parameter('bias', 1, genes)]
    if (head.likelihood === 'zinb') {
      parameters.push(
        this.parameter('zeroWeight', genes, hidden, scale),
        this.parameter('zeroBias', 1, genes),
      )
    }
    if (head.likelihood !== 'poisson') {
      const logDispersion = this.parameter(
        'logDispersion',
        head.dispersion === 'gene' ? 1 : categories[0]!,
        genes,
      )
      if (head.extremeTheta) {
        logDispersion.value = this.draws.uniforms(logDispersion.value.length, Math.log(1e-4), Math.log(1e5))
      }
      parameters.push(logDispersion)
    }
    this.parameters = parameters
  }

  async onDevice(device: Device): Promise<DeviceHead> {
    const { hidden, capacity } = this.shape
    const batch = await device.minibatch(this.source, capacity)
    const parameters = makeParameters(device, this.parameters)
    const named = new Map(parameters.map((p) => [p.name, p]))
    const head: CountHead = {
      likelihood: this.head.likelihood,
      scale: this.head.scale,
      weight: named.get('weight')!,
      bias: named.get('bias')!,
    }
    for (const name of ['zeroWeight', 'zeroBias', 'logDispersion'] as const) {
      const parameter = named.get(name)
      if (parameter) head[name] = parameter
    }
    const hiddenTensor = device.tensor(capacity, hidden, this.hidden)
    const logSize = device.tensor(capacity, 1, this.logSize)
    const logLikelihood = device.tensor(capacity, 1)
    const args: CountHeadArgs = {
      batch,
      head,
      hidden: hiddenTensor,
      logLikelihood,
      ...(this.head.drawnSize ? { logSize } : {}),
    }
    return { batch, parameters, hidden: hiddenTensor, logSize, logLikelihood, args }
  }

  /** Starts a pass: parameters as at first, and a minibatch's cells. */
  start(device: Device, on: DeviceHead, cells: Int32Array): void {
    for (const [i, p] of on.parameters.entries()) resetParameter(device, p, this.parameters[i]!)
    device.gather(on.batch, cells)
  }

  oracle(): HeadArguments {
    const find = (name: string) => {
      const p = this.parameters.find((candidate) => candidate.name === name)
      return p === undefined ? undefined : startValue(p)
    }
    const args: HeadArguments = {
      likelihood: this.head.likelihood,
      scale: this.head.scale,
      cells: this.cells(),
      hidden: this.used(this.hidden),
      weight: find('weight')!,
      bias: find('bias')!,
    }
    for (const name of ['zeroWeight', 'zeroBias', 'logDispersion'] as const) {
      const value = find(name)
      if (value) args[name] = value
    }
    if (this.head.drawnSize) args.logSize = this.used(this.logSize)
    return args
  }
}

import type {
  CountHead,
  CountHeadArgs,
  Device,
  HeadInput,
  Likelihood,
  Minibatch,
  Parameter,
  Precision,
  Tensor,
} from '../../device/device.js'
import { toBfloat16 } from '../../numeric/bfloat16.js'
import type { HeadArguments, LogitArguments } from '../oracle/count-head.js'
import { type Matrix, matrix } from '../oracle/matrix.js'
import {
  fill,
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
  /** Logits are given, without hidden units and weights. */
  logits?: boolean
  /** Some genes are absent by this covariate's codes; all of them for its last code. */
  absent?: number
  /** Batches of the dispersions are given, of so many. */
  codes?: number
  /** Of the products. */
  precision?: Precision
}

export function headName(c: HeadCase): string {
  const theta = c.likelihood === 'poisson' ? '' : `, ${c.extremeTheta ? 'extreme ' : ''}θ by ${c.dispersion}`
  const codes = c.codes === undefined ? '' : ' given'
  const on = c.logits ? ', on logits' : ''
  const absent = c.absent === undefined ? '' : `, absent genes by covariate ${c.absent}`
  const size = `${c.drawnSize ? 'drawn' : 'observed'} size`
  const precision = c.precision === undefined ? '' : ` in ${c.precision}`
  return `${c.likelihood}${precision}, ${c.scale}, ${size}${theta}${codes}${on}${absent}: ${shapeName(c.shape)}`
}

/** A count head on a device. */
export interface DeviceHead {
  batch: Minibatch
  parameters: Parameter[]
  logLikelihood: Tensor
  args: CountHeadArgs
  /** All else that is to be given back. */
  tensors: Tensor[]
}

const HIDDEN_WEIGHTS = ['weight', 'bias', 'zeroWeight', 'zeroBias'] as const

/** The inputs of a count head, for devices and for the oracle. */
export class HeadSetting extends Setting {
  readonly parameters: readonly ParameterValues[]
  /** Hidden units, or logits. */
  readonly input: Float32Array
  readonly logSize: Float32Array
  readonly #zeroLogits: Float32Array
  readonly #codes: Float32Array | undefined
  readonly #present: Float32Array | undefined

  constructor(
    readonly head: HeadCase,
    seed: number,
  ) {
    super(head.shape, seed)
    const { genes, hidden, categories, capacity } = head.shape
    const scale = 1.5 / Math.sqrt(hidden)
    // As a network's last hidden layer: half of the units at zero.
    this.input = head.logits ? this.rows(genes, 2) : this.rows(hidden, 1.4).map((x) => Math.max(x, 0))
    this.logSize = this.rows(1).map((x) => Math.min(x, 20) + 3)
    const parameters = head.logits
      ? []
      : [this.parameter('weight', genes, hidden, scale), this.parameter('bias', 1, genes)]
    if (head.likelihood === 'zinb' && !head.logits) {
      parameters.push(
        this.parameter('zeroWeight', genes, hidden, scale),
        this.parameter('zeroBias', 1, genes),
      )
    }
    const batches = head.codes ?? categories[0]!
    if (head.likelihood !== 'poisson') {
      const rows = head.dispersion === 'gene' ? 1 : batches
      const logDispersion = this.parameter('logDispersion', rows, genes)
      if (head.extremeTheta) {
        logDispersion.value = this.draws.uniforms(logDispersion.value.length, Math.log(1e-4), Math.log(1e5))
      }
      parameters.push(logDispersion)
    }
    this.parameters = parameters
    this.#zeroLogits = this.rows(genes, 1.5)
    if (head.codes !== undefined) {
      this.#codes = Float32Array.from({ length: capacity }, () => this.draws.below(batches))
    }
    if (head.absent !== undefined) this.#present = this.#makePresent(categories[head.absent]!, genes)
  }

  /**
   * Codes × genes. The first code has genes at the end alone, so that whole blocks of genes are absent; the last has none at all.
   * What is absent has no counts.
   */
  #makePresent(codes: number, genes: number): Float32Array {
    const present = Float32Array.from({ length: codes * genes }, (_, i) => {
      const code = Math.floor(i / genes)
      if (code === codes - 1) return 0
      return Number(code === 0 ? i >= 0.8 * genes : this.draws.uniform() < 0.7)
    })
    const of = this.source.categorical[this.head.absent!]!
    this.changeCounts((cell, gene, count) => (present[of[cell]! * genes + gene] === 1 ? count : 0))
    return present
  }

  /** The head of some parameters: the setting's, in their order. */
  headOf(parameters: readonly Parameter[], absent: CountHead['absent']): CountHead {
    const { likelihood, scale } = this.head
    const named = new Map(parameters.map((p) => [p.name, p]))
    const logDispersion = named.get('logDispersion')
    const [weight, bias, zeroWeight, zeroBias] = HIDDEN_WEIGHTS.map((name) => named.get(name))
    return {
      likelihood,
      scale,
      ...(weight &&
        bias && { weights: { weight, bias, ...(zeroWeight && zeroBias && { zeroWeight, zeroBias }) } }),
      ...(logDispersion && { logDispersion }),
      ...(absent && { absent }),
    }
  }

  onDevice(device: Device, batch: Minibatch): DeviceHead {
    const { genes, hidden, capacity } = this.shape
    const { likelihood, drawnSize, logits, absent, precision } = this.head
    const parameters = makeParameters(device, this.parameters)
    const tensors: Tensor[] = []
    const tensor = (rows: number, columns: number, values: Float32Array): Tensor => {
      const made = device.tensor(rows, columns, values)
      tensors.push(made)
      return made
    }
    const input = tensor(capacity, logits ? genes : hidden, this.input)
    const zeroLogits = tensor(capacity, genes, this.#zeroLogits)
    const from: HeadInput = logits
      ? { logits: input, ...(likelihood === 'zinb' && { zeroLogits }) }
      : { hidden: input }
    const head = this.headOf(
      parameters,
      this.#present && {
        covariate: absent!,
        present: tensor(this.#present.length / genes, genes, this.#present),
      },
    )
    const logLikelihood = device.tensor(capacity, 1)
    const args: CountHeadArgs = {
      batch,
      head,
      ...from,
      logLikelihood,
      ...(precision && { precision }),
      ...(drawnSize && { logSize: tensor(capacity, 1, this.logSize) }),
      ...(this.#codes && { codes: tensor(capacity, 1, this.#codes) }),
    }
    return { batch, parameters, logLikelihood, args, tensors }
  }

  /** Starts a pass: parameters as at first, and a minibatch's cells. */
  async start(device: Device, on: DeviceHead, cells: Int32Array): Promise<void> {
    for (const [i, p] of on.parameters.entries()) resetParameter(device, p, this.parameters[i]!)
    await fill(device, on.batch, cells)
  }

  oracle(): HeadArguments | LogitArguments {
    const { likelihood, scale, drawnSize, logits, absent, precision } = this.head
    const find = (name: string): Matrix | undefined => {
      const p = this.parameters.find((candidate) => candidate.name === name)
      return p && startValue(p)
    }
    const logDispersion = find('logDispersion')
    const common = {
      likelihood,
      scale,
      cells: this.cells(),
      ...(logDispersion && { logDispersion }),
      ...(drawnSize && { logSize: this.used(this.logSize) }),
      ...(this.#codes && { codes: Array.from(this.used(this.#codes).values) }),
      ...(this.#present && {
        absent: {
          covariate: absent!,
          present: matrix(this.#present.length / this.shape.genes, this.shape.genes, this.#present),
        },
      }),
    }
    const input = this.used(this.input)
    if (logits) {
      return {
        ...common,
        logits: input,
        ...(likelihood === 'zinb' && { zeroLogits: this.used(this.#zeroLogits) }),
      }
    }
    const [zeroWeight, zeroBias] = [find('zeroWeight'), find('zeroBias')]
    return {
      ...common,
      hidden: input,
      weight: find('weight')!,
      bias: find('bias')!,
      ...(zeroWeight && zeroBias && { zeroWeight, zeroBias }),
      ...(precision === 'bf16' && { operand: toBfloat16 }),
    }
  }
}
